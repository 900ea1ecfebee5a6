#include "consensus/protocols.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::FaultModel;
using consensus::MessageRef;
using consensus::MessageRole;
using consensus::ReplicaId;

class SilentLeader final : public Interceptor {
 public:
  explicit SilentLeader(FaultModel faults) : faults_(faults) {}
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (faults_ == FaultModel::kCrash) return;
    if (consensus::role_of(*message) != MessageRole::kProposal) pass_on(to, message, out);
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  FaultModel faults_;
};

}  // namespace

std::unique_ptr<Interceptor> make_silent_leader(FaultModel faults) {
  return std::make_unique<SilentLeader>(faults);
}

}  // namespace govchain::sim
