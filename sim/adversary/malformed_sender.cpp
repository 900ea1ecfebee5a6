#include <algorithm>

#include "consensus/codec.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::FaultModel;
using consensus::MessageRef;
using consensus::ReplicaId;

class MalformedSender final : public Interceptor {
 public:
  explicit MalformedSender(FaultModel faults) : faults_(faults) {}

  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    pass_on(to, message, out);
    if (out.random() % 3 != 0) return;
    bytes_.clear();
    consensus::encode_message(out.chain(), *message, bytes_);
    damage(out);
    if (to != nullptr) {
      out.send_raw(*to, bytes_);
      return;
    }
    for (const consensus::Member& member : out.members().members) {
      if (member.id != out.self()) out.send_raw(member.id, bytes_);
    }
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  void damage(Outbox& out) {
    // The first four can never decode; flipped bits may, and then a signature has to tell.
    const uint64_t kinds = faults_ == FaultModel::kCrash ? 4 : 6;
    switch (out.random() % kinds) {
      case 0:
        bytes_.resize(out.random() % bytes_.size());
        return;
      case 1:
        bytes_.resize(bytes_.size() + 1 + out.random() % 64, 0xA5);
        return;
      case 2:
        bytes_[0] ^= 0x40U;  // another version
        return;
      case 3:
        bytes_.resize(out.random() % 100);
        for (uint8_t& byte : bytes_) byte = static_cast<uint8_t>(out.random());
        if (!bytes_.empty()) bytes_[0] = 0xFF;
        return;
      default:
        flip_bits(out);
        return;
    }
  }

  void flip_bits(Outbox& out) {
    const uint64_t flips = 1 + out.random() % 4;
    for (uint64_t i = 0; i < flips; ++i) {
      bytes_[out.random() % bytes_.size()] ^= static_cast<uint8_t>(1U << (out.random() % 8U));
    }
  }

  FaultModel faults_;
  std::vector<uint8_t> bytes_;
};

}  // namespace

std::unique_ptr<Interceptor> make_malformed_sender(FaultModel faults) {
  return std::make_unique<MalformedSender>(faults);
}

}  // namespace govchain::sim
