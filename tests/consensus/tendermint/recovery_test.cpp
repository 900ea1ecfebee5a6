// Crashes, round changes, catch-up, state transfer and a full disk.

#include <gtest/gtest.h>

#include "consensus/tendermint/messages.h"
#include "tests/consensus/tendermint/world.h"

namespace govchain::consensus::tendermint::testing {
namespace {

void order(Cluster& world, uint32_t at, uint64_t first, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    world.propose(at, first + i);
    ASSERT_TRUE(
        world.run_until([&] { return world.is_committed(first + i); }, Duration::seconds(5)));
  }
}

TEST(TendermintRounds, ASilentProposerCostsItsRound) {
  Cluster world(quick(4));
  world.crash(1);  // proposes height 1
  order(world, 0, 1, 1);
  EXPECT_GE(world.engine(0).counters().view_changes, 1U);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(TendermintRounds, NobodyGoesOnWhereNothingWaits) {
  Cluster world(quick(4));
  order(world, 0, 1, 3);
  world.run_for(Duration::milliseconds(50));
  world.reset_totals();
  world.run_for(Duration::seconds(3));
  EXPECT_EQ(world.totals().signatures, 0U);
  EXPECT_EQ(world.status(0).view, View(0));
}

TEST(TendermintRecovery, AllCrashAtOnceAndNothingAnsweredIsLost) {
  ClusterOptions options = quick(4);
  options.most_sync = Duration::milliseconds(4);
  Cluster world(options);
  order(world, 0, 1, 11);
  for (uint32_t i = 0; i < 4; ++i) world.crash(i);
  for (uint32_t i = 0; i < 4; ++i) world.restart(i);
  EXPECT_GE(world.status(0).committed, Height(8));
  order(world, 2, 100, 5);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// Everybody has locked the block when precommits are lost; after the crash of all it is that block
// that is decided (line 39 outlives the crash, and so does the polka that line 28 asks for).
TEST(TendermintRecovery, ALockedBlockIsDecidedAfterEverybodysCrash) {
  Cluster world(quick(4));
  Digest locked;
  world.set_filter([&](uint32_t, uint32_t, const Message& message) {
    if (message.type != static_cast<uint8_t>(MessageType::kPrecommit)) return true;
    if (!message.digest.is_zero()) locked = message.digest;
    return false;
  });
  world.propose(1, 1);
  world.run_for(Duration::milliseconds(20));
  ASSERT_FALSE(locked.is_zero());
  for (uint32_t i = 0; i < 4; ++i) world.crash(i);
  Digest decided;
  world.set_filter([&](uint32_t, uint32_t, const Message& message) {
    if (message.type == static_cast<uint8_t>(MessageType::kPrecommit)) decided = message.digest;
    return true;
  });
  for (uint32_t i = 0; i < 4; ++i) world.restart(i);
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(5)));
  EXPECT_EQ(decided, locked);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(TendermintCatchUp, AReplicaThatMissedAFewBlocksGetsThemWithTheirCertificates) {
  Cluster world(quick(4));
  order(world, 0, 1, 2);
  world.crash(3);
  order(world, 0, 10, 5);
  world.restart(3);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).executed == world.status(0).executed; },
                              Duration::seconds(2)));
  EXPECT_GT(world.engine(3).counters().block_catch_ups, 0U);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(TendermintStateTransfer, AReplicaThatMissedMoreThanOthersKeepTakesAState) {
  Cluster world(quick(4));
  world.crash(3);
  order(world, 0, 1, 60);  // more than the others have in memory
  world.restart(3);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).executed == world.status(0).executed; },
                              Duration::seconds(3)));
  EXPECT_EQ(world.engine(3).counters().state_transfers, 1U);
  order(world, 3, 100, 4);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// A vote that a full disk held back is said when there is room: nothing else would end the step.
TEST(TendermintStorage, AFullDiskSilencesAReplicaAndRoomLetsItSpeakAgain) {
  Cluster world(quick(1));
  world.input(0, input::PersistFailed{Ticket(1), true});
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(500));
  EXPECT_EQ(world.status(0).committed, Height(0));
  world.input(0, input::Persisted{Ticket(0)});
  world.run_for(Duration::seconds(2));
  EXPECT_EQ(world.status(0).committed, Height(1));
}

}  // namespace
}  // namespace govchain::consensus::tendermint::testing
