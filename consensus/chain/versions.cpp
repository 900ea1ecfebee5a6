// Upgrades of the rules. A version is part of a membership (membership.h), so that all replicas
// change it at the same height and every certificate says by which rules it was made. A replica
// whose software does not know the rules of the next height stops where its own end: it neither
// votes nor executes, its log stays as it is, and newer software goes on from there.

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

bool ChainEngine::knows(ProtocolVersion version) const {
  return version <= config_.newest_version || is_unknown_version_followed();
}

// An operator may wish for what the software here cannot follow; saying so to others would let a
// chain end for want of a quorum that can go on. What others approve is for their software to know.
bool ChainEngine::is_approvable(const Membership& target) const {
  return target.version <= config_.newest_version || is_unknown_version_approved();
}

// Said on this chain in the epoch of `members`, by its rules.
bool ChainEngine::is_of(const Statement& statement, const Membership& members) const {
  return statement.chain == config_.chain && statement.protocol == protocol_ &&
         statement.epoch == members.epoch && statement.version == members.version;
}

// By the rules of which to speak of something in that epoch; the present ones if it is unknown. A
// replica that is behind may know no newer rules: what it is shown of earlier epochs is in theirs.
ProtocolVersion ChainEngine::version_of_message(Epoch epoch) const {
  const Membership* const members = members_of(epoch);
  return members == nullptr ? version() : members->version;
}

void ChainEngine::leave_if_outdated() {
  if (knows(version())) return;
  outdated_since_ = epoch_since();
  ++counters_.outdated_software;
  sink_->emit(effect::Metric{MetricId::kOutdatedSoftware, number_of(version())});
  stopped_ = true;
  sink_->emit(effect::Stopped{false, true});
}

}  // namespace govchain::consensus::chain
