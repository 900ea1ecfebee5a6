// What one decision costs, as the engine's README states it: one-way delays, messages,
// authenticators, log records and bytes as functions of n.

#include <gtest/gtest.h>

#include "tests/consensus/tendermint/world.h"

namespace govchain::consensus::tendermint::testing {
namespace {

constexpr uint64_t kHeader = 146;           // of any message
constexpr uint64_t kPayload = 44 + 16;      // one payload of 16 bytes
constexpr uint64_t kBlock = 44 + kPayload;  // a block of one
constexpr uint64_t kValidRound = 8;         // a proposal's body

class TendermintCost : public ::testing::TestWithParam<uint32_t> {
 protected:
  static ClusterOptions options() {
    ClusterOptions options = tendermint_world(GetParam());
    options.engine.base_timeout = Duration::seconds(60);
    return options;
  }
  // Who proposes height 1.
  static uint32_t proposer() { return 1 % GetParam(); }
};

TEST_P(TendermintCost, ABlockIsCommittedEverywhereThreeOneWayDelaysAfterItsProposal) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::milliseconds(7);
  Cluster world(setup);
  world.run_for(Duration::milliseconds(1));
  const TimePoint start = world.now();
  world.propose(proposer(), 1);
  world.run_for(Duration::milliseconds(100));
  const Duration delays = Duration::milliseconds(GetParam() == 1 ? 0 : 21);
  for (uint32_t i = 0; i < world.size(); ++i) {
    EXPECT_EQ(world.committed_at(i, Height(1)), start + delays) << "replica " << i;
  }
}

TEST_P(TendermintCost, MessagesSignaturesAndVerifications) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(proposer(), 1);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  // The payload and the proposal to everybody, and everybody's two votes to everybody.
  EXPECT_EQ(world.totals().messages, 2 * (n - 1) + 2 * n * (n - 1));
  EXPECT_EQ(world.totals().signatures, 1 + 2 * n);
  // All votes of a phase arrive at once here, so each is verified; never more than once.
  EXPECT_EQ(world.totals().verifications, (n - 1) + 2 * n * (n - 1));
}

TEST_P(TendermintCost, BytesOnTheWire) {
  Cluster world(options());
  const uint64_t n = GetParam();
  world.reset_totals();
  world.propose(proposer(), 1);
  world.run_for(Duration::milliseconds(100));
  EXPECT_EQ(world.totals().bytes,
            (2 * n + 2) * (n - 1) * kHeader + (n - 1) * (kPayload + kValidRound + kBlock));
}

TEST_P(TendermintCost, LogRecordsAndBytes) {
  Cluster world(options());
  const uint64_t n = GetParam();
  const uint64_t quorum = n - (n - 1) / 3;
  world.reset_totals();
  world.propose(proposer(), 1);
  world.run_for(Duration::milliseconds(100));
  // Prevote, lock, commit; and the proposer's proposal, which holds its block.
  EXPECT_EQ(world.totals().persists, 3 * n + 1);
  const uint64_t proposal = 6 + 32 + kBlock;
  const uint64_t prevote = 6 + 57;
  const uint64_t lock = 6 + 70 + 68 * quorum;
  const uint64_t committed = 6 + 70 + 68 * quorum;
  EXPECT_EQ(world.totals().logged_bytes,
            n * (prevote + lock + committed) + proposal + (n - 1) * kBlock);
}

// The chain of syncs that a client waits for: proposal, prevote, precommit, and the certificate.
TEST_P(TendermintCost, FourSyncsStandBetweenProposalAndAnswer) {
  ClusterOptions setup = options();
  setup.least_delay = setup.most_delay = Duration::zero();
  setup.fixed_sync = Duration::milliseconds(5);
  Cluster world(setup);
  const TimePoint start = world.now();
  world.propose(proposer(), 1);
  world.run_for(Duration::milliseconds(100));
  // Alone, nothing waits for anybody, so the records are synced together.
  const Duration expected = Duration::milliseconds(GetParam() == 1 ? 5 : 20);
  EXPECT_EQ(world.committed_at(proposer(), Height(1)), start + expected);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TendermintCost, ::testing::Values(1, 4, 7, 16, 64));

}  // namespace
}  // namespace govchain::consensus::tendermint::testing
