// Leaving and entering views, with the primary silent, faulty or cut off at awkward moments.

#include <gtest/gtest.h>

#include "consensus/chain/messages.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::pbft::testing {
namespace {

ClusterOptions quick(uint32_t replicas) {
  ClusterOptions options;
  options.replicas = replicas;
  options.engine.batch_delay = Duration::zero();
  options.engine.base_timeout = Duration::milliseconds(100);
  options.engine.max_timeout = Duration::milliseconds(400);
  options.engine.checkpoint_interval = 4;
  return options;
}

using chain::CommonType;

template <typename Type>
bool is(const Message& message, Type type) {
  return message.type == static_cast<uint8_t>(type);
}

void expect_clean(const Cluster& world) {
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(PbftViewChange, ASilentPrimaryIsReplacedAndThePayloadOrdered) {
  for (const uint32_t n : {4U, 7U, 13U}) {
    Cluster world(quick(n));
    world.crash(0);
    world.propose(2, 1);
    EXPECT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(2)));
    EXPECT_EQ(world.status(2).view, View(1));
    expect_clean(world);
  }
}

TEST(PbftViewChange, FaultySuccessorsAreSkippedOneByOne) {
  Cluster world(quick(7));
  world.crash(0);
  world.crash(1);
  world.propose(4, 1);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(3)));
  EXPECT_EQ(world.status(4).view, View(2));
  expect_clean(world);
}

// §4.4: what a quorum prepared is ordered again at the same height, whatever else waits.
TEST(PbftViewChange, AnUnfinishedPreparedBlockKeepsItsHeight) {
  Cluster world(quick(4));
  world.set_filter([&](uint32_t from, uint32_t, const Message& message) {
    return !is(message, MessageType::kCommit) &&
           !(from == 0 && world.now() > TimePoint() + Duration::milliseconds(30));
  });
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(40));
  ASSERT_EQ(world.lowest_committed(), Height(0));
  world.set_filter([](uint32_t from, uint32_t to, const Message&) { return from != 0 && to != 0; });
  world.propose(3, 2);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(1) && world.is_committed(2); },
                              Duration::seconds(3)));
  expect_clean(world);
}

TEST(PbftViewChange, OneReplicaAloneCannotForceAViewChange) {
  Cluster world(quick(4));
  // Replica 3 reaches nobody with its requests and hears nothing of proposals.
  world.set_filter([](uint32_t from, uint32_t to, const Message& message) {
    if (from == 3 && is(message, CommonType::kRequest)) return false;
    return to != 3;
  });
  world.propose(3, 1);
  world.run_for(Duration::milliseconds(400));
  EXPECT_TRUE(world.status(3).in_view_change);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(world.status(i).view, View(0));
  world.set_filter({});
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(2)));
  expect_clean(world);
}

TEST(PbftViewChange, AReplicaThatWasAwayLearnsTheViewAndTheBlocks) {
  Cluster world(quick(4));
  world.crash(3);
  world.crash(0);
  world.restart(3);
  world.propose(1, 1);
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(3)));
  world.restart(0);
  EXPECT_TRUE(world.run_until(
      [&] {
        return world.status(0).view == world.status(1).view &&
               world.status(0).committed == world.status(1).committed;
      },
      Duration::seconds(3)));
  EXPECT_FALSE(world.status(0).in_view_change);
  expect_clean(world);
}

TEST(PbftViewChange, LostViewChangeMessagesAreFetched) {
  Cluster world(quick(4));
  world.crash(0);
  // Replica 3 misses every first VIEW-CHANGE that is sent to it.
  uint32_t dropped = 0;
  world.set_filter([&](uint32_t, uint32_t to, const Message& message) {
    if (to != 3 || !is(message, MessageType::kViewChange) || dropped >= 2) return true;
    ++dropped;
    return false;
  });
  world.propose(1, 1);
  world.propose(3, 2);
  EXPECT_TRUE(world.run_until([&] { return world.status(3).committed >= Height(1); },
                              Duration::seconds(3)));
  EXPECT_EQ(dropped, 2U);
  expect_clean(world);
}

TEST(PbftViewChange, ACrashInTheMiddleDoesNotBringTheOldViewBack) {
  Cluster world(quick(4));
  world.crash(0);
  world.propose(1, 1);
  ASSERT_TRUE(
      world.run_until([&] { return world.status(1).view > View(0); }, Duration::seconds(2)));
  const View reached = world.status(1).view;
  world.crash(1);
  world.restart(1);
  EXPECT_GE(world.status(1).view, reached);
  world.restart(0);
  world.propose(2, 2);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(2); }, Duration::seconds(3)));
  expect_clean(world);
}

TEST(PbftViewChange, EquivocatingPrimaryIsReplacedAndProven) {
  ClusterOptions options = quick(4);
  options.equivocators = {0};
  Cluster world(options);
  world.propose(1, 1);
  world.propose(0, 2);
  EXPECT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(3)));
  ASSERT_FALSE(world.evidence().empty());
  for (const effect::EvidenceFound& evidence : world.evidence()) {
    EXPECT_EQ(evidence.first.signer, ReplicaId(0));
    EXPECT_EQ(evidence.first.statement.view, evidence.second.statement.view);
    EXPECT_EQ(evidence.first.statement.height, evidence.second.statement.height);
    EXPECT_EQ(evidence.first.statement.type, evidence.second.statement.type);
    EXPECT_NE(evidence.first.statement.digest, evidence.second.statement.digest);
  }
  expect_clean(world);
}

}  // namespace
}  // namespace govchain::consensus::pbft::testing
