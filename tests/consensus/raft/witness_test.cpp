// Witnesses (consensus/raft/README.md): what they are sent, keep and do.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/raft/messages.h"
#include "consensus/raft/status.h"
#include "tests/consensus/raft/cluster.h"
#include "tests/consensus/raft/helpers.h"

namespace govchain::consensus::raft::testing {
namespace {

ClusterOptions with_witness(uint64_t seed) {
  ClusterOptions options = small_options(seed, 3);
  options.witnesses = {2};
  options.through_codec = true;
  return options;
}

TEST(RaftWitness, GetsAndKeepsDigestsInPlaceOfPayloads) {
  constexpr size_t kPayload = 4'000;
  constexpr int kPayloads = 20;
  Cluster cluster(with_witness(1));
  cluster.calm();
  const uint32_t leader = elect(cluster);
  const uint32_t follower = 1 - leader;
  uint64_t bytes[3] = {};
  uint64_t blocks[3] = {};
  cluster.filter = [&](uint32_t /*from*/, uint32_t to, const Message& message) {
    if (message.type != static_cast<uint8_t>(MessageType::kAppend) || !message.block) return true;
    bytes[to] += message.wire_size.count();
    ++blocks[to];
    return true;
  };
  uint64_t last = 0;
  for (int i = 0; i < kPayloads; ++i) last = cluster.propose(leader, kPayload);
  ASSERT_TRUE(
      cluster.run_until([&] { return cluster.ordered(last) && blocks[2] == blocks[follower]; },
                        Duration::seconds(5)));
  // The same blocks, less the payloads: a message's header, a block's, and 44 bytes for each.
  EXPECT_EQ(bytes[follower] - bytes[2], kPayload * kPayloads);
  EXPECT_LT(bytes[2], blocks[2] * (146 + 16 + 44) + kPayloads * 44 + 1);
  EXPECT_TRUE(raft_status(cluster.engine(2)).witness);
  EXPECT_EQ(cluster.status(2).executed, Height());
  expect_clean(cluster);
}

TEST(RaftWitness, NeverLeadsAndRefusesPayloadsAndReads) {
  Cluster cluster(with_witness(2));
  elect(cluster);
  const uint64_t refusals = cluster.refusals();
  const uint64_t reads = cluster.reads_refused();
  cluster.propose(2);
  cluster.read(2);
  cluster.run_for(Duration::milliseconds(10));
  EXPECT_EQ(cluster.refusals(), refusals + 1);
  EXPECT_EQ(cluster.reads_refused(), reads + 1);
  // Alone and with everybody down it does not even ask.
  cluster.crash(0);
  cluster.crash(1);
  const View term = cluster.status(2).view;
  cluster.run_for(Duration::seconds(5));
  EXPECT_EQ(cluster.status(2).view, term);
  expect_clean(cluster);
}

TEST(RaftWitness, StandsInForAFullVoterThatIsDown) {
  Cluster cluster(with_witness(3));
  const uint32_t leader = elect(cluster);
  cluster.crash(1 - leader);
  const uint64_t number = cluster.propose(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(number); }, Duration::seconds(5)));
  expect_clean(cluster);
}

TEST(RaftWitness, IsToldNothingThatOnlyTheLeaderHas) {
  Cluster cluster(with_witness(4));
  cluster.calm();
  const uint32_t leader = elect(cluster);
  const uint32_t follower = 1 - leader;
  cluster.run_for(Duration::milliseconds(300));
  const Height before = raft_status(cluster.engine(2)).last;
  // The follower still answers heartbeats, but no entry reaches it.
  cluster.filter = [&](uint32_t /*from*/, uint32_t to, const Message& message) {
    return to != follower || message.type != static_cast<uint8_t>(MessageType::kAppend);
  };
  const uint64_t number = cluster.propose(leader);
  cluster.run_for(Duration::seconds(1));
  EXPECT_FALSE(cluster.ordered(number));
  EXPECT_EQ(raft_status(cluster.engine(2)).last, before);
  // So the follower can take over at once when the leader is gone.
  cluster.crash(leader);
  cluster.filter = nullptr;
  EXPECT_TRUE(
      cluster.run_until([&] { return cluster.leader() == follower; }, Duration::seconds(5)));
  expect_clean(cluster);
}

TEST(RaftWitness, DeniesItsVoteToWhomItIsAheadOf) {
  Cluster cluster(with_witness(5));
  const uint32_t leader = elect(cluster);
  const uint32_t away = 1 - leader;
  cluster.crash(away);
  const uint64_t number = cluster.propose(leader);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.ordered(number); }, Duration::seconds(5)));
  cluster.crash(leader);
  cluster.restart(away);
  cluster.run_for(Duration::seconds(5));
  EXPECT_FALSE(cluster.leader());
  cluster.restart(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader() == leader; }, Duration::seconds(5)));
  expect_clean(cluster);
}

TEST(RaftWitness, ComesBackFromItsRecordsAlone) {
  Cluster cluster(with_witness(6));
  const uint32_t leader = elect(cluster);
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 10; ++i) cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(200));
    cluster.crash(2);
    cluster.run_for(Duration::milliseconds(100));
    cluster.restart(2);
    cluster.run_for(Duration::milliseconds(300));
    EXPECT_FALSE(cluster.stopped(2));
  }
  cluster.propose(leader);  // with which it hears what is committed
  EXPECT_TRUE(
      cluster.run_until([&] { return cluster.status(2).committed == cluster.highest_committed(); },
                        Duration::seconds(5)));
  // Its log in memory begins at the newest multiple of the checkpoint interval or later.
  EXPECT_LE(
      raft_status(cluster.engine(2)).last.value() - raft_status(cluster.engine(2)).first.value(),
      5U);
  expect_clean(cluster);
}

TEST(RaftWitness, FarBehindGetsAHeightATermAndAConfiguration) {
  Cluster cluster(with_witness(7));
  const uint32_t leader = elect(cluster);
  cluster.crash(2);
  uint64_t last = 0;
  for (int i = 0; i < 60; ++i) {
    last = cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(20));
  }
  ASSERT_TRUE(cluster.run_until([&] { return cluster.ordered(last); }, Duration::seconds(5)));
  cluster.run_for(Duration::seconds(1));
  uint64_t bases = 0;
  cluster.filter = [&](uint32_t /*from*/, uint32_t to, const Message& message) {
    const auto type = static_cast<MessageType>(message.type);
    EXPECT_FALSE(to == 2 && type == MessageType::kInstallSnapshot);
    if (type == MessageType::kWitnessBase) ++bases;
    return true;
  };
  cluster.restart(2);
  EXPECT_TRUE(
      cluster.run_until([&] { return cluster.status(2).committed == cluster.highest_committed(); },
                        Duration::seconds(5)));
  EXPECT_GE(bases, 1U);
  EXPECT_EQ(cluster.counters(2).state_transfers, 1U);
  expect_clean(cluster);
}

TEST(RaftWitness, CheckpointsAreSignedByTheOthers) {
  Cluster cluster(with_witness(8));
  const uint32_t leader = elect(cluster);
  uint64_t last = 0;
  for (int i = 0; i < 40; ++i) {
    last = cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(10));
  }
  ASSERT_TRUE(cluster.run_until([&] { return cluster.ordered(last); }, Duration::seconds(5)));
  EXPECT_GT(cluster.counters(leader).checkpoints, 0U);
  EXPECT_EQ(cluster.counters(2).checkpoints, 0U);
  EXPECT_EQ(cluster.status(2).stable_checkpoint, Height());
  expect_clean(cluster);
}

TEST(RaftWeights, HeavyMemberDecidesWhereItsVotesSuffice) {
  ClusterOptions options = small_options(9, 3);
  options.weights = {3, 1, 1};
  Cluster cluster(options);
  const uint32_t first = elect(cluster);
  // Without the heavy one the other two are a majority of heads and of nothing.
  cluster.crash(0);
  const uint64_t lost = cluster.propose(first == 0 ? 1 : first);
  cluster.run_for(Duration::seconds(5));
  EXPECT_FALSE(cluster.ordered(lost));
  cluster.restart(0);
  cluster.crash(1);
  cluster.crash(2);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader() == 0U; }, Duration::seconds(10)));
  const uint64_t number = cluster.propose(0);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(number); }, Duration::seconds(5)));
  expect_clean(cluster);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
