#include <array>
#include <vector>

#include "consensus/codec.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;

// What costs its peers memory or work if they keep or check what they need not: its own messages
// again and again, genuine ones for views and heights that nobody has reached, and large nonsense.
class Flooder final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    pass_on(to, message, out);
    said_[next_++ % said_.size()] = message;
    flood(out);
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& out) override {
    flood(out);
    return true;
  }

 private:
  // Answers to a flood must not feed it, or two flooders would never come to an end.
  static constexpr uint64_t kMostInASecond = 1'500;

  void flood(Outbox& out) {
    const int64_t second = out.now().nanoseconds() / Duration::seconds(1).nanoseconds();
    if (second != second_) {
      second_ = second;
      sent_ = 0;
    }
    const uint64_t count = out.random() % 6;
    for (uint64_t i = 0; i < count && sent_ < kMostInASecond; ++i, ++sent_) send_one(out);
  }

  void send_one(Outbox& out) {
    const MessageRef& said = said_[out.random() % said_.size()];
    if (!said) return;
    switch (out.random() % 8) {
      case 0:
        send_nonsense(*said, out);
        break;
      case 1:
      case 2:
      case 3:
        out.broadcast(of_another_time(*said, out));
        break;
      default:
        out.broadcast(said);
        break;
    }
  }

  static MessageRef of_another_time(const consensus::Message& message, Outbox& out) {
    auto copy = copy_of(message);
    const uint64_t far = out.random() % 3 == 0 ? 1'000'000 : 300;
    copy->view = copy->view + out.random() % far;
    copy->height = copy->height + out.random() % far;
    if (out.random() % 2 == 0) copy->digest = random_digest(out);
    return sign_and_seal(std::move(copy), out);
  }

  // A message that is whole up to its body, which has no end.
  void send_nonsense(const consensus::Message& message, Outbox& out) {
    bytes_.clear();
    consensus::encode_message(out.chain(), message, bytes_);
    constexpr uint64_t kMost = 20'000;
    bytes_.resize(bytes_.size() + out.random() % kMost, 0x5A);
    const auto& members = out.members().members;
    const ReplicaId to = members[out.random() % members.size()].id;
    if (to != out.self()) out.send_raw(to, bytes_);
  }

  std::array<MessageRef, 32> said_;
  size_t next_ = 0;
  int64_t second_ = -1;
  uint64_t sent_ = 0;
  std::vector<uint8_t> bytes_;
};

}  // namespace

std::unique_ptr<Interceptor> make_flooder() { return std::make_unique<Flooder>(); }

}  // namespace govchain::sim
