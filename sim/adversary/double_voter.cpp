#include <optional>

#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"
#include "sim/pbft_roles.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;

std::optional<uint8_t> type_of(PbftRole role) {
  for (unsigned type = 0; type < 256; ++type) {
    if (pbft_role(static_cast<uint8_t>(type)) == role) return static_cast<uint8_t>(type);
  }
  return std::nullopt;
}

class DoubleVoter final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    pass_on(to, message, out);
    const PbftRole role = pbft_role(message->type);
    const bool vote =
        role == PbftRole::kPrepare || role == PbftRole::kCommit || role == PbftRole::kCheckpoint;
    if (!vote || out.random() % 2 == 0) return;
    auto forged = copy_of(*message);
    forged->digest = random_digest(out);
    send_like(to, sign_and_seal(std::move(forged), out), out);
  }

  bool on_receive(ReplicaId /*from*/, const MessageRef& message, Outbox& out) override {
    if (pbft_role(message->type) != PbftRole::kProposal) return true;
    for (const PbftRole role : {PbftRole::kPrepare, PbftRole::kCommit}) {
      const std::optional<uint8_t> type = type_of(role);
      if (!type) continue;
      auto vote = copy_of(*message);
      vote->type = *type;
      vote->lane = consensus::Lane::kVote;
      vote->sender = out.self();
      vote->body.clear();
      vote->payloads.clear();
      vote->block.reset();
      out.broadcast(sign_and_seal(std::move(vote), out));
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Interceptor> make_double_voter() { return std::make_unique<DoubleVoter>(); }

}  // namespace govchain::sim
