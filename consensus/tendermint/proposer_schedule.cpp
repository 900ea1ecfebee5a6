#include "consensus/tendermint/proposer_schedule.h"

#include <algorithm>
#include <numeric>

namespace govchain::consensus::tendermint {

namespace {

// Without their common divisor, and small enough that a rotation has at most about kMaxTurns turns.
std::vector<int64_t> turn_weights(const Membership& membership) {
  uint64_t divisor = 0;
  uint64_t total = 0;
  for (const Member& member : membership.members) {
    divisor = std::gcd(divisor, member.weight);
    total += member.weight;
  }
  std::vector<int64_t> weights(membership.size(), 0);
  if (divisor == 0) return weights;
  const uint64_t shrink = total / divisor > ProposerSchedule::kMaxTurns
                              ? total / ProposerSchedule::kMaxTurns + 1
                              : divisor;
  for (size_t i = 0; i < weights.size(); ++i) {
    const uint64_t weight = membership.members[i].weight;
    if (weight > 0) weights[i] = static_cast<int64_t>(std::max<uint64_t>(weight / shrink, 1));
  }
  return weights;
}

}  // namespace

void ProposerSchedule::build(const Membership& membership) {
  const std::vector<int64_t> weights = turn_weights(membership);
  const int64_t total = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  std::vector<int64_t> priorities(weights.size(), 0);
  turns_.clear();
  for (int64_t turn = 0; turn < total; ++turn) {
    size_t chosen = weights.size();
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] == 0) continue;
      priorities[i] += weights[i];
      if (chosen == weights.size() || priorities[i] > priorities[chosen]) chosen = i;
    }
    priorities[chosen] -= total;
    turns_.push_back(static_cast<uint32_t>(chosen));
  }
  if (turns_.empty()) turns_.push_back(0);
}

uint32_t ProposerSchedule::proposer(Height height, Round round) const {
  const uint64_t turn = height.value() + view_of(round).value();
  return turns_[turn % turns_.size()];
}

}  // namespace govchain::consensus::tendermint
