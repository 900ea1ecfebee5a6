// Raft section by section: the paper (P), the dissertation (D), and what etcd-io/raft adds (E).

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/raft/messages.h"
#include "consensus/raft/mutant.h"
#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/raft/cluster.h"
#include "tests/consensus/raft/helpers.h"

namespace govchain::consensus::raft::testing {
namespace {

TEST(RaftMembership, OneVoterIsAddedAndRemovedDirectly) {  // D §4.1
  ClusterOptions options = small_options(17, 3);
  options.replicas = 4;
  Cluster cluster(options);
  uint32_t leader = elect(cluster);
  cluster.reconfigure(other_than(leader, 3), {0, 1, 2, 3});
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return cluster.status(leader).epoch == Epoch(1) &&
               cluster.committed_everywhere({0, 1, 2, 3}) == cluster.highest_committed();
      },
      Duration::seconds(3)));
  EXPECT_EQ(cluster.membership(3).size(), 4U);
  const uint32_t leaving = other_than(leader, 3);
  std::vector<uint32_t> rest;
  for (uint32_t node = 0; node < 4; ++node) {
    if (node != leaving) rest.push_back(node);
  }
  cluster.reconfigure(leader, rest);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.stopped(leaving); }, Duration::seconds(3)));
  EXPECT_EQ(cluster.status(leader).epoch, Epoch(2));
  EXPECT_EQ(cluster.membership(leader).size(), 3U);
  expect_clean(cluster);
}

TEST(RaftMembership, SeveralVotersAreReplacedJointly) {  // D §4.3
  ClusterOptions options = small_options(18, 3);
  options.replicas = 6;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  cluster.reconfigure(leader, {3, 4, 5});
  EXPECT_TRUE(cluster.run_until(
      [&] { return cluster.stopped(0) && cluster.stopped(1) && cluster.stopped(2); },
      Duration::seconds(5)));
  const uint32_t next = elect(cluster);
  EXPECT_GE(next, 3U);
  EXPECT_EQ(cluster.status(next).epoch, Epoch(1)) << "one epoch for the whole change";
  const uint64_t payload = cluster.propose(next);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(2)));
  expect_clean(cluster);
}

TEST(RaftMembership, WhoeverIsNotThereDoesNotBecomeAVoter) {  // D §4.2.1
  ClusterOptions options = small_options(19, 3);
  options.replicas = 4;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  const uint32_t away = other_than(leader, 3);
  cluster.crash(3);
  cluster.crash(away);
  // With replica 3 a voter, two of four could commit nothing.
  cluster.reconfigure(leader, {0, 1, 2, 3});
  const uint64_t payload = cluster.propose(leader);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(1)));
  EXPECT_EQ(cluster.status(leader).epoch, Epoch(0));
  cluster.restart(3);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(leader).epoch == Epoch(1); },
                                Duration::seconds(1)));
  expect_clean(cluster);
}

TEST(RaftMembership, JointChangeNeedsBothMajorities) {
  ClusterOptions options = small_options(19, 3);
  options.replicas = 6;
  // Otherwise nothing is changed before the three are there.
  options.raft.catch_up_before_voting = false;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(50));
  // Nobody of the incoming half is there.
  for (uint32_t node = 3; node < 6; ++node) cluster.crash(node);
  cluster.reconfigure(leader, {3, 4, 5});
  const uint64_t payload = cluster.propose(leader);
  cluster.run_for(Duration::seconds(1));
  EXPECT_FALSE(cluster.ordered(payload));
  for (uint32_t node = 3; node < 6; ++node) cluster.restart(node);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(5)));
  expect_clean(cluster);
}

TEST(RaftMembership, LearnerReceivesEverythingAndCountsForNothing) {
  ClusterOptions options = small_options(20, 3);
  options.learners = 1;
  Cluster cluster(options);
  const uint32_t leader = elect(cluster);
  ASSERT_NE(leader, 2U);
  const uint64_t first = cluster.propose(leader);
  cluster.run_for(Duration::milliseconds(200));
  EXPECT_TRUE(cluster.commit_time(2, first).has_value());
  cluster.crash(other_than(leader, 2));
  const uint64_t second = cluster.propose(leader);
  cluster.run_for(Duration::seconds(2));
  EXPECT_FALSE(cluster.ordered(second)) << "a learner is not a majority";
}

TEST(RaftReads, CutOffLeaderAnswersNone) {  // D §6.4
  Cluster cluster(small_options(21, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  cluster.partition({leader});
  cluster.read(leader);
  cluster.run_for(Duration::milliseconds(50));
  EXPECT_EQ(cluster.reads_answered(), 0U);
  cluster.run_for(Duration::seconds(1));
  EXPECT_EQ(cluster.reads_refused(), 1U) << "when it steps down";
  cluster.heal();
  cluster.run_for(Duration::seconds(2));
  for (uint32_t node = 0; node < 3; ++node) cluster.read(node);
  cluster.run_for(Duration::milliseconds(200));
  EXPECT_EQ(cluster.reads_answered(), 3U);
  expect_clean(cluster);
}

TEST(RaftStorage, FullDiskStopsVotesUntilThereIsRoom) {
  Cluster cluster(small_options(22, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  cluster.set_disk_full(leader, true);
  const uint64_t first = cluster.propose(leader);
  cluster.run_for(Duration::seconds(3));
  ASSERT_TRUE(cluster.leader().has_value());
  EXPECT_NE(*cluster.leader(), leader);
  const uint64_t second = cluster.propose(*cluster.leader());
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(second); }, Duration::seconds(2)));
  cluster.set_disk_full(leader, false);
  EXPECT_TRUE(cluster.run_until(
      [&] {
        return cluster.ordered(first) &&
               cluster.committed_everywhere({0, 1, 2}) == cluster.highest_committed();
      },
      Duration::seconds(3)));
  expect_clean(cluster);
}

TEST(RaftStorage, FailedDiskStopsTheReplica) {
  Cluster cluster(small_options(23, 3));
  const uint32_t leader = elect(cluster);
  cluster.fail_disk(leader);
  EXPECT_TRUE(cluster.stopped(leader));
  const uint32_t next = elect(cluster);
  EXPECT_NE(next, leader);
}

// --- Input of any kind

Ref<Message> header(MessageType type, ReplicaId sender, View view, Height height) {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = Protocol::kRaft;
  message->type = static_cast<uint8_t>(type);
  message->sender = sender;
  message->view = view;
  message->height = height;
  return message;
}

TEST(RaftInput, RubbishIsCountedAndChangesNothing) {
  Cluster cluster(small_options(24, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const uint32_t node = other_than(leader, 3);
  const ReplicaId from(leader);
  const EngineStatus before = cluster.status(node);
  const uint64_t malformed = cluster.counters(node).malformed;
  RandomSource random(99);
  uint64_t sent = 0;
  for (int i = 0; i < 2'000; ++i) {
    Ref<Message> message = header(static_cast<MessageType>(random.below(256)), from, before.view,
                                  Height(random.below(40)));
    message->body = random.bytes(1 + random.below(60));
    // Kinds whose body may be any of these bytes are left to the fuzzer of whole clusters.
    const auto type = static_cast<MessageType>(message->type);
    if (type == MessageType::kTimeoutNow || type == MessageType::kRemoved ||
        type == MessageType::kHeartbeat || type == MessageType::kCommitNotice ||
        type == MessageType::kReadIndex || type == MessageType::kReadIndexReply ||
        type == MessageType::kVoteReply || type == MessageType::kPreVoteReply ||
        type == MessageType::kHeartbeatReply) {
      continue;
    }
    ++sent;
    seal_message(*message);
    cluster.give(node, input::MessageReceived{from, MessageRef(message)});
  }
  const EngineStatus after = cluster.status(node);
  EXPECT_EQ(after.view, before.view);
  EXPECT_EQ(after.committed, before.committed);
  EXPECT_EQ(after.proposed, before.proposed);
  EXPECT_GT(cluster.counters(node).malformed - malformed, sent * 9 / 10);
  expect_clean(cluster);
}

TEST(RaftInput, NobodySpeaksForAnother) {
  Cluster cluster(small_options(25, 3));
  const uint32_t leader = elect(cluster);
  const uint32_t node = other_than(leader, 3);
  const uint64_t unauthorised = cluster.counters(node).unauthorised;
  Ref<Message> message = header(MessageType::kHeartbeat, ReplicaId(leader), View(1'000), Height(5));
  encode_body(RoundBody{}, *message);
  seal_message(*message);
  cluster.give(
      node, input::MessageReceived{ReplicaId(other_than(node, 3) == leader ? other_than(leader, 3)
                                                                           : other_than(node, 3)),
                                   MessageRef(message)});
  EXPECT_EQ(cluster.counters(node).unauthorised, unauthorised + 1);
  EXPECT_LT(cluster.status(node).view, View(1'000));
}

TEST(RaftInput, ForgedCheckpointVoteIsNotCounted) {
  Cluster cluster(small_options(26, 3));
  const uint32_t leader = elect(cluster);
  const uint32_t node = other_than(leader, 3);
  const uint64_t forged = cluster.counters(node).forged;
  Ref<Message> vote = header(MessageType::kCheckpointVote, ReplicaId(leader), View(), Height(100));
  vote->digest.bytes[0] = 1;
  seal_message(*vote);
  cluster.give(node, input::MessageReceived{ReplicaId(leader), MessageRef(vote)});
  cluster.run_for(Duration::milliseconds(10));
  EXPECT_EQ(cluster.counters(node).forged, forged + 1);
}

TEST(RaftEngineObject, CloneDecidesAlikeAndFingerprintTellsDifference) {
  Cluster cluster(small_options(27, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  const std::unique_ptr<Engine> copy = cluster.engine(leader).clone();
  EXPECT_EQ(copy->fingerprint(), cluster.engine(leader).fingerprint());
  const std::unique_ptr<Engine> second = copy->clone();
  const PayloadRef payload = make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>(30, 1), 1);
  const Input propose = input::Propose{payload};
  EffectSink first_sink;
  EffectSink second_sink;
  copy->step(cluster.now(), std::span<const Input>(&propose, 1), first_sink);
  EXPECT_NE(copy->fingerprint(), second->fingerprint());
  second->step(cluster.now(), std::span<const Input>(&propose, 1), second_sink);
  EXPECT_EQ(copy->fingerprint(), second->fingerprint());
  EXPECT_EQ(first_sink.effects().size(), second_sink.effects().size());
}

TEST(RaftMutants, AreDescribedOnceEach) {
  std::vector<std::string_view> names;
  for (const MutantDescription& mutant : mutant_catalogue()) {
    EXPECT_NE(static_cast<Mutant>(mutant.mutant), Mutant::kNone);
    EXPECT_FALSE(mutant.description.empty());
    names.push_back(mutant.name);
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_GE(names.size(), 5U);
}

// --- Allocation in steady state

struct Replica {
  std::unique_ptr<Engine> engine;
  EffectSink sink;
  std::vector<Input> next;
  uint64_t allocations = 0;
};

// Three engines wired by hand, so that only what happens inside step() is counted.
TEST(RaftAllocation, SteadyStateAllocatesNothingPerMessage) {
  std::vector<Replica> replicas(3);
  Membership genesis;
  for (uint32_t i = 0; i < 3; ++i) genesis.members.push_back(Member{ReplicaId(i), 1, {}});
  for (uint32_t i = 0; i < 3; ++i) {
    EngineConfig config;
    config.self = ReplicaId(i);
    config.genesis = genesis;
    config.seed = i;
    config.batch_delay = Duration::zero();
    config.checkpoint_interval = 1'000'000;
    replicas[i].engine = make_raft(config, RaftConfig{}, RecoveredState{});
  }
  TimePoint now;
  const auto step = [&](uint32_t index) {
    Replica& replica = replicas[index];
    std::vector<Input> inputs;
    inputs.swap(replica.next);
    consensus::testing::AllocationCounter counter;
    replica.engine->step(now, inputs, replica.sink);
    replica.allocations += counter.count();
    for (Effect& effect : replica.sink.effects()) {
      if (auto* persist = std::get_if<effect::Persist>(&effect)) {
        replica.next.emplace_back(input::Persisted{persist->ticket});
      } else if (auto* send = std::get_if<effect::Send>(&effect)) {
        replicas[send->to.value()].next.emplace_back(
            input::MessageReceived{ReplicaId(index), send->message});
      } else if (auto* broadcast = std::get_if<effect::Broadcast>(&effect)) {
        for (uint32_t to = 0; to < 3; ++to) {
          if (to == index) continue;
          replicas[to].next.emplace_back(
              input::MessageReceived{ReplicaId(index), broadcast->message});
        }
      } else if (auto* execute = std::get_if<effect::Execute>(&effect)) {
        replica.next.emplace_back(input::Executed{execute->block->height, Digest{}});
      }
    }
    replica.sink.clear();
  };
  const auto settle = [&] {
    for (int round = 0; round < 12; ++round) {
      for (uint32_t i = 0; i < 3; ++i) step(i);
    }
  };
  settle();
  now += Duration::seconds(5);
  replicas[0].next.emplace_back(input::TimerFired{TimerId(1)});
  settle();
  ASSERT_TRUE(replicas[0].engine->status().is_leader);
  const auto order = [&](uint32_t number) {
    std::vector<uint8_t> bytes(64);
    for (size_t i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(number >> (8 * i));
    replicas[0].next.emplace_back(input::Propose{make_payload(HashAlgorithm::kSha256, bytes, 1)});
    settle();
  };
  // Tables and rings grow to the load first: the log, the pools, the mempool's indices.
  uint32_t number = 0;
  for (; number < 6'000; ++number) order(number);
  for (Replica& replica : replicas) replica.allocations = 0;
  constexpr uint32_t kMeasured = 1'000;
  for (uint32_t end = number + kMeasured; number < end; ++number) order(number);
  EXPECT_GE(replicas[0].engine->status().committed.value(), 7'000U);
  // What is left is growth of the logs of terms and of the committed window, which have an end
  // (retention, window); it doubles, so it is rare.
  for (const Replica& replica : replicas) EXPECT_LT(replica.allocations, kMeasured / 50);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
