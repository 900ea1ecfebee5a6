// The sketch of consensus/raft/README.md, measured.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "consensus/message.h"
#include "tests/consensus/leader_failure.h"
#include "tests/consensus/metered_world.h"
#include "tests/consensus/raft/cluster.h"

namespace govchain::consensus::raft::testing {
namespace {

constexpr Duration kDelay = Duration::milliseconds(10);

// Fixed delay, no loss; a free disk unless given. The leader is elected and idle when this returns.
class Sketch {
 public:
  explicit Sketch(uint32_t replicas, Duration sync = Duration::zero(), uint64_t interval = 1'000,
                  uint32_t in_flight = 8)
      : cluster_(options(replicas, sync, interval, in_flight)) {
    EXPECT_TRUE(cluster_.run_until([this] { return cluster_.leader().has_value(); },
                                   Duration::seconds(20)));
    leader_ = *cluster_.leader();
    cluster_.run_until(
        [this] {
          return cluster_.status(leader_).committed >= Height(1) &&
                 cluster_.committed_everywhere(all()) == cluster_.highest_committed();
        },
        Duration::seconds(5));
    cluster_.run_for(kDelay * 5);
    cluster_.traffic() = Traffic();
  }
  static ClusterOptions options(uint32_t replicas, Duration sync, uint64_t interval,
                                uint32_t in_flight) {
    ClusterOptions options = small_options(3, replicas);
    options.delay_low = options.delay_high = kDelay;
    options.sync_time = sync;
    options.engine.base_timeout = Duration::seconds(4);
    options.engine.batch_delay = Duration::zero();
    options.engine.checkpoint_interval = interval;
    options.engine.max_in_flight = in_flight;
    options.raft.heartbeat = Duration::seconds(1);
    return options;
  }
  std::vector<uint32_t> all() {
    std::vector<uint32_t> nodes;
    for (uint32_t i = 0; cluster_.membership(0).find(ReplicaId(i)) != nullptr; ++i) {
      nodes.push_back(i);
    }
    return nodes;
  }
  Cluster cluster_;
  uint32_t leader_ = 0;
};

uint64_t sum(const std::map<std::string, uint64_t>& messages, const std::string& name) {
  const auto found = messages.find(name);
  return found == messages.end() ? 0 : found->second;
}

class RaftCost : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, RaftCost, ::testing::Values(1U, 2U, 3U, 4U, 5U, 7U, 16U, 64U));

TEST_P(RaftCost, LeaderCommitsAfterTwoDelaysAndFollowersAfterThree) {
  const uint32_t n = GetParam();
  Sketch sketch(n);
  const TimePoint start = sketch.cluster_.now();
  const uint64_t payload = sketch.cluster_.propose(sketch.leader_);
  sketch.cluster_.run_for(kDelay * 4);
  const Duration expected = n == 1 ? Duration::zero() : kDelay * 2;
  EXPECT_EQ(sketch.cluster_.commit_time(sketch.leader_, payload), start + expected);
  for (const uint32_t node : sketch.all()) {
    if (node == sketch.leader_) continue;
    EXPECT_EQ(sketch.cluster_.commit_time(node, payload), start + kDelay * 3);
  }
}

TEST_P(RaftCost, PayloadOfAFollowerTakesOneDelayMore) {
  const uint32_t n = GetParam();
  if (n == 1) return;
  Sketch sketch(n);
  const uint32_t ingress = (sketch.leader_ + 1) % n;
  const TimePoint start = sketch.cluster_.now();
  const uint64_t payload = sketch.cluster_.propose(ingress);
  sketch.cluster_.run_for(kDelay * 6);
  EXPECT_EQ(sketch.cluster_.commit_time(sketch.leader_, payload), start + kDelay * 3);
  EXPECT_EQ(sketch.cluster_.commit_time(ingress, payload), start + kDelay * 4);
}

TEST_P(RaftCost, DecisionTakesThreeMessagesPerFollowerAndNoSignature) {
  const uint32_t n = GetParam();
  Sketch sketch(n);
  const uint64_t signatures = sketch.cluster_.signatures();
  const uint64_t verifications = sketch.cluster_.verifications();
  sketch.cluster_.propose(sketch.leader_);
  sketch.cluster_.run_for(kDelay * 4);
  const auto& messages = sketch.cluster_.traffic().messages;
  EXPECT_EQ(sum(messages, "append"), n - 1);
  EXPECT_EQ(sum(messages, "append-reply"), n - 1);
  EXPECT_EQ(sum(messages, "commit-notice"), n - 1);
  EXPECT_EQ(messages.size(), n == 1 ? 0U : 3U);
  EXPECT_EQ(sketch.cluster_.signatures(), signatures);
  EXPECT_EQ(sketch.cluster_.verifications(), verifications);
}

TEST_P(RaftCost, CommitNoticeIsLeftOutWhenTheNextAppendSaysIt) {
  const uint32_t n = GetParam();
  Sketch sketch(n, Duration::zero(), 1'000, 1);
  sketch.cluster_.propose(sketch.leader_);
  sketch.cluster_.propose(sketch.leader_);  // waits for the first, and carries its commit
  sketch.cluster_.run_for(kDelay * 6);
  const auto& messages = sketch.cluster_.traffic().messages;
  EXPECT_EQ(sum(messages, "append"), 2 * (n - 1));
  EXPECT_EQ(sum(messages, "append-reply"), 2 * (n - 1));
  EXPECT_EQ(sum(messages, "commit-notice"), n - 1);
}

TEST_P(RaftCost, BytesPerDecisionAreThoseOfTheBlockAndThreeHeadersPerFollower) {
  const uint32_t n = GetParam();
  const auto bytes_for = [n](size_t payload) {
    Sketch sketch(n);
    sketch.cluster_.propose(sketch.leader_, payload);
    sketch.cluster_.run_for(kDelay * 4);
    return sketch.cluster_.traffic().bytes;
  };
  const uint64_t small = bytes_for(100);
  const uint64_t large = bytes_for(1'100);
  EXPECT_EQ(large - small, uint64_t{1'000} * (n - 1));
  // README.md: three headers, the bodies of append, reply and notice, the block's own fields, and
  // 44 bytes per payload.
  constexpr uint64_t kOverhead = 3 * 146 + (16 + 17 + 8) + 44 + 44;
  EXPECT_EQ(small, (kOverhead + 100) * (n - 1));
}

TEST_P(RaftCost, EveryReplicaSyncsOncePerDecisionAndTheLeaderBesideTheFollowers) {
  const uint32_t n = GetParam();
  const Duration sync = Duration::milliseconds(3);
  Sketch sketch(n, sync);
  std::vector<uint64_t> before;
  for (const uint32_t node : sketch.all()) before.push_back(sketch.cluster_.syncs(node));
  const TimePoint start = sketch.cluster_.now();
  const uint64_t payload = sketch.cluster_.propose(sketch.leader_);
  sketch.cluster_.run_for(kDelay * 5);
  for (const uint32_t node : sketch.all()) {
    EXPECT_EQ(sketch.cluster_.syncs(node) - before[node], 1U);
  }
  // One sync on the path: the follower's. The leader's own runs beside it.
  const Duration expected = n == 1 ? sync : kDelay * 2 + sync;
  EXPECT_EQ(sketch.cluster_.commit_time(sketch.leader_, payload), start + expected);
}

TEST_P(RaftCost, EveryReplicaLogsTheEntryAndNothingElse) {
  const uint32_t n = GetParam();
  consensus::testing::MeteredOptions options;
  options.replicas = n;
  consensus::testing::MeteredWorld world(traits(), options);
  world.run_for(options.timeout * 4);
  world.reset_meter();
  world.propose(consensus::testing::leader_of(world), 1);
  world.run_for(options.delay * 4);
  EXPECT_EQ(world.meter().records, n);
  constexpr uint64_t kPayload = 16;
  EXPECT_EQ(world.meter().logged_bytes, n * (6 + 44 + 44 + kPayload));
}

TEST_P(RaftCost, CheckpointTakesOneSignatureAndOneVotePerPair) {
  const uint32_t n = GetParam();
  Sketch sketch(n, Duration::zero(), 2);  // height 1 is the no-op, height 2 the payload's
  sketch.cluster_.propose(sketch.leader_);
  sketch.cluster_.run_for(kDelay * 6);
  EXPECT_EQ(sketch.cluster_.signatures(), n);
  EXPECT_EQ(sum(sketch.cluster_.traffic().messages, "checkpoint-vote"), n * (n - 1));
  EXPECT_LE(sketch.cluster_.verifications(), n * (n - 1));
  for (const uint32_t node : sketch.all()) {
    EXPECT_EQ(sketch.cluster_.status(node).stable_checkpoint, Height(2));
  }
}

TEST_P(RaftCost, ReadAtTheLeaderTakesOneRoundAndWritesNothing) {
  const uint32_t n = GetParam();
  Sketch sketch(n);
  const uint64_t syncs = sketch.cluster_.syncs(sketch.leader_);
  const TimePoint start = sketch.cluster_.now();
  sketch.cluster_.read(sketch.leader_);
  EXPECT_TRUE(
      sketch.cluster_.run_until([&] { return sketch.cluster_.reads_answered() == 1; }, kDelay * 3));
  EXPECT_EQ(sketch.cluster_.now(), start + (n == 1 ? Duration::zero() : kDelay * 2));
  EXPECT_EQ(sketch.cluster_.syncs(sketch.leader_), syncs);
  EXPECT_EQ(sum(sketch.cluster_.traffic().messages, "heartbeat"), n - 1);
  EXPECT_EQ(sum(sketch.cluster_.traffic().messages, "heartbeat-reply"), n - 1);
  EXPECT_EQ(sketch.cluster_.traffic().messages.size(), n == 1 ? 0U : 2U);
}

TEST_P(RaftCost, ReadsThatComeDuringARoundShareTheNextOne) {
  const uint32_t n = GetParam();
  Sketch sketch(n);
  for (int i = 0; i < 10; ++i) sketch.cluster_.read(sketch.leader_);
  sketch.cluster_.run_for(kDelay * 4);
  EXPECT_EQ(sketch.cluster_.reads_answered(), 10U);
  EXPECT_EQ(sum(sketch.cluster_.traffic().messages, "heartbeat"), n == 1 ? 0 : 2 * (n - 1));
  EXPECT_EQ(sum(sketch.cluster_.traffic().messages, "heartbeat-reply"), n == 1 ? 0 : 2 * (n - 1));
}

TEST_P(RaftCost, ReadAtAFollowerTakesFourDelays) {
  const uint32_t n = GetParam();
  if (n == 1) return;
  Sketch sketch(n);
  const TimePoint start = sketch.cluster_.now();
  sketch.cluster_.read((sketch.leader_ + 1) % n);
  EXPECT_TRUE(
      sketch.cluster_.run_until([&] { return sketch.cluster_.reads_answered() == 1; }, kDelay * 5));
  EXPECT_EQ(sketch.cluster_.now(), start + kDelay * 4);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
