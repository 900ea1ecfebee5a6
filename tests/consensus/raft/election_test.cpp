// Elections section by section: the paper (P), the dissertation (D).

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

TEST(RaftElection, PromisesAreDurableBeforeAnybodySeesThem) {  // P §5.2
  ClusterOptions options = small_options(1, 3);
  options.sync_time = Duration::milliseconds(30);
  Cluster cluster(options);
  // Crashes at every early write, with whatever was not synced lost.
  for (uint64_t write = 1; write <= 3; ++write) {
    for (uint32_t node = 0; node < 3; ++node) cluster.crash_at_persist(node, write);
    cluster.run_for(Duration::seconds(1));
    for (uint32_t node = 0; node < 3; ++node) cluster.restart(node);
  }
  elect(cluster);
  expect_clean(cluster);
}

TEST(RaftElection, LoneReplicaLeadsAndCommits) {
  Cluster cluster(small_options(1, 1));
  const uint32_t leader = elect(cluster);
  const uint64_t payload = cluster.propose(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(1)));
}

TEST(RaftElection, ReplicaThatWasAwayDoesNotDeposeTheLeader) {  // D §9.6
  Cluster cluster(small_options(5, 3));
  const uint32_t leader = elect(cluster);
  const View term = cluster.status(leader).view;
  const uint32_t away = other_than(leader, 3);
  cluster.partition({away});
  cluster.run_for(Duration::seconds(5));
  EXPECT_EQ(cluster.status(away).view, term) << "PreVote keeps the term";
  cluster.heal();
  cluster.run_for(Duration::seconds(2));
  EXPECT_EQ(cluster.leader(), leader);
  EXPECT_EQ(cluster.status(leader).view, term);
  EXPECT_EQ(cluster.status(away).leader, ReplicaId(leader));
}

TEST(RaftElection, LeaderWithoutMajorityStepsDown) {  // D §6.2
  Cluster cluster(small_options(6, 5));
  const uint32_t leader = elect(cluster);
  cluster.partition({leader, other_than(leader, 5)});
  cluster.run_for(Duration::seconds(3));
  EXPECT_FALSE(cluster.status(leader).is_leader);
  EXPECT_FALSE(cluster.status(leader).leader_known);
  ASSERT_TRUE(cluster.leader().has_value());
  EXPECT_NE(*cluster.leader(), leader);
  expect_clean(cluster);
}

TEST(RaftElection, VoterThatHearsFromALeaderIgnoresAskingOnes) {  // D §4.2.3
  ClusterOptions options = small_options(7, 3);
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const uint32_t voter = other_than(leader, 3);
  const View term = cluster.status(voter).view;
  Ref<Message> request = Ref<Message>::make();
  request->protocol = Protocol::kRaft;
  request->type = static_cast<uint8_t>(MessageType::kVoteRequest);
  request->sender =
      ReplicaId(other_than(voter, 3) == leader ? other_than(leader, 3) : other_than(voter, 3));
  if (request->sender == ReplicaId(voter)) request->sender = ReplicaId(leader);
  request->view = View(term.value() + 5);
  encode_body(VoteRequestBody{Height(1'000), View(1'000), false}, *request);
  seal_message(*request);
  const ReplicaId sender = request->sender;
  cluster.give(voter, input::MessageReceived{sender, MessageRef(request)});
  EXPECT_EQ(cluster.status(voter).view, term);
  // The same with the leader's blessing (TimeoutNow) is obeyed.
  encode_body(VoteRequestBody{Height(1'000), View(1'000), true}, *request);
  cluster.give(voter, input::MessageReceived{sender, MessageRef(request)});
  EXPECT_EQ(cluster.status(voter).view, View(term.value() + 5));
}

TEST(RaftElection, LeadershipMovesWhereItIsAsked) {  // D §3.10
  Cluster cluster(small_options(8, 5));
  const uint32_t leader = elect(cluster);
  const uint32_t heir = other_than(leader, 5);
  const uint32_t asked = other_than(heir, 5);
  cluster.reconfigure(asked, {}, {}, heir);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.leader() == heir; }, Duration::seconds(1)));
  const uint64_t payload = cluster.propose(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(2)));
  expect_clean(cluster);
}

TEST(RaftElection, TransferToADeadReplicaIsGivenUp) {
  Cluster cluster(small_options(9, 3));
  const uint32_t leader = elect(cluster);
  const uint32_t heir = other_than(leader, 3);
  cluster.crash(heir);
  cluster.reconfigure(leader, {}, {}, heir);
  const uint64_t payload = cluster.propose(leader);
  cluster.run_for(Duration::milliseconds(50));
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(3)));
  EXPECT_EQ(cluster.leader(), leader);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
