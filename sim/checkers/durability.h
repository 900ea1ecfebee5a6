#pragma once
// Rule "durable-before-send": nothing leaves a replica before the ticket that it waits for is on
// its disk, tickets are consecutive, and nothing waits for a ticket that was never issued.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class DurabilityRule {
 public:
  explicit DurabilityRule(CheckContext& context) : context_(context) {}
  void begin() { last_ticket_.assign(context_.rows(), consensus::Ticket()); }
  void persist(ReplicaAddress who, TimePoint now, consensus::Ticket ticket);
  void gated(ReplicaAddress who, TimePoint now, consensus::Ticket after);
  void release(ReplicaAddress who, TimePoint now, GatedEffect effect, consensus::Ticket after,
               consensus::Ticket durable);
  // Of the replica's engine.
  [[nodiscard]] consensus::Ticket last_issued(ReplicaAddress who) const {
    return last_ticket_[context_.row(who)];
  }
  void restart(ReplicaAddress who, const consensus::RecoveredState& state);

 private:
  CheckContext& context_;
  std::vector<consensus::Ticket> last_ticket_;  // issued by the engine
};

}  // namespace govchain::sim
