// Crashes, checkpoints, catch-up and equivocators in a hostile little world.

#include <gtest/gtest.h>

#include "consensus/qbft/messages.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::qbft::testing {
namespace {

using pbft::testing::Cluster;
using pbft::testing::ClusterOptions;

ClusterOptions quick(uint32_t replicas) {
  ClusterOptions options;
  options.protocol = Protocol::kQbft;
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

TEST(QbftCheckpoint, BecomesStableEverywhere) {
  Cluster world(quick(4));
  order(world, 0, 1, 9);
  world.run_for(Duration::milliseconds(50));
  for (uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(world.status(i).stable_checkpoint, Height(8));
    EXPECT_EQ(world.engine(i).counters().checkpoints, 2U);
  }
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(QbftRecovery, AllCrashAtOnceAndNothingAnsweredIsLost) {
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

// Algorithm 3: pr and pv outlive a crash, and are told with their proof.
TEST(QbftRecovery, WhatWasPreparedIsNamedInRoundChangesAfterACrash) {
  Cluster world(quick(4));
  bool prepared = false;
  std::optional<RoundChangeBody> asked;
  world.set_filter([&](uint32_t from, uint32_t, const Message& message) {
    const auto type = static_cast<MessageType>(message.type);
    if (type == MessageType::kCommit) prepared = true;
    if (from == 3 && type == MessageType::kRoundChange) asked = decode_round_change(message.body);
    return type != MessageType::kCommit;
  });
  world.propose(0, 1);
  ASSERT_TRUE(world.run_until([&] { return prepared; }, Duration::seconds(1)));
  world.run_for(Duration::milliseconds(5));
  world.crash(3);
  world.restart(3);
  ASSERT_TRUE(world.run_until([&] { return asked.has_value(); }, Duration::seconds(3)));
  ASSERT_TRUE(asked->prepared);
  EXPECT_GE(asked->prepares->signers.size(), 3U);
  world.set_filter({});
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(5)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(QbftCatchUp, AReplicaThatMissedAFewBlocksGetsThemWithTheirCertificates) {
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

TEST(QbftCatchUp, OneThatWasAwayLongerThanBlocksAreKeptGetsTheState) {
  Cluster world(quick(4));
  world.crash(3);
  order(world, 0, 1, 60);  // more than the newest, which others still have in memory
  world.restart(3);
  world.propose(1, 100);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).executed == world.status(0).executed; },
                              Duration::seconds(5)));
  EXPECT_EQ(world.engine(3).counters().state_transfers, 1U);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// Weights: members 0 and 1 carry two thirds and more together, 3 cannot hinder them.
TEST(QbftWeights, QuorumsAreOfWeight) {
  ClusterOptions options = quick(4);
  options.weights = {3, 3, 1, 1};
  Cluster world(options);
  world.crash(2);
  world.crash(3);
  order(world, 0, 1, 3);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

class QbftHostile : public ::testing::TestWithParam<uint64_t> {};

TEST_P(QbftHostile, SafetyAlwaysAndProgressInTheEnd) {
  const uint64_t seed = GetParam();
  ClusterOptions options = quick(seed % 3 == 0 ? 7 : 4);
  options.seed = seed;
  options.least_delay = Duration::microseconds(200);
  options.most_delay = Duration::milliseconds(static_cast<int64_t>(1 + seed % 17));
  options.most_sync = Duration::milliseconds(static_cast<int64_t>(seed % 6));
  options.loss_percent = static_cast<uint32_t>(seed % 10);
  options.duplicate_percent = static_cast<uint32_t>(seed % 5 * 5);
  options.engine.checkpoint_interval = 1 + seed % 9;
  if (seed % 2 == 0) options.equivocators.insert(static_cast<uint32_t>(seed / 2 % 2));
  Cluster world(options);
  uint64_t number = 1;
  for (int i = 0; i < 60; ++i) {
    world.run_for(Duration::milliseconds(static_cast<int64_t>(1 + world.random(25))));
    const auto who = static_cast<uint32_t>(world.random(world.size()));
    switch (world.random(8)) {
      case 0:
        world.crash(who);
        break;
      case 1:
      case 2:
        world.restart(who);
        break;
      default:
        if (world.is_up(who)) world.propose(who, number++);
    }
  }
  for (uint32_t i = 0; i < world.size(); ++i) world.restart(i);
  world.set_loss(0);
  const uint64_t last = 10'000;
  world.propose(3, last);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(last); }, Duration::seconds(20)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Seeds, QbftHostile, ::testing::Range<uint64_t>(0, 24));

}  // namespace
}  // namespace govchain::consensus::qbft::testing
