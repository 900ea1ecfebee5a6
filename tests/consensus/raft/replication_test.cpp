// Replication, snapshots and checkpoints section by section: the paper (P), the dissertation (D),
// and what etcd-io/raft adds (E).

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/raft/messages.h"
#include "tests/consensus/raft/cluster.h"
#include "tests/consensus/raft/helpers.h"

namespace govchain::consensus::raft::testing {
namespace {

TEST(RaftReplication, EntryOfAnEarlierTermIsNotCommittedByCounting) {  // P §5.4.2, figure 8
  Cluster cluster(small_options(10, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const Height before = cluster.status(leader).committed;
  // The entry reaches one follower, but no acknowledgement comes back.
  cluster.filter = [leader](uint32_t, uint32_t to, const Message& message) {
    return !(to == leader && message.type == static_cast<uint8_t>(MessageType::kAppendReply));
  };
  cluster.propose(leader);
  cluster.run_for(Duration::milliseconds(50));
  EXPECT_EQ(cluster.status(leader).committed, before);
  cluster.filter = nullptr;
  cluster.crash(leader);
  const uint32_t next = elect(cluster);
  ASSERT_NE(next, leader);
  // The new leader's no-op of its own term commits both.
  EXPECT_TRUE(cluster.run_until(
      [&] { return cluster.status(next).committed.value() >= before.value() + 2; },
      Duration::seconds(2)));
  expect_clean(cluster);
}

TEST(RaftReplication, ConflictingSuffixIsReplaced) {  // P §5.3, figure 7
  Cluster cluster(small_options(11, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  cluster.partition({leader});
  std::vector<uint64_t> lost;
  for (int i = 0; i < 5; ++i) lost.push_back(cluster.propose(leader));
  cluster.run_for(Duration::seconds(2));
  const auto next = cluster.leader();
  ASSERT_TRUE(next && *next != leader);
  for (int i = 0; i < 5; ++i) {
    cluster.propose(*next);
    cluster.run_for(Duration::milliseconds(20));
  }
  cluster.heal();
  // The old leader's own clients are served in the end: it passes their payloads on.
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return std::all_of(lost.begin(), lost.end(),
                           [&](uint64_t payload) { return cluster.ordered(payload); });
      },
      Duration::seconds(3)));
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return cluster.committed_everywhere({0, 1, 2}) == cluster.highest_committed();
      },
      Duration::seconds(3)));
  expect_clean(cluster);
}

TEST(RaftReplication, PayloadProposedWithoutALeaderIsOrderedLater) {
  Cluster cluster(small_options(12, 3));
  const uint64_t payload = cluster.propose(1);
  EXPECT_EQ(cluster.refusals(), 0U);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(5)));
}

TEST(RaftReplication, FollowerWithFullQueueIsLeftAloneUntilItIsWritable) {  // E tracker
  Cluster cluster(small_options(13, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const uint32_t slow = other_than(leader, 3);
  cluster.give(leader, input::PeerDropped{ReplicaId(slow)});
  uint64_t appends = 0;
  cluster.filter = [&](uint32_t, uint32_t to, const Message& message) {
    if (to == slow && message.type == static_cast<uint8_t>(MessageType::kAppend)) ++appends;
    return true;
  };
  const uint64_t payload = cluster.propose(leader);
  cluster.run_for(Duration::milliseconds(500));
  EXPECT_EQ(appends, 0U);
  EXPECT_TRUE(cluster.ordered(payload));
  cluster.give(leader, input::PeerWritable{ReplicaId(slow)});
  cluster.run_for(Duration::milliseconds(200));
  EXPECT_EQ(cluster.status(slow).committed, cluster.highest_committed());
}

TEST(RaftReplication, SlowFollowerIsServedFromTheBlockStore) {
  ClusterOptions options = small_options(14, 3);
  options.engine.retained_blocks = 1'000;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  const uint32_t away = other_than(leader, 3);
  cluster.partition({away});
  for (int i = 0; i < 60; ++i) {
    cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(10));
  }
  cluster.heal();
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return cluster.committed_everywhere({0, 1, 2}) == cluster.highest_committed();
      },
      Duration::seconds(3)));
  EXPECT_GT(cluster.counters(away).block_catch_ups, 40U);
  EXPECT_EQ(cluster.counters(away).state_transfers, 0U);
  expect_clean(cluster);
}

TEST(RaftSnapshot, FollowerBehindRetentionGetsTheState) {  // P §7
  ClusterOptions options = small_options(15, 3);
  options.through_codec = true;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  const uint32_t away = other_than(leader, 3);
  cluster.partition({away});
  for (int i = 0; i < 80; ++i) {
    cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(10));
  }
  cluster.heal();
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return cluster.committed_everywhere({0, 1, 2}) == cluster.highest_committed();
      },
      Duration::seconds(4)));
  EXPECT_EQ(cluster.counters(away).state_transfers, 1U);
  // It survives a crash right after, and leads without ordering anything twice.
  cluster.crash(away);
  cluster.restart(away);
  cluster.run_for(Duration::milliseconds(300));
  cluster.reconfigure(leader, {}, {}, away);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader() == away; }, Duration::seconds(3)));
  const uint64_t repeated = 3;
  cluster.propose_again(away, repeated);
  cluster.propose(away);
  cluster.run_for(Duration::seconds(1));
  expect_clean(cluster);
}

TEST(RaftCheckpoint, IsSignedByAMajorityAndShortensTheLog) {
  Cluster cluster(small_options(16, 4));
  const uint32_t leader = elect(cluster);
  for (int i = 0; i < 40; ++i) {
    cluster.propose(leader);
    cluster.run_for(Duration::milliseconds(10));
  }
  cluster.run_for(Duration::milliseconds(500));
  for (uint32_t node = 0; node < 4; ++node) {
    EXPECT_GE(cluster.status(node).stable_checkpoint.value(), 35U);
    EXPECT_GE(cluster.counters(node).checkpoints, 6U);
  }
  expect_clean(cluster);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
