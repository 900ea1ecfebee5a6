#pragma once
// Rule "removal": whoever is removed from a chain's members learns of it in the end, and does not
// wait for ever for an epoch that is over. It concerns Byzantine protocols that reconfigure; what
// Raft's removed members hear is the leader's to decide (dissertation §4.2.2).

#include <optional>
#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class RemovalRule {
 public:
  // `bound`: from the calm, or from when others went on without it.
  RemovalRule(CheckContext& context, Duration bound) : context_(context), bound_(bound) {}
  void begin();
  // Every honest replica that is up, just before the chain's pulse.
  void sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine);
  // For good, or until newer software starts.
  void stopped(ReplicaAddress who, const consensus::effect::Stopped& stopped) {
    Replica& replica = replicas_[context_.row(who)];
    (stopped.software_outdated ? replica.outdated : replica.stopped) = true;
  }
  void started(ReplicaAddress who) { replicas_[context_.row(who)].outdated = false; }
  void pulse(const ChainPulse& pulse);

 private:
  struct Replica {
    consensus::Epoch epoch;  // that it is in, when it was
    TimePoint sampled_at;
    bool sampled = false;
    bool stopped = false;
    bool outdated = false;  // stopped because its software is too old
    std::optional<TimePoint> unaware_since;
    bool reported = false;
  };
  [[nodiscard]] bool runs(const Replica& replica, TimePoint now) const;
  // Member of the epoch that it is in.
  [[nodiscard]] const consensus::Membership* membership_of(ReplicaAddress who) const;
  [[nodiscard]] consensus::Epoch newest(const ChainPulse& pulse) const;
  [[nodiscard]] bool can_be_told(ReplicaAddress who, consensus::Epoch newest, TimePoint now) const;

  CheckContext& context_;
  Duration bound_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
