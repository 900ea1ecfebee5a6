// Entries that name their payloads: EngineConfig::proposal_bodies = kByDigest.

#include <cstdint>

#include <gtest/gtest.h>

#include "consensus/raft/messages.h"
#include "tests/consensus/raft/cluster.h"
#include "tests/consensus/raft/helpers.h"

namespace govchain::consensus::raft::testing {
namespace {

ClusterOptions named(uint64_t seed, uint32_t replicas) {
  ClusterOptions options = small_options(seed, replicas);
  options.engine.proposal_bodies = ProposalBodies::kByDigest;
  options.engine.genesis.version = kProposalsByDigestSince;
  return options;
}

bool is(const Message& message, MessageType type) {
  return message.type == static_cast<uint8_t>(type);
}

class RaftNamedEntries : public ::testing::TestWithParam<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, RaftNamedEntries, ::testing::Values(3U, 5U, 16U));

// What the mode is for: the leader sends an order, whatever the size of what is ordered.
TEST_P(RaftNamedEntries, TheLeadersBytesDoNotDependOnThePayloads) {
  const uint32_t n = GetParam();
  const auto sent_for = [n](size_t size, uint64_t& by_origin) {
    ClusterOptions options = named(3, n);
    options.engine.batch_delay = Duration::zero();
    options.engine.checkpoint_interval = 1'000;
    Cluster cluster(options);
    const uint32_t leader = elect(cluster);
    const uint32_t origin = other_than(leader, n);
    cluster.run_for(Duration::milliseconds(50));
    uint64_t by_leader = 0;
    cluster.filter = [&](uint32_t from, uint32_t /*to*/, const Message& message) {
      if (is(message, MessageType::kAppendNames) || is(message, MessageType::kAppend)) {
        by_leader += message.wire_size.count();
      }
      if (from == origin && is(message, MessageType::kForward)) {
        by_origin += message.wire_size.count();
      }
      return true;
    };
    const uint64_t payload = cluster.propose(origin, size);
    EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(1)));
    cluster.run_for(Duration::milliseconds(50));
    expect_clean(cluster);
    return by_leader;
  };
  uint64_t origin_small = 0;
  uint64_t origin_large = 0;
  const uint64_t small = sent_for(100, origin_small);
  // README.md: a header, the append's body, the block's fields, and 44 bytes for a payload.
  EXPECT_EQ(small, (n - 1) * uint64_t{146 + 16 + 44 + 44});
  EXPECT_EQ(sent_for(1'100, origin_large), small);
  EXPECT_EQ(origin_large - origin_small, (n - 1) * uint64_t{1'000});
}

// Its replica is gone, the leader never got it, and one follower did.
TEST(RaftNamedEntry, WhatOneFollowerAloneHasIsOrderedInTheEnd) {
  Cluster cluster(named(5, 5));
  const uint32_t leader = elect(cluster);
  const uint32_t origin = other_than(leader, 5);
  const uint32_t heir = other_than(origin, 5);
  cluster.filter = [&](uint32_t from, uint32_t to, const Message& message) {
    return from != origin || to == heir || !is(message, MessageType::kForward);
  };
  const uint64_t payload = cluster.propose(origin);
  cluster.run_for(Duration::milliseconds(10));
  cluster.crash(origin);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(20)));
  expect_clean(cluster);
}

// Nothing is acknowledged for a name: the entry is durable when its bytes are.
TEST(RaftNamedEntry, WhatNoFollowerHasIsNotCommittedBeforeItHasComeWhole) {
  Cluster cluster(named(7, 3));
  const uint32_t leader = elect(cluster);
  cluster.run_for(Duration::milliseconds(100));
  bool answers = false;
  cluster.filter = [&](uint32_t /*from*/, uint32_t /*to*/, const Message& message) {
    if (is(message, MessageType::kForward)) return false;
    return answers || !is(message, MessageType::kAppend) || !message.block;
  };
  const uint64_t payload = cluster.propose(leader);
  cluster.run_for(Duration::milliseconds(500));
  EXPECT_FALSE(cluster.ordered(payload));
  answers = true;
  EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(5)));
  expect_clean(cluster);
}

void order(Cluster& cluster, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t payload = cluster.propose(i % 2);
    EXPECT_TRUE(cluster.run_until([&] { return cluster.ordered(payload); }, Duration::seconds(5)));
  }
}

// It gets entries by digest as ever, and nothing that it would have to ask for.
TEST(RaftNamedEntry, AWitnessIsSentWhatItWasSentBefore) {
  ClusterOptions options = named(9, 3);
  options.witnesses = {2};
  Cluster cluster(options);
  (void)elect(cluster);
  uint32_t names = 0;
  cluster.filter = [&](uint32_t from, uint32_t to, const Message& message) {
    const bool named = is(message, MessageType::kAppendNames) && to == 2;
    const bool passed_on = is(message, MessageType::kForward) && (to == 2 || from == 2);
    names += named || passed_on || is(message, MessageType::kPayloadQuery) ? 1 : 0;
    return true;
  };
  order(cluster, 20);
  EXPECT_EQ(names, 0U);
  EXPECT_GE(cluster.status(2).committed, Height(20));
  expect_clean(cluster);
}

// Whoever has an empty log and is in no configuration that it knows of becomes what its first entry
// says: an entry by digest would make it a witness.
TEST(RaftNamedEntry, ANewcomerBecomesAFullMember) {
  ClusterOptions options = named(11, 4);
  options.members = 3;
  Cluster cluster(options);
  (void)elect(cluster);
  order(cluster, 3);
  cluster.reconfigure(*cluster.leader(), {0, 1, 2, 3});
  order(cluster, 20);
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(3).executed >= Height(20); },
                                Duration::seconds(10)));
  expect_clean(cluster);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
