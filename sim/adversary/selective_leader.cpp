#include "consensus/protocols.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::MessageRole;
using consensus::ReplicaId;

// Nothing that it says is false: those who are not shown a proposal learn of it from votes and
// certificates, and have to ask for it.
class SelectiveLeader final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    const MessageRole role = consensus::role_of(*message);
    if (role != MessageRole::kProposal && role != MessageRole::kLeaderProof) {
      return pass_on(to, message, out);
    }
    const uint64_t audience = out.random();
    for (const consensus::Member& member : out.members().members) {
      if (member.id == out.self() || (to != nullptr && member.id != *to)) continue;
      if (((audience >> (member.id.value() % 64U)) & 1U) != 0) out.send(member.id, message);
    }
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }
};

}  // namespace

std::unique_ptr<Interceptor> make_selective_leader() { return std::make_unique<SelectiveLeader>(); }

}  // namespace govchain::sim
