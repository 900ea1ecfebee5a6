#pragma once
// Rule "availability", where proposals name certified payloads (ProposalBodies::kCertified):
//   - no honest replica says that it holds a batch before its disk does;
//   - no honest replica binds itself to a block that names a payload which no honest replica ever
//     wrote down;
//   - nobody commits or executes a name without what it stands for;
//   - what is final somewhere gets executed by every honest member that is up.

#include <vector>

#include "consensus/digest_index.h"
#include "sim/checkers/context.h"

namespace govchain::sim {

class AvailabilityRule {
 public:
  AvailabilityRule(CheckContext& context, Duration bound) : context_(context), bound_(bound) {}
  void begin(const WorldSpec& spec);
  void persist(ReplicaAddress who, TimePoint now, const consensus::effect::Persist& persist);
  void released(ReplicaAddress who, consensus::Ticket durable);
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  void committed(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  void executed(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  void crashed(ReplicaAddress who);
  void restart(ReplicaAddress who, TimePoint now);
  void sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine);
  void pulse(const ChainPulse& pulse) { chains_[pulse.chain].calm_since = pulse.calm_since; }

 private:
  struct Chain {
    consensus::DigestIndex written;  // payloads, by an honest replica
    consensus::Height committed;     // highest anywhere
    TimePoint calm_since = TimePoint::max();
    bool same_members = true;  // through the whole run
  };
  struct Replica {
    consensus::DigestIndex batches;  // digest -> ticket of its record
    consensus::Ticket durable;
    consensus::Height executed;
    TimePoint behind_since;
    bool behind = false;
    bool reported = false;
  };
  void check_whole(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                   const char* verb);

  CheckContext& context_;
  Duration bound_;
  std::vector<Chain> chains_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
