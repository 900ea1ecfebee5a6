// What one decision costs, as the engine's README states it: one-way delays, messages,
// authenticators, bytes, log records and syncs as functions of n.

#include <gtest/gtest.h>

#include "tests/consensus/hotstuff/cluster.h"

namespace govchain::consensus::hotstuff::testing {
namespace {

constexpr uint64_t kHeader = 146;       // of any message
constexpr uint64_t kBlockHeader = 44;   // of a block
constexpr uint64_t kPayload = 44 + 16;  // one payload of 16 bytes
constexpr uint64_t kBody = 34;          // of a proposal without its certificate
constexpr uint64_t kPromise = 88 + 8 + 64;

class HotstuffCost : public ::testing::TestWithParam<uint32_t> {
 protected:
  static ClusterOptions options() {
    ClusterOptions options;
    options.replicas = GetParam();
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::seconds(60);
    return options;
  }
  [[nodiscard]] static uint64_t n() { return GetParam(); }
  [[nodiscard]] static uint64_t quorum() { return n() - (n() - 1) / 3; }
  [[nodiscard]] static uint64_t certificate() { return 74 + 68 * quorum(); }
  // Leader of view 1.
  [[nodiscard]] static uint32_t first() { return n() == 1 ? 0 : 1; }
};

TEST_P(HotstuffCost, ABlockIsFinalForTheCollectorAfterFourDelaysAndForTheOthersAfterFive) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::milliseconds(7);
  Cluster world(setup);
  world.run_for(Duration::milliseconds(1));
  const TimePoint start = world.now();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  for (uint32_t i = 0; i < world.size(); ++i) {
    const bool collects = i == 3 % n();
    const Duration delays = Duration::milliseconds(n() == 1 ? 0 : (collects ? 28 : 35));
    EXPECT_EQ(world.committed_at(i, Height(1)), start + delays) << "replica " << i;
  }
}

TEST_P(HotstuffCost, ADecisionInAnIdleChainTakesTwoViewsAndTheNewsOfTheSecond) {
  Cluster world(options());
  world.reset_totals();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  // The payload to all, two proposals, two votes, the last certificate.
  EXPECT_EQ(world.totals().messages, 6 * (n() - 1));
  EXPECT_EQ(world.totals().signatures, n() == 1 ? 4 : 2 * n() + 3);
  // Each proposal and certificate by each receiver, each vote by its collector.
  EXPECT_EQ(world.totals().verifications, (n() - 1) * (5 + 2 * quorum()));
}

TEST_P(HotstuffCost, UnderLoadEveryViewDecidesABlock) {
  constexpr uint64_t kBlocks = 20;
  ClusterOptions setup = options();
  setup.engine.max_block_transactions = 1;
  Cluster world(setup);
  world.run_for(Duration::milliseconds(1));
  world.reset_totals();
  for (uint64_t i = 0; i < kBlocks; ++i) world.propose(first(), i);
  world.run_for(Duration::milliseconds(500));
  ASSERT_EQ(world.lowest_committed(), Height(kBlocks));
  // Beside the payloads: a proposal and a vote for each, one empty view, one certificate.
  EXPECT_EQ(world.totals().messages - kBlocks * (n() - 1),
            (kBlocks + 1) * 2 * (n() - 1) + (n() - 1));
  EXPECT_EQ(world.totals().signatures, (kBlocks + 1) * (n() + 1) + (n() == 1 ? 0 : 1));
  EXPECT_EQ(world.totals().verifications, (n() - 1) * ((kBlocks + 1) * (quorum() + 2) + 1));
  const uint64_t view = 2 * kHeader + kBody + certificate() + kBlockHeader;
  EXPECT_EQ(world.totals().bytes,
            (n() - 1) * (kBlocks * (kHeader + 2 * kPayload) + (kBlocks + 1) * view + kHeader + 1));
  EXPECT_EQ(world.totals().persists, n() * (2 * kBlocks + 1));
}

TEST_P(HotstuffCost, BytesOnTheWire) {
  Cluster world(options());
  world.reset_totals();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  const uint64_t each = 6 * kHeader + kPayload + (kBody + kBlockHeader + kPayload) +
                        (kBody + certificate() + kBlockHeader) + (1 + certificate());
  EXPECT_EQ(world.totals().bytes, (n() - 1) * each);
}

TEST_P(HotstuffCost, LogRecordsAndBytesPerReplica) {
  Cluster world(options());
  world.reset_totals();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.totals().persists, 3 * n());
  const uint64_t node = 6 + kPromise + kBody + kBlockHeader + kPayload;
  const uint64_t empty = 6 + kPromise + kBody + kBlockHeader + certificate();
  const uint64_t link = 1 + 4 + 2 * 40 + 40;
  const uint64_t committed = 6 + certificate() + link;
  EXPECT_EQ(world.totals().logged_bytes, n() * (node + empty + committed));
}

// The chain of syncs that a client waits for: two proposals, two votes, and the certificate.
TEST_P(HotstuffCost, FiveSyncsStandBetweenProposalAndAnswer) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::zero();
  setup.fixed_sync = Duration::milliseconds(5);
  Cluster world(setup);
  const TimePoint start = world.now();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  // Alone, nothing waits for anybody, so the records are synced together.
  const Duration expected = Duration::milliseconds(n() == 1 ? 5 : 25);
  for (uint32_t i = 0; i < world.size(); ++i) {
    EXPECT_EQ(world.committed_at(i, Height(1)), start + expected) << "replica " << i;
  }
}

TEST_P(HotstuffCost, TheThreeChainRuleTakesOneViewMore) {
  ClusterOptions setup = options();
  setup.hotstuff.commit_rule = CommitRule::kThreeChain;
  setup.hotstuff.views_per_leader = 1;
  Cluster world(setup);
  world.reset_totals();
  world.propose(first(), 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  EXPECT_EQ(world.totals().messages, 8 * (n() - 1));
  EXPECT_EQ(world.totals().signatures, n() == 1 ? 6 : 3 * n() + 4);
}

// A stable leader collects the votes itself and gets payloads alone.
TEST_P(HotstuffCost, AStableLeaderSparesThePayloadsWay) {
  ClusterOptions setup = options();
  setup.hotstuff.leader = LeaderPolicy::kStable;
  Cluster world(setup);
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  EXPECT_EQ(world.totals().messages, 5 * (n() - 1));
}

INSTANTIATE_TEST_SUITE_P(Sizes, HotstuffCost, ::testing::Values(1, 4, 7, 16, 64));

}  // namespace
}  // namespace govchain::consensus::hotstuff::testing
