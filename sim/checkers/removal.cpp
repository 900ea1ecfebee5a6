#include "sim/checkers/removal.h"

#include <algorithm>

namespace govchain::sim {

using consensus::Epoch;
using consensus::Membership;
using consensus::ReplicaId;

void RemovalRule::begin() { replicas_.assign(context_.rows(), {}); }

void RemovalRule::sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine) {
  const consensus::ProtocolTraits& traits = context_.traits(who.chain);
  if (traits.faults != consensus::FaultModel::kByzantine || !traits.reconfigures) return;
  Replica& replica = replicas_[context_.row(who)];
  replica.epoch = engine.status().epoch;
  replica.sampled_at = now;
  replica.sampled = true;
}

bool RemovalRule::runs(const Replica& replica, TimePoint now) const {
  return replica.sampled && replica.sampled_at == now && !replica.stopped && !replica.outdated;
}

const Membership* RemovalRule::membership_of(ReplicaAddress who) const {
  const Replica& replica = replicas_[context_.row(who)];
  const Membership* const members = context_.membership(who.chain, replica.epoch);
  const bool member = members != nullptr && members->find(ReplicaId(who.replica)) != nullptr;
  return member ? members : nullptr;
}

// The epoch that the furthest of its members are in.
Epoch RemovalRule::newest(const ChainPulse& pulse) const {
  Epoch newest;
  for (ReplicaIndex i = 0; i < context_.chain(pulse.chain).replicas.size(); ++i) {
    const ReplicaAddress who{pulse.chain, i};
    const Replica& replica = replicas_[context_.row(who)];
    if (!context_.honest(who) || !runs(replica, pulse.now)) continue;
    if (membership_of(who) != nullptr) newest = std::max(newest, replica.epoch);
  }
  return newest;
}

// Somebody honest runs the newest epoch whom this replica knows as a fellow member.
bool RemovalRule::can_be_told(ReplicaAddress who, Epoch newest, TimePoint now) const {
  const Membership* const then = membership_of(who);
  for (const consensus::Member& member : then->members) {
    const ReplicaAddress other{who.chain, member.id.value()};
    if (other.replica >= context_.chain(who.chain).replicas.size()) continue;
    const Replica& replica = replicas_[context_.row(other)];
    const bool tells = context_.honest(other) && runs(replica, now) && replica.epoch == newest &&
                       membership_of(other) != nullptr;
    if (tells) return true;
  }
  return false;
}

void RemovalRule::pulse(const ChainPulse& pulse) {
  if (bound_ <= Duration::zero()) return;
  const Epoch now_in = newest(pulse);
  const Membership* const members = context_.membership(pulse.chain, now_in);
  if (now_in == Epoch() || members == nullptr) return;
  for (ReplicaIndex i = 0; i < context_.chain(pulse.chain).replicas.size(); ++i) {
    const ReplicaAddress who{pulse.chain, i};
    Replica& replica = replicas_[context_.row(who)];
    const bool unaware = context_.honest(who) && runs(replica, pulse.now) &&
                         replica.epoch < now_in && members->find(ReplicaId(i)) == nullptr &&
                         membership_of(who) != nullptr && can_be_told(who, now_in, pulse.now);
    if (!unaware) {
      replica.unaware_since.reset();
      continue;
    }
    if (!replica.unaware_since) replica.unaware_since = pulse.now;
    const TimePoint since = std::max(*replica.unaware_since, pulse.calm_since);
    if (replica.reported || since > pulse.now || pulse.now - since <= bound_) continue;
    replica.reported = true;
    context_.report("removal", who, pulse.now,
                    "takes itself for a member of epoch " + std::to_string(replica.epoch.value()) +
                        ", but others went on to epoch " + std::to_string(now_in.value()) +
                        " without it at " +
                        std::to_string(replica.unaware_since->since_start().to_seconds()) + " s");
  }
}

}  // namespace govchain::sim
