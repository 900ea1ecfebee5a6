#pragma once
// Rules of Tendermint (arXiv 1807.04938, Algorithm 1), of honest replicas over all their lives:
//   "polka"  a precommit for a block rests on 2f+1 prevotes for it in the same round (line 36);
//   "lock"   having precommitted a block in round r, a replica prevotes another one in a later
//            round only after 2f+1 prevoted that one in a round from r on (lines 23 and 29).
// A polka may hold the vote of every adversary, so what is asked for is that the honest votes that
// have left their replicas make up the rest of it.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class TendermintLockRule {
 public:
  // (height, round, block) of which prevotes are remembered for each chain; older ones are given
  // the benefit of the doubt.
  static constexpr size_t kRemembered = 1'024;

  explicit TendermintLockRule(CheckContext& context) : context_(context) {}
  void begin();
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);

 private:
  struct Tally {
    consensus::Epoch epoch;
    consensus::Height height;
    consensus::View round;
    consensus::Digest block;
    uint64_t weight = 0;
    std::vector<consensus::ReplicaId> voters;
  };
  struct Chain {
    std::vector<Tally> tallies;  // ring
    size_t next = 0;
    consensus::Height forgotten;  // up to here something may have been dropped
  };
  struct Lock {
    consensus::Epoch epoch;
    consensus::Height height;  // 0: none
    consensus::View round;
    consensus::Digest block;
  };
  void count(ReplicaAddress who, const consensus::Message& prevote);
  void check_prevote(ReplicaAddress who, TimePoint now, const consensus::Message& prevote);
  void check_precommit(ReplicaAddress who, TimePoint now, const consensus::Message& precommit);
  [[nodiscard]] bool may_have_polka(ReplicaAddress who, const consensus::Message& vote,
                                    consensus::View first, consensus::View last) const;
  [[nodiscard]] uint64_t dishonest_weight(ChainIndex chain,
                                          const consensus::Membership& members) const;

  CheckContext& context_;
  std::vector<Chain> chains_;
  std::vector<Lock> locks_;  // by row
};

}  // namespace govchain::sim
