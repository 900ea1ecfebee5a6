// Crashes, checkpoints, catch-up, state transfer, storage errors and reads.

#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "consensus/chain/chain_engine.h"
#include "consensus/chain/messages.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::pbft::testing {
namespace {

using chain::CommonType;

bool is(const Message& message, CommonType type) {
  return message.type == static_cast<uint8_t>(type);
}

ClusterOptions quick(uint32_t replicas) {
  ClusterOptions options;
  options.replicas = replicas;
  options.engine.batch_delay = Duration::zero();
  options.engine.base_timeout = Duration::milliseconds(100);
  options.engine.max_timeout = Duration::milliseconds(400);
  options.engine.checkpoint_interval = 4;
  options.engine.retained_blocks = 8;
  return options;
}

void order(Cluster& world, uint32_t at, uint64_t first, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    world.propose(at, first + i);
    ASSERT_TRUE(
        world.run_until([&] { return world.is_committed(first + i); }, Duration::seconds(3)));
  }
}

TEST(PbftCheckpoint, BecomesStableEverywhereAndMovesTheWatermarks) {
  Cluster world(quick(4));
  order(world, 0, 1, 9);
  world.run_for(Duration::milliseconds(50));
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(world.status(i).stable_checkpoint, Height(8));
    EXPECT_EQ(world.engine(i).counters().checkpoints, 2U);
  }
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(PbftCheckpoint, WithoutAQuorumOfVotesProposalsStopAtTheHighWatermark) {
  Cluster world(quick(4));
  world.set_filter([](uint32_t, uint32_t, const Message& message) {
    const auto type = static_cast<MessageType>(message.type);
    return type != MessageType::kCheckpoint && !is(message, CommonType::kCheckpointProof);
  });
  for (uint64_t i = 1; i <= 60; ++i) {
    world.propose(0, i);
    world.run_for(Duration::milliseconds(5));
  }
  // Two intervals and the pipelining depth.
  EXPECT_LE(world.status(0).committed, Height(16));
  EXPECT_EQ(world.status(0).stable_checkpoint, Height(0));
}

// The watermarks of a replica that lags follow a checkpoint that its state has not reached. What it
// prepares there must outlive a crash (§4.4: P holds all that was prepared above C).
TEST(PbftRecovery, WhatALaggardPreparedAboveAProvenCheckpointSurvivesItsCrash) {
  ClusterOptions options = quick(4);
  options.engine.retained_blocks = 1'000;
  Cluster world(options);
  world.crash(3);
  order(world, 0, 1, 21);  // beyond the first window, which ends at 16
  world.restart(3);
  std::optional<ViewChangeBody> asked;
  bool committed_vote = false;
  world.set_filter([&](uint32_t from, uint32_t to, const Message& message) {
    const auto type = static_cast<MessageType>(message.type);
    if (from == 3 && type == MessageType::kViewChange) asked = decode_view_change(message.body);
    committed_vote |= from == 3 && type == MessageType::kCommit && message.height == Height(21);
    return to != 3 || !is(message, CommonType::kCommittedBlock);
  });
  world.run_for(Duration::milliseconds(300));
  ASSERT_EQ(world.status(3).committed, Height(0));
  world.crash(0);
  world.propose(1, 22);
  ASSERT_TRUE(world.run_until([&] { return committed_vote; }, Duration::seconds(3)));
  world.run_for(Duration::milliseconds(1));
  world.crash(1);
  world.crash(2);
  world.crash(3);
  asked.reset();
  world.restart(3);
  world.restart(2);
  world.propose(2, 23);
  ASSERT_TRUE(world.run_until([&] { return asked.has_value(); }, Duration::seconds(5)));
  const bool proven =
      std::any_of(asked->proofs.begin(), asked->proofs.end(),
                  [](const PreparedProof& proof) { return proof.height() == Height(21); });
  EXPECT_TRUE(proven);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(PbftRecovery, AllCrashAtOnceAndNothingAnsweredIsLost) {
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

TEST(PbftCatchUp, AReplicaThatMissedAFewBlocksGetsThemWithTheirCertificates) {
  Cluster world(quick(4));
  order(world, 0, 1, 2);
  world.crash(3);
  order(world, 0, 10, 5);
  world.restart(3);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).executed == world.status(0).executed; },
                              Duration::seconds(2)));
  EXPECT_GT(world.engine(3).counters().block_catch_ups, 0U);
  EXPECT_EQ(world.engine(3).counters().state_transfers, 0U);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(PbftStateTransfer, AReplicaThatMissedMoreThanOthersKeepTakesAState) {
  Cluster world(quick(4));
  world.crash(3);
  // More than they keep in memory, too.
  order(world, 0, 1, chain::kCachedBlocks + 10);
  world.restart(3);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).executed == world.status(0).executed; },
                              Duration::seconds(3)));
  EXPECT_EQ(world.engine(3).counters().state_transfers, 1U);
  order(world, 3, 100, 4);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(PbftStorage, AFullDiskSilencesAReplicaAndRoomLetsItSpeakAgain) {
  Cluster world(quick(1));
  world.input(0, input::PersistFailed{Ticket(1), true});
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(50));
  EXPECT_EQ(world.status(0).committed, Height(0));
  world.input(0, input::Persisted{Ticket(0)});
  world.run_for(Duration::milliseconds(50));
  EXPECT_EQ(world.status(0).committed, Height(1));
}

TEST(PbftStorage, AnInputOutputErrorStopsTheReplica) {
  Cluster world(quick(1));
  world.input(0, input::PersistFailed{Ticket(1), false});
  EXPECT_EQ(world.totals().stopped, 1U);
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(50));
  EXPECT_EQ(world.status(0).committed, Height(0));
  EXPECT_EQ(world.engine(0).credit(), Bytes(0));
}

TEST(PbftRecovery, ALogThatContradictsItselfStopsTheReplica) {
  EngineConfig config;
  config.genesis.members.push_back(Member{ReplicaId(0), 1, {}});
  RecoveredState state;
  state.fresh = false;
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = 77;
  state.records.emplace_back(std::move(record));
  state.last_ticket = Ticket(1);
  const std::unique_ptr<Engine> engine = make_pbft(config, {}, std::move(state));
  EffectSink sink;
  engine->step(TimePoint(), {}, sink);
  bool stopped = false;
  for (const Effect& effect : sink.effects()) {
    const auto* stop = std::get_if<effect::Stopped>(&effect);
    stopped = stopped || (stop != nullptr && stop->storage_failed);
  }
  EXPECT_TRUE(stopped);
}

TEST(PbftReads, AReadAtALaggingReplicaWaitsForWhatWasCommittedBefore) {
  Cluster world(quick(4));
  world.set_filter([](uint32_t, uint32_t to, const Message& message) {
    return to != 3 || is(message, CommonType::kReadReply);
  });
  order(world, 0, 1, 3);
  ASSERT_EQ(world.status(3).executed, Height(0));
  world.read(3, 5);
  world.run_for(Duration::milliseconds(20));
  EXPECT_EQ(world.totals().reads_ready, 0U);
  world.set_filter({});
  EXPECT_TRUE(world.run_until([&] { return world.totals().reads_ready == 1; },
                              Duration::milliseconds(400)));
  EXPECT_GE(world.totals().read_height, Height(3));
}

TEST(PbftReads, WithoutAQuorumAReadIsRefusedInTheEnd) {
  Cluster world(quick(4));
  world.crash(1);
  world.crash(2);
  world.read(0, 5);
  EXPECT_TRUE(
      world.run_until([&] { return world.totals().reads_refused == 1; }, Duration::seconds(3)));
  EXPECT_EQ(world.totals().reads_ready, 0U);
}

TEST(PbftMembership, ALearnerFollowsWithoutCounting) {
  ClusterOptions options = quick(5);
  options.weights = {1, 1, 1, 1, 0};
  Cluster world(options);
  world.crash(1);
  order(world, 4, 1, 5);
  world.run_for(Duration::milliseconds(50));
  EXPECT_EQ(world.status(4).committed, world.status(0).committed);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

}  // namespace
}  // namespace govchain::consensus::pbft::testing
