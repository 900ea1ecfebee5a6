#include <array>
#include <vector>

#include "consensus/codec.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::Ref;
using consensus::ReplicaId;

class Forger final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    pass_on(to, message, out);
    switch (out.random() % 9) {
      case 0:
        send_like(to, in_anothers_name(*message, out), out);
        break;
      case 1:
        send_like(to, with_bad_signature(*message, out), out);
        break;
      case 2:
        send_like(to, with_damaged_proof(*message, out), out);
        break;
      case 3:
        send_like(to, of_the_future(*message, out), out);
        break;
      case 4:
        send_like(to, with_stale_proof(*message, out), out);
        break;
      default:
        break;
    }
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& message, Outbox& out) override {
    // Replays somebody's genuine message as one's own.
    if (out.random() % 16 == 0) {
      auto copy = copy_of(*message);
      copy->sender = out.self();
      consensus::seal_message(*copy);
      out.broadcast(copy);
    }
    return true;
  }

 private:
  // Proofs were genuine when they were made: what they prove is over, and only their contents tell.
  MessageRef with_stale_proof(const consensus::Message& message, Outbox& out) {
    if (message.body.empty()) return with_bad_signature(message, out);
    std::vector<uint8_t>& stale = stale_[message.type];
    const std::vector<uint8_t> old = stale;
    if (stale.empty() || out.random() % 8 == 0) stale = message.body;
    auto copy = copy_of(message);
    if (!old.empty()) copy->body = old;
    copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
    return sign_and_seal(std::move(copy), out);
  }
  static MessageRef in_anothers_name(const consensus::Message& message, Outbox& out) {
    auto copy = copy_of(message);
    const auto& members = out.members().members;
    copy->sender = members[out.random() % members.size()].id;
    copy->digest = random_digest(out);
    return sign_and_seal(std::move(copy), out);
  }
  static MessageRef with_bad_signature(const consensus::Message& message, Outbox& out) {
    auto copy = copy_of(message);
    copy->digest = random_digest(out);
    consensus::seal_message(*copy);
    return copy;
  }
  // Bodies hold certificates and view-change proofs. The digest is the body's, so that the damage
  // passes the outer signature and must be found by checking the inner ones.
  static MessageRef with_damaged_proof(const consensus::Message& message, Outbox& out) {
    auto copy = copy_of(message);
    if (copy->body.empty()) return with_bad_signature(message, out);
    copy->body[out.random() % copy->body.size()] ^= static_cast<uint8_t>(1 + out.random() % 255);
    copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
    return sign_and_seal(std::move(copy), out);
  }
  static MessageRef of_the_future(const consensus::Message& message, Outbox& out) {
    auto copy = copy_of(message);
    copy->view = copy->view + out.random() % 50;
    copy->height = copy->height + out.random() % 1'000;
    return sign_and_seal(std::move(copy), out);
  }

  std::array<std::vector<uint8_t>, 256> stale_;  // an old body of each type
};

}  // namespace

std::unique_ptr<Interceptor> make_forger() { return std::make_unique<Forger>(); }

}  // namespace govchain::sim
