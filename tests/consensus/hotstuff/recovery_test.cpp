// Crashes: what was promised is kept, and what was certified is not lost.

#include <optional>

#include <gtest/gtest.h>

#include "tests/consensus/hotstuff/cluster.h"

namespace govchain::consensus::hotstuff::testing {
namespace {

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

MessageType type_of(const Message& message) { return static_cast<MessageType>(message.type); }

// Jolteon's r_vote: a replica that voted in a view and lost its memory votes for the same node
// again or for nothing.
TEST(HotstuffRecovery, AVoteIsRememberedOverACrash) {
  Cluster world(quick(4));
  std::optional<Digest> voted;
  bool again = false;
  world.set_filter([&](uint32_t from, uint32_t, const Message& message) {
    if (from == 0 && type_of(message) == MessageType::kVote && message.view == View(1)) {
      again = voted.has_value();
      if (voted) {
        EXPECT_EQ(*voted, message.digest);
      }
      voted = message.digest;
      return false;
    }
    return type_of(message) != MessageType::kVote;  // view 1 stays open
  });
  world.propose(1, 1);
  ASSERT_TRUE(world.run_until([&] { return voted.has_value(); }, Duration::milliseconds(50)));
  world.crash(0);
  world.restart(0);
  world.run_for(Duration::milliseconds(20));
  EXPECT_TRUE(again);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// A replica that gave up a view does not vote in it after a crash, and says so again word for word.
TEST(HotstuffRecovery, ATimeoutIsRememberedOverACrash) {
  Cluster world(quick(4));
  world.crash(1);  // leads view 1
  std::vector<Digest> told;
  world.set_filter([&](uint32_t from, uint32_t, const Message& message) {
    if (type_of(message) != MessageType::kTimeout) return true;
    if (from == 3 && message.view == View(1)) told.push_back(message.digest);
    return false;
  });
  world.propose(0, 1);
  world.run_for(Duration::milliseconds(150));
  ASSERT_FALSE(told.empty());
  const size_t before = told.size();
  world.crash(3);
  world.restart(3);
  world.run_for(Duration::milliseconds(30));
  ASSERT_GT(told.size(), before);
  for (const Digest& digest : told) EXPECT_EQ(digest, told.front());
  EXPECT_TRUE(world.status(3).in_view_change);
}

// Everybody crashes when a block is certified and final nowhere: it is not replaced.
TEST(HotstuffRecovery, ACertifiedBlockOutlivesTheCrashOfAll) {
  Cluster world(quick(4));
  order(world, 1, 1, 2);
  world.run_for(Duration::milliseconds(20));
  uint32_t proposals = 0;
  world.set_filter([&](uint32_t, uint32_t, const Message& message) {
    if (type_of(message) == MessageType::kProposal) ++proposals;
    // The second of two proposals is heard by everybody, its votes by nobody.
    return proposals < 6 || type_of(message) != MessageType::kVote;
  });
  world.propose(0, 7);
  world.run_for(Duration::milliseconds(30));
  ASSERT_FALSE(world.is_committed(7));
  for (uint32_t i = 0; i < 4; ++i) world.crash(i);
  world.set_filter({});
  for (uint32_t i = 0; i < 4; ++i) world.restart(i);
  // No client asks again: payload 7 is in the logs only, as part of the certified block.
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(7); }, Duration::seconds(5)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(HotstuffRecovery, ALaggardTakesStateWhenBlocksAreGone) {
  Cluster world(quick(4));
  world.crash(3);
  order(world, 0, 1, 60);
  world.restart(3);
  ASSERT_TRUE(world.run_until([&] { return world.status(3).committed >= Height(60); },
                              Duration::seconds(5)));
  EXPECT_GE(world.counters().state_transfers, 1U);
  order(world, 3, 100, 8);  // it votes and leads again
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(HotstuffRecovery, ARestartFromALogThatWasCutGoesOn) {
  Cluster world(quick(4));
  order(world, 0, 1, 20);
  for (uint32_t i = 0; i < 4; ++i) {
    world.crash(i);
    world.restart(i);
    order(world, (i + 1) % 4, 100 + 10 * i, 3);
  }
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST(HotstuffRecovery, AFailedDiskStopsTheReplicaAndAFullOneSilencesIt) {
  Cluster world(quick(4));
  order(world, 0, 1, 1);
  world.input(2, input::PersistFailed{Ticket(1), true});
  order(world, 0, 2, 3);
  EXPECT_EQ(world.totals().stopped, 0U);
  world.input(3, input::PersistFailed{Ticket(1), false});
  EXPECT_EQ(world.totals().stopped, 1U);
}

}  // namespace
}  // namespace govchain::consensus::hotstuff::testing
