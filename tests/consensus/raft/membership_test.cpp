// Corners where configurations meet snapshots, restarts, reads and elections: each is a history
// that random campaigns meet rarely or never. D is Ongaro's dissertation.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/raft/configuration_history.h"
#include "consensus/raft/messages.h"
#include "tests/consensus/raft/cluster.h"
#include "tests/consensus/raft/helpers.h"

namespace govchain::consensus::raft::testing {
namespace {

// One block after the other, until the leader has committed `height`.
void order_up_to(Cluster& cluster, uint32_t leader, Height height) {
  while (cluster.status(leader).committed < height) {
    cluster.propose(leader);
    ASSERT_TRUE(cluster.violations().empty());
    cluster.run_for(Duration::milliseconds(20));
  }
}

bool is_type(const Message& message, MessageType type) {
  return message.type == static_cast<uint8_t>(type);
}

// A checkpoint interval of five and nothing retained: whoever misses two checkpoints needs a state.
ClusterOptions forgetful(uint64_t seed, uint32_t machines) {
  ClusterOptions options = small_options(seed, 3);
  options.replicas = machines;
  options.engine.retained_blocks = 0;
  return options;
}

TEST(RaftSnapshot, AtTheBlockThatCompletesAChangeIsProvenByThoseBeforeItEvenAfterARestart) {
  Cluster cluster(forgetful(30, 4));
  const uint32_t leader = elect(cluster);
  const uint32_t away = (leader + 1) % 3;
  cluster.partition({away});
  order_up_to(cluster, leader, Height(9));
  cluster.reconfigure(leader, {0, 1, 2}, {3});
  cluster.run_for(Duration::milliseconds(100));
  ASSERT_EQ(cluster.status(leader).stable_checkpoint, Height(10));
  ASSERT_EQ(cluster.status(leader).epoch, Epoch(1));
  // The leader knows no history before height 10 now, and nobody but it can help the one behind.
  for (uint32_t node = 0; node < 4; ++node) cluster.crash(node);
  cluster.heal();
  cluster.restart(leader);
  cluster.restart(away);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(away).executed > Height(10); },
                                Duration::seconds(5)));
  EXPECT_EQ(cluster.counters(away).state_transfers, 1U);
  expect_clean(cluster);
}

TEST(RaftSnapshot, ReplacesAnUncommittedConfigurationOfTheSameEpoch) {
  Cluster cluster(forgetful(31, 5));
  const uint32_t old_leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  cluster.partition({old_leader});
  cluster.reconfigure(old_leader, {0, 1, 2}, {3});
  cluster.run_for(Duration::seconds(2));
  const uint32_t leader = cluster.leader().value_or(old_leader);
  ASSERT_NE(leader, old_leader);
  cluster.reconfigure(leader, {0, 1, 2}, {4});
  cluster.run_for(Duration::milliseconds(100));
  order_up_to(cluster, leader, Height(30));
  cluster.heal();
  EXPECT_TRUE(cluster.run_until(
      [&] { return cluster.status(old_leader).executed == cluster.highest_committed(); },
      Duration::seconds(5)));
  EXPECT_EQ(cluster.counters(old_leader).state_transfers, 1U);
  EXPECT_EQ(cluster.membership(old_leader), cluster.membership(leader));
  expect_clean(cluster);
}

TEST(RaftSnapshot, CarriesAJointConfigurationAndTheChangeIsCompletedBehindIt) {
  Cluster cluster(forgetful(32, 5));
  const uint32_t leader = elect(cluster);
  const uint32_t away = (leader + 1) % 3;
  cluster.partition({away});
  order_up_to(cluster, leader, Height(9));
  // The second half of the change is not acknowledged, so that the joint one is the latest
  // committed when the checkpoint is taken.
  cluster.filter = [](uint32_t, uint32_t, const Message& message) {
    return !(is_type(message, MessageType::kAppendReply) && message.height > Height(10));
  };
  cluster.reconfigure(leader, {leader, 3, 4}, {away});
  cluster.run_for(Duration::milliseconds(100));
  ASSERT_EQ(cluster.status(leader).committed, Height(10));
  ASSERT_EQ(cluster.status(leader).epoch, Epoch(0)) << "half of the change";
  ASSERT_EQ(cluster.status(leader).stable_checkpoint, Height(10));
  cluster.heal();
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(away).executed == Height(10); },
                                Duration::seconds(5)));
  EXPECT_EQ(cluster.counters(away).state_transfers, 1U);
  cluster.filter = nullptr;
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(away).epoch == Epoch(1); },
                                Duration::seconds(5)));
  EXPECT_EQ(cluster.membership(away), cluster.membership(leader));
  expect_clean(cluster);
}

TEST(RaftMembership, LeaderDeposedWhileItRemovesItselfIsToldThatItIsOut) {  // D §4.2.2
  Cluster cluster(small_options(33, 3));
  const uint32_t leaving = elect(cluster);
  const uint32_t informed = (leaving + 1) % 3;
  const uint32_t other = (leaving + 2) % 3;
  cluster.run_for(Duration::milliseconds(100));
  // Its last configuration reaches one of the two who stay, and the answer is lost.
  cluster.filter = [=](uint32_t from, uint32_t to, const Message& message) {
    if (from == leaving && to == other) return false;
    return !(to == leaving && is_type(message, MessageType::kAppendReply));
  };
  cluster.reconfigure(leaving, {informed, other});
  cluster.run_for(Duration::milliseconds(20));
  cluster.filter = [=](uint32_t from, uint32_t, const Message&) { return from != leaving; };
  EXPECT_TRUE(cluster.run_until([&] { return cluster.stopped(leaving); }, Duration::seconds(5)));
  EXPECT_EQ(cluster.leader(), informed);
  EXPECT_EQ(cluster.status(informed).epoch, Epoch(1));
  expect_clean(cluster);
}

TEST(RaftMembership, ConfigurationThatNamesStrangersIsMalformed) {
  Cluster cluster(small_options(38, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const uint32_t follower = (leader + 1) % 3;
  const EngineStatus before = cluster.status(follower);
  // Node 10 is a voter, and nobody has its key.
  ConfigurationControl control;
  control.configuration.incoming = {1, 2, 3, 10};
  control.target = cluster.membership(leader);
  Ref<Block> block = Ref<Block>::make();
  block->height = before.proposed.next();
  block->view = before.view;
  encode_control(control, block->control);
  Ref<Message> append = Ref<Message>::make();
  append->protocol = Protocol::kRaft;
  append->type = static_cast<uint8_t>(MessageType::kAppend);
  append->sender = ReplicaId(leader);
  append->view = before.view;
  append->height = before.proposed;
  encode_body(AppendBody{before.view, before.committed}, *append);
  append->block = BlockRef(std::move(block));
  seal_message(*append);
  const uint64_t malformed = cluster.counters(follower).malformed;
  cluster.give(follower, input::MessageReceived{ReplicaId(leader), MessageRef(append)});
  EXPECT_EQ(cluster.counters(follower).malformed, malformed + 1);
  EXPECT_EQ(cluster.status(follower).proposed, before.proposed);
  const uint64_t payload = cluster.propose(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(1)));
  expect_clean(cluster);
}

TEST(RaftMembership, AWishForMoreWeightThanCanBeAddedUpIsMalformed) {
  Cluster cluster(small_options(34, 3));
  const uint32_t leader = elect(cluster);
  const std::vector<Member> present = cluster.membership(leader).members;
  for (const uint64_t heavy : {kMaxTotalWeight - 1, uint64_t{1} << 63U, UINT64_MAX}) {
    MembershipChange change;
    change.target = present;
    change.target[0].weight = heavy;
    const uint64_t before = cluster.counters(leader).malformed;
    cluster.give(leader, input::Reconfigure{change});
    EXPECT_EQ(cluster.counters(leader).malformed, before + 1);
  }
}

TEST(RaftMembership, VotesOfLearnersElectNobody) {  // D §4.2.1
  ClusterOptions options = small_options(34, 3);
  options.learners = 1;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  ASSERT_NE(leader, 2U);
  cluster.crash(leader);
  cluster.run_for(Duration::seconds(4));
  EXPECT_FALSE(cluster.leader().has_value());
  EXPECT_EQ(cluster.status(2).view, cluster.status(1 - leader).view) << "no term was raised";
  cluster.restart(leader);
  elect(cluster);
  EXPECT_NE(cluster.leader(), 2U);
  expect_clean(cluster);
}

TEST(RaftMembership, JointChangeHandsLeadershipToItsHeirWhenItIsComplete) {  // D §3.10, §4.3
  ClusterOptions options = small_options(35, 3);
  options.replicas = 5;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  std::vector<uint32_t> voters{leader, 3, 4};
  cluster.reconfigure(leader, voters, {}, 3);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader() == 3U; }, Duration::seconds(3)));
  const uint64_t payload = cluster.propose(3);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(2)));
  EXPECT_EQ(cluster.status(3).epoch, Epoch(1));
  expect_clean(cluster);
}

TEST(RaftElection, LeaderThatIsAskedButNotAnsweredStepsDown) {  // D §6.2
  Cluster cluster(small_options(36, 3));
  const uint32_t leader = elect(cluster);
  const uint32_t deaf = (leader + 1) % 3;
  cluster.run_for(Duration::milliseconds(100));
  cluster.crash((leader + 2) % 3);
  // The other one hears nothing and asks for votes, which is no acknowledgement of this leader.
  cluster.set_link(leader, deaf, false);
  Ref<Message> request = Ref<Message>::make();
  request->protocol = Protocol::kRaft;
  request->type = static_cast<uint8_t>(MessageType::kPreVoteRequest);
  request->sender = ReplicaId(deaf);
  request->view = cluster.status(leader).view;
  encode_body(VoteRequestBody{Height(1), View(1), false}, *request);
  seal_message(*request);
  for (int i = 0; i < 20 && cluster.status(leader).is_leader; ++i) {
    cluster.run_for(Duration::milliseconds(50));
    cluster.give(leader, input::MessageReceived{ReplicaId(deaf), MessageRef(request)});
  }
  EXPECT_FALSE(cluster.status(leader).is_leader);
  cluster.set_link(leader, deaf, true);
  elect(cluster);
  expect_clean(cluster);
}

TEST(RaftReads, WaitForTheFirstEntryOfTheTerm) {  // D §6.4, step 1
  Cluster cluster(small_options(37, 3));
  const uint32_t old_leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  // Committed at the old leader and told to its client; nobody else knows that it is.
  cluster.filter = [](uint32_t, uint32_t, const Message& message) {
    return !is_type(message, MessageType::kCommitNotice);
  };
  const uint64_t told = cluster.propose(old_leader);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.commit_time(old_leader, told).has_value(); },
                                Duration::milliseconds(100)));
  cluster.crash(old_leader);
  cluster.filter = [](uint32_t, uint32_t, const Message& message) {
    return !is_type(message, MessageType::kAppendReply);
  };
  ASSERT_TRUE(
      cluster.run_until([&] { return cluster.leader().has_value(); }, Duration::seconds(3)));
  const uint32_t leader = *cluster.leader();
  cluster.read(leader);
  cluster.run_for(Duration::milliseconds(100));
  EXPECT_EQ(cluster.reads_answered(), 0U) << "its commit index may be behind";
  cluster.filter = nullptr;
  EXPECT_TRUE(
      cluster.run_until([&] { return cluster.reads_answered() == 1; }, Duration::seconds(2)));
  expect_clean(cluster);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
