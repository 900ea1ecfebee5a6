#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"
#include "sim/pbft_roles.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::Protocol;
using consensus::ReplicaId;

class SilentLeader final : public Interceptor {
 public:
  explicit SilentLeader(Protocol protocol) : protocol_(protocol) {}
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (protocol_ == Protocol::kRaft) return;
    if (pbft_role(message->type) != PbftRole::kProposal) pass_on(to, message, out);
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  Protocol protocol_;
};

}  // namespace

std::unique_ptr<Interceptor> make_silent_leader(Protocol protocol) {
  return std::make_unique<SilentLeader>(protocol);
}

}  // namespace govchain::sim
