#include <optional>

#include "consensus/protocols.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::MessageRole;
using consensus::ReplicaId;

class DoubleVoter final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    pass_on(to, message, out);
    const MessageRole role = consensus::role_of(*message);
    const bool vote = role == MessageRole::kVote || role == MessageRole::kFinalVote ||
                      role == MessageRole::kCheckpoint;
    if (!vote || out.random() % 2 == 0) return;
    auto forged = copy_of(*message);
    forged->digest = random_digest(out);
    send_like(to, sign_and_seal(std::move(forged), out), out);
  }

  bool on_receive(ReplicaId /*from*/, const MessageRef& message, Outbox& out) override {
    if (consensus::role_of(*message) != MessageRole::kProposal) return true;
    const consensus::MessageRoles& roles = consensus::traits_of(message->protocol).roles;
    for (const MessageRole role : {MessageRole::kVote, MessageRole::kFinalVote}) {
      const std::optional<uint8_t> type = roles.type_of(role);
      if (!type) continue;
      auto vote = copy_of(*message);
      vote->type = *type;
      vote->lane = consensus::Lane::kVote;
      vote->sender = out.self();
      if (message->block) vote->digest = message->block->digest;
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
