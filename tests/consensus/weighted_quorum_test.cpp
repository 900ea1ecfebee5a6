// Majorities by weight, and what witnesses make of them, over every small case.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/quorum.h"

namespace govchain::consensus {
namespace {

using Weights = std::vector<uint64_t>;
using Voters = std::vector<MajorityQuorum::Weighted>;

// Every way to give `voters` voters a weight of at least `lowest` and at most `highest`.
void for_each_weighting(size_t voters, uint64_t lowest, uint64_t highest,
                        const std::function<void(const Weights&)>& visit) {
  Weights weights(voters, lowest);
  while (true) {
    visit(weights);
    size_t place = 0;
    while (place < voters && weights[place] == highest) weights[place++] = lowest;
    if (place == voters) return;
    ++weights[place];
  }
}

uint64_t weight_of(const Weights& weights, uint32_t set) {
  uint64_t sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) sum += ((set >> i) & 1U) != 0 ? weights[i] : 0;
  return sum;
}

Voters voters_of(const Weights& weights, uint32_t witnesses = 0) {
  Voters voters;
  for (size_t i = 0; i < weights.size(); ++i) {
    voters.push_back({i + 1, weights[i], ((witnesses >> i) & 1U) != 0});
  }
  return voters;
}

Membership membership_of(const Weights& weights) {
  Membership membership;
  for (uint32_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) membership.members.push_back(Member{ReplicaId(i), weights[i], {}});
  }
  return membership;
}

bool wins(const MajorityQuorum& quorum, uint32_t set) {
  return quorum.result([set](uint64_t voter) -> std::optional<bool> {
    return ((set >> (voter - 1)) & 1U) != 0;
  }) == VoteResult::kWon;
}

TEST(WeightedMajority, WinsWithMoreThanHalfAndAnyTwoMeet) {
  for (size_t n = 1; n <= 4; ++n) {
    for_each_weighting(n, 1, 4, [n](const Weights& weights) {
      const MajorityQuorum quorum(voters_of(weights));
      const uint32_t all = (1U << n) - 1;
      for (uint32_t set = 0; set <= all; ++set) {
        ASSERT_EQ(wins(quorum, set), 2 * weight_of(weights, set) > weight_of(weights, all));
        // So no two that win are disjoint.
        ASSERT_FALSE(wins(quorum, set) && wins(quorum, all & ~set));
      }
    });
  }
}

TEST(WeightedMajority, CommitsTheHighestIndexThatMoreThanHalfHas) {
  for_each_weighting(4, 1, 3, [](const Weights& weights) {
    const MajorityQuorum quorum(voters_of(weights));
    for_each_weighting(4, 0, 2, [&](const Weights& indices) {
      uint64_t highest = 0;
      for (uint64_t index = 1; index <= 2; ++index) {
        uint64_t weight = 0;
        for (size_t i = 0; i < 4; ++i) weight += indices[i] >= index ? weights[i] : 0;
        if (2 * weight > weight_of(weights, 15)) highest = index;
      }
      ASSERT_EQ(quorum.committed([&](uint64_t voter) { return std::optional(indices[voter - 1]); }),
                highest);
    });
  });
}

TEST(WeightedMajority, OfEqualWeightsIsThatOfHeads) {
  for (size_t n = 1; n <= 5; ++n) {
    std::vector<uint64_t> heads;
    for (size_t i = 1; i <= n; ++i) heads.push_back(i);
    const MajorityQuorum counted(heads);
    const MajorityQuorum weighed(voters_of(Weights(n, 3)));
    for (uint32_t set = 0; set < (1U << n); ++set) {
      ASSERT_EQ(wins(counted, set), wins(weighed, set));
    }
  }
}

TEST(WeightedMajority, OneUnitMayMoveAtOnceAndTwoMayNot) {
  bool two_miss = false;
  for_each_weighting(3, 0, 3, [&](const Weights& before) {
    for_each_weighting(3, 0, 3, [&](const Weights& after) {
      if (weight_of(before, 7) == 0 || weight_of(after, 7) == 0) return;
      const uint64_t moved = weight_moved(membership_of(before), membership_of(after));
      if (moved > 2) return;
      for (uint32_t set = 0; set < 8; ++set) {
        const bool disjoint = 2 * weight_of(before, set) > weight_of(before, 7) &&
                              2 * weight_of(after, 7 & ~set) > weight_of(after, 7);
        ASSERT_FALSE(moved <= 1 && disjoint);
        two_miss = two_miss || disjoint;
      }
    });
  });
  EXPECT_TRUE(two_miss);  // the bound is not stricter than it has to be
}

TEST(Witnesses, OfAtMostHalfLeaveAFullVoterInEveryQuorum) {
  for (size_t n = 1; n <= 4; ++n) {
    const uint32_t all = (1U << n) - 1;
    for_each_weighting(n, 1, 3, [all](const Weights& weights) {
      for (uint32_t witnesses = 0; witnesses <= all; ++witnesses) {
        const MajorityQuorum quorum(voters_of(weights, witnesses));
        bool always = true;
        for (uint32_t set = 0; set <= all; ++set) {
          if (wins(quorum, set)) always = always && (set & ~witnesses) != 0;
        }
        ASSERT_EQ(quorum.can_decide(), always);
        if (!always) continue;
        const uint64_t full = weight_of(weights, all & ~witnesses);
        ASSERT_GT(full, quorum.tolerated());
        for (uint32_t set = 0; set <= all; ++set) {
          if (!wins(quorum, set)) continue;
          ASSERT_GE(weight_of(weights, set & ~witnesses), full - quorum.tolerated());
        }
      }
    });
  }
}

// README of raft/, "Somebody can be elected" and "Failures lose nothing".
TEST(Witnesses, WhatTheyKnowOutlivesAsManyFailuresAsAreTolerated) {
  constexpr size_t kVoters = 4;
  constexpr uint32_t kAll = (1U << kVoters) - 1;
  uint64_t judged = 0;
  for_each_weighting(kVoters, 1, 3, [&](const Weights& weights) {
    for (uint32_t witnesses = 1; witnesses <= kAll; ++witnesses) {
      const MajorityQuorum quorum(voters_of(weights, witnesses));
      if (!quorum.can_decide()) continue;
      const uint32_t full = kAll & ~witnesses;
      for (uint32_t answering = full; answering > 0; answering = (answering - 1) & full) {
        const uint64_t needed = quorum.copies(weight_of(weights, answering));
        for (uint32_t holders = full; holders > 0; holders = (holders - 1) & full) {
          const uint64_t copied = quorum.copied(
              [&](uint64_t voter) {
                return std::optional<uint64_t>((holders >> (voter - 1)) & 1U);
              },
              [&](uint64_t voter) { return ((answering >> (voter - 1)) & 1U) != 0; });
          ASSERT_EQ(copied == 1, weight_of(weights, holders) >= needed);
          if (copied != 1) continue;
          for (uint32_t failed = 0; failed <= kAll; ++failed) {
            if (weight_of(weights, failed) > quorum.tolerated()) continue;
            if (weight_of(weights, answering) <= quorum.tolerated()) continue;
            ++judged;
            ASSERT_NE(holders & ~failed, 0U);
          }
        }
      }
    }
  });
  EXPECT_GT(judged, 1'000U);
}

TEST(Witnesses, SignNothing) {
  Membership membership = membership_of({1, 1, 1, 1, 1});
  EXPECT_EQ(signing_quorum(membership), 3U);
  membership.members[3].role = MemberRole::kWitness;
  membership.members[4].role = MemberRole::kWitness;
  EXPECT_EQ(signing_quorum(membership), 2U);
  membership.members[0].weight = 4;
  EXPECT_EQ(signing_quorum(membership), 4U);
}

}  // namespace
}  // namespace govchain::consensus
