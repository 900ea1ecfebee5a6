// What one decision costs, as the engine's README states it: one-way delays, messages,
// authenticators, log records and bytes as functions of n.

#include <gtest/gtest.h>

#include "consensus/quorum.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::qbft::testing {
namespace {

using pbft::testing::Cluster;
using pbft::testing::ClusterOptions;

constexpr uint64_t kHeader = 146;       // of any message
constexpr uint64_t kBlockHeader = 44;   // of a block
constexpr uint64_t kPayload = 44 + 16;  // one payload of 16 bytes

class QbftCost : public ::testing::TestWithParam<uint32_t> {
 protected:
  static ClusterOptions options() {
    ClusterOptions options;
    options.protocol = Protocol::kQbft;
    options.replicas = GetParam();
    // Payloads go to the leader only, so that only the protocol's own messages are counted.
    options.settings.qbft.dissemination = chain::Dissemination::kLeader;
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::seconds(60);
    return options;
  }
};

TEST_P(QbftCost, ABlockIsCommittedEverywhereThreeOneWayDelaysAfterItsProposal) {
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

TEST_P(QbftCost, APayloadOfAnotherReplicaTakesOneMoreDelayToTheLeader) {
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

TEST_P(QbftCost, MessagesSignaturesAndVerifications) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  EXPECT_EQ(world.totals().messages, (n - 1) * (2 * n + 1));
  EXPECT_EQ(world.totals().signatures, 2 * n + 1);
  // All votes of a phase arrive at once here, so each is verified; never more than once.
  EXPECT_EQ(world.totals().verifications, (n - 1) * (2 * n + 1));
}

TEST_P(QbftCost, WhereEverybodyGetsAPayloadItGoesToAll) {
  ClusterOptions setup = options();
  setup.settings.qbft.dissemination = chain::Dissemination::kAll;
  Cluster world(setup);
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.totals().messages, (n - 1) * (2 * n + 2));
}

TEST_P(QbftCost, BytesOnTheWire) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  const uint64_t block = kBlockHeader + kPayload;
  EXPECT_EQ(world.totals().bytes, (n - 1) * (2 * n + 1) * kHeader + (n - 1) * block);
}

TEST_P(QbftCost, LogRecordsAndBytesPerReplica) {
  Cluster world(options());
  const uint64_t n = GetParam();
  const uint64_t quorum = n - (n - 1) / 3;
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.totals().persists, 3 * n);
  const uint64_t proposal = 6 + 72 + kBlockHeader + kPayload;
  const uint64_t certificate = 6 + 70 + 68 * quorum;  // prepared, and committed
  EXPECT_EQ(world.totals().logged_bytes, n * (proposal + 2 * certificate));
}

TEST_P(QbftCost, VotesAfterAQuorumAreNotVerified) {
  ClusterOptions setup = options();
  setup.least_delay = Duration::milliseconds(1);
  setup.most_delay = Duration::milliseconds(2);
  Cluster world(setup);
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  if (n > 4) {
    EXPECT_LT(world.totals().verifications, (n - 1) * (2 * n + 1));
  }
  const uint64_t quorum = n - (n - 1) / 3;
  EXPECT_GE(world.totals().verifications, n - 1 + n * 2 * (quorum - 1));
}

// The chain of syncs that a client waits for: proposal, prepare, commit, and the certificate.
TEST_P(QbftCost, FourSyncsStandBetweenProposalAndAnswer) {
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

INSTANTIATE_TEST_SUITE_P(Sizes, QbftCost, ::testing::Values(1, 4, 7, 16, 64));

}  // namespace
}  // namespace govchain::consensus::qbft::testing
