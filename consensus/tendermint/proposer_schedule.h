#pragma once
// proposer(h, round) of the paper: whose turn it is follows from the members, height and round
// alone, so that a replica that came by state transfer agrees with the others.
//
// It is CometBFT's rotation by priorities (in each turn everybody's priority grows by its weight,
// and who has most proposes and pays the total weight), laid out once for each epoch: the rotation
// repeats after total weight / greatest common divisor turns, and begins with equal priorities.
// Above kMaxTurns turns, weights are divided until it fits: shares are then exact to about
// n / kMaxTurns, and nobody with weight is left out.

#include <cstdint>
#include <vector>

#include "consensus/membership.h"
#include "consensus/tendermint/round.h"

namespace govchain::consensus::tendermint {

class ProposerSchedule {
 public:
  static constexpr uint64_t kMaxTurns = 4'096;

  void build(const Membership& membership);
  // Position in the membership. A round that fails hands over to who would propose next anyway.
  [[nodiscard]] uint32_t proposer(Height height, Round round) const;
  [[nodiscard]] size_t turns() const { return turns_.size(); }

 private:
  std::vector<uint32_t> turns_;
};

}  // namespace govchain::consensus::tendermint
