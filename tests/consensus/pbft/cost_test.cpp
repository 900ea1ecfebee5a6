// What one decision costs, as the engine's README states it: one-way delays, messages,
// authenticators, log records and bytes as functions of n.

#include <gtest/gtest.h>

#include "consensus/quorum.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::pbft::testing {
namespace {

constexpr uint64_t kHeader = 146;       // of any message
constexpr uint64_t kBlockHeader = 44;   // of a block
constexpr uint64_t kPayload = 44 + 16;  // one payload of 16 bytes

class PbftCost : public ::testing::TestWithParam<uint32_t> {
 protected:
  static ClusterOptions options() {
    ClusterOptions options;
    options.replicas = GetParam();
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::seconds(60);
    return options;
  }
};

TEST_P(PbftCost, ABlockIsCommittedEverywhereThreeOneWayDelaysAfterItsProposal) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::milliseconds(7);
  Cluster world(setup);
  world.run_for(Duration::milliseconds(1));
  const TimePoint start = world.now();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  const Duration delays = Duration::milliseconds(GetParam() == 1 ? 0 : 21);
  for (uint32_t i = 0; i < world.size(); ++i) {
    EXPECT_EQ(world.committed_at(i, Height(1)), start + delays) << "replica " << i;
  }
}

TEST_P(PbftCost, APayloadOfABackupTakesOneMoreDelayToThePrimary) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::milliseconds(7);
  if (setup.replicas == 1) return;
  Cluster world(setup);
  world.run_for(Duration::milliseconds(1));
  const TimePoint start = world.now();
  world.propose(1, 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.committed_at(1, Height(1)), start + Duration::milliseconds(28));
}

TEST_P(PbftCost, MessagesSignaturesAndVerifications) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  EXPECT_EQ(world.totals().messages, 2 * n * (n - 1));
  EXPECT_EQ(world.totals().signatures, 2 * n);
  // All votes of a phase arrive at once here, so each is verified; never more than once.
  EXPECT_EQ(world.totals().verifications, 2 * n * (n - 1));
}

TEST_P(PbftCost, BytesOnTheWire) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  const uint64_t block = kBlockHeader + kPayload;
  EXPECT_EQ(world.totals().bytes, 2 * n * (n - 1) * kHeader + (n - 1) * block);
}

TEST_P(PbftCost, LogRecordsAndBytesPerReplica) {
  Cluster world(options());
  const uint64_t n = GetParam();
  const uint64_t quorum = n - (n - 1) / 3;
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.totals().persists, 3 * n);
  const uint64_t proposal = 6 + 72 + kBlockHeader + kPayload;
  const uint64_t prepared = 6 + 64 + 70 + 68 * (quorum - 1);
  const uint64_t committed = 6 + 70 + 68 * quorum;
  EXPECT_EQ(world.totals().logged_bytes, n * (proposal + prepared + committed));
}

TEST_P(PbftCost, VotesAfterAQuorumAreNotVerified) {
  ClusterOptions setup = options();
  setup.least_delay = Duration::milliseconds(1);
  setup.most_delay = Duration::milliseconds(2);
  Cluster world(setup);
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  // Of a phase's n votes a quorum is enough; only votes that overtake the proposal add to it.
  if (n > 4) {
    EXPECT_LT(world.totals().verifications, 2 * n * (n - 1));
  }
  const uint64_t quorum = n - (n - 1) / 3;
  EXPECT_GE(world.totals().verifications, n * 2 * (quorum - 1));
}

// The chain of syncs that a client waits for: proposal, prepare, commit, and the certificate.
TEST_P(PbftCost, FourSyncsStandBetweenProposalAndAnswer) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::zero();
  setup.fixed_sync = Duration::milliseconds(5);
  Cluster world(setup);
  const TimePoint start = world.now();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  // Alone, nothing waits for anybody, so the records are synced together.
  const Duration expected = Duration::milliseconds(GetParam() == 1 ? 5 : 20);
  EXPECT_EQ(world.committed_at(0, Height(1)), start + expected);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PbftCost, ::testing::Values(1, 4, 7, 16, 64));

}  // namespace
}  // namespace govchain::consensus::pbft::testing
