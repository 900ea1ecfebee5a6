#include <algorithm>

#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;

// It is deaf to some clients' payloads on their way to a leader, so that what it leads orders the
// others' alone. Blocks that others propose it takes as they are: it must keep up to be elected.
class Censor final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (!is_unwanted(*message)) pass_on(to, message, out);
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& message, Outbox& /*out*/) override {
    return !is_unwanted(*message);
  }

 private:
  // Half of all payloads, always the same ones.
  static bool is_unwanted(const consensus::Message& message) {
    return !message.block && std::any_of(message.payloads.begin(), message.payloads.end(),
                                         [](const consensus::PayloadRef& payload) {
                                           return (payload->digest.bytes[0] & 1U) != 0;
                                         });
  }
};

}  // namespace

std::unique_ptr<Interceptor> make_censor() { return std::make_unique<Censor>(); }

}  // namespace govchain::sim
