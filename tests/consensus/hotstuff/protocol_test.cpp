// Views, leaders that fail or lie, both commit rules and both leader policies.

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/hotstuff/cluster.h"

namespace govchain::consensus::hotstuff::testing {
namespace {

struct Variant {
  CommitRule rule;
  LeaderPolicy leader;
};

class Hotstuff : public ::testing::TestWithParam<Variant> {
 protected:
  static ClusterOptions quick(uint32_t replicas) {
    ClusterOptions options;
    options.replicas = replicas;
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::milliseconds(100);
    options.engine.max_timeout = Duration::milliseconds(400);
    options.engine.checkpoint_interval = 4;
    options.hotstuff.commit_rule = GetParam().rule;
    options.hotstuff.leader = GetParam().leader;
    return options;
  }
  static void order(Cluster& world, uint32_t at, uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      world.propose(at, first + i);
      ASSERT_TRUE(
          world.run_until([&] { return world.is_committed(first + i); }, Duration::seconds(5)));
    }
  }
};

TEST_P(Hotstuff, OrdersWhatAnyReplicaIsAskedFor) {
  Cluster world(quick(4));
  for (uint32_t i = 0; i < 4; ++i) order(world, i, 10 * i + 1, 3);
  EXPECT_EQ(world.counters().view_changes, 0U);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// The tail of empty blocks ends when the last payload is final; after that nothing is proposed.
TEST_P(Hotstuff, NoBlocksWhileNothingWaits) {
  Cluster world(quick(4));
  order(world, 0, 1, 1);
  world.run_for(Duration::milliseconds(50));
  const uint64_t proposals = world.counters().proposals;
  EXPECT_EQ(proposals, static_cast<uint64_t>(GetParam().rule));
  for (uint32_t i = 0; i < 4; ++i) EXPECT_EQ(world.status(i).committed, Height(1));
  world.run_for(Duration::seconds(5));
  EXPECT_EQ(world.counters().proposals, proposals);
  EXPECT_EQ(world.counters().view_changes, 0U);
}

TEST_P(Hotstuff, GoesOnWhileOneReplicaIsDown) {
  for (uint32_t down = 0; down < 4; ++down) {
    Cluster world(quick(4));
    world.crash(down);
    order(world, (down + 1) % 4, 1, 6);
    EXPECT_EQ(world.violations(), std::vector<std::string>{});
  }
}

// n = 3f + 1 with the f faulty ones spread evenly: the longest run of honest leaders is the
// shortest that still commits (README, "Liveness").
TEST_P(Hotstuff, GoesOnWithFaultyLeadersSpreadEvenly) {
  Cluster world(quick(7));
  world.crash(0);
  world.crash(3);
  order(world, 1, 1, 5);
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST_P(Hotstuff, APartitionedMinorityCatchesUp) {
  Cluster world(quick(4));
  world.set_filter([](uint32_t from, uint32_t to, const Message&) { return from != 3 && to != 3; });
  order(world, 0, 1, 10);
  world.set_filter({});
  ASSERT_TRUE(world.run_until([&] { return world.lowest_committed() >= Height(10); },
                              Duration::seconds(5)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST_P(Hotstuff, WithoutAQuorumNothingIsFinalAndAfterwardsEverythingIs) {
  Cluster world(quick(4));
  order(world, 0, 1, 1);
  world.set_filter(
      [](uint32_t from, uint32_t to, const Message&) { return (from < 2) == (to < 2); });
  world.propose(0, 2);
  world.propose(3, 3);
  world.run_for(Duration::seconds(3));
  EXPECT_FALSE(world.is_committed(2));
  EXPECT_FALSE(world.is_committed(3));
  world.set_filter({});
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(2) && world.is_committed(3); },
                              Duration::seconds(5)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST_P(Hotstuff, AnEquivocatingReplicaIsFoundOutAndChangesNothing) {
  ClusterOptions options = quick(4);
  options.equivocators = {1};
  Cluster world(options);
  order(world, 0, 1, 8);
  world.run_for(Duration::seconds(1));
  EXPECT_FALSE(world.evidence().empty());
  for (const effect::EvidenceFound& evidence : world.evidence()) {
    EXPECT_EQ(evidence.first.signer, ReplicaId(1));
    EXPECT_EQ(evidence.first.statement.view, evidence.second.statement.view);
    EXPECT_NE(evidence.first.statement.digest, evidence.second.statement.digest);
  }
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

TEST_P(Hotstuff, AReadSeesWhatWasAnsweredBefore) {
  Cluster world(quick(4));
  order(world, 0, 1, 5);
  world.read(3, 77);
  ASSERT_TRUE(
      world.run_until([&] { return world.totals().reads_ready == 1; }, Duration::seconds(2)));
  EXPECT_GE(world.totals().read_height, Height(5));
}

TEST_P(Hotstuff, SurvivesLossDuplicationReorderingAndCrashes) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    ClusterOptions options = quick(4);
    options.seed = seed;
    options.most_delay = Duration::milliseconds(20);
    options.most_sync = Duration::milliseconds(5);
    options.loss_percent = 10;
    options.duplicate_percent = 10;
    Cluster world(options);
    for (uint64_t i = 1; i <= 20; ++i) {
      const auto at = static_cast<uint32_t>(world.random(4));
      if (world.is_up(at)) world.propose(at, i);
      world.run_for(Duration::milliseconds(30));
      const auto victim = static_cast<uint32_t>(world.random(4));
      if (i % 4 == 0) world.is_up(victim) ? world.crash(victim) : world.restart(victim);
    }
    world.set_loss(0);
    for (uint32_t i = 0; i < 4; ++i) {
      if (!world.is_up(i)) world.restart(i);
    }
    world.propose(0, 1'000);
    ASSERT_TRUE(world.run_until([&] { return world.is_committed(1'000); }, Duration::seconds(20)))
        << "seed " << seed;
    EXPECT_EQ(world.violations(), std::vector<std::string>{}) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Hotstuff,
    ::testing::Values(Variant{CommitRule::kTwoChain, LeaderPolicy::kRotating},
                      Variant{CommitRule::kThreeChain, LeaderPolicy::kRotating},
                      Variant{CommitRule::kTwoChain, LeaderPolicy::kStable},
                      Variant{CommitRule::kThreeChain, LeaderPolicy::kStable}));

TEST(HotstuffLeader, RotatesWithEveryViewOrStaysUntilATimeout) {
  for (const LeaderPolicy policy : {LeaderPolicy::kRotating, LeaderPolicy::kStable}) {
    ClusterOptions options;
    options.engine.batch_delay = Duration::zero();
    options.engine.base_timeout = Duration::milliseconds(100);
    options.hotstuff.leader = policy;
    Cluster world(options);
    for (uint64_t i = 1; i <= 3; ++i) {
      world.propose(2, i);
      ASSERT_TRUE(world.run_until([&] { return world.is_committed(i); }, Duration::seconds(2)));
      world.run_for(Duration::milliseconds(20));
      // Two views for each payload.
      const uint32_t leads = policy == LeaderPolicy::kStable ? 0 : (1 + 2 * i) % 4;
      EXPECT_EQ(world.status(1).leader, ReplicaId(leads));
    }
    if (policy == LeaderPolicy::kRotating) continue;
    world.crash(0);
    world.propose(2, 9);
    ASSERT_TRUE(world.run_until([&] { return world.is_committed(9); }, Duration::seconds(2)));
    EXPECT_EQ(world.status(1).leader, ReplicaId(1));
  }
}

TEST(HotstuffWeights, QuorumsAreOfWeightAndLearnersOnlyLearn) {
  ClusterOptions options;
  options.engine.batch_delay = Duration::zero();
  options.engine.base_timeout = Duration::milliseconds(100);
  options.weights = {3, 1, 1, 2, 0};
  options.replicas = 5;
  Cluster world(options);
  world.crash(1);
  world.crash(2);
  world.propose(4, 1);
  ASSERT_TRUE(world.run_until([&] { return world.is_committed(1); }, Duration::seconds(5)));
  ASSERT_TRUE(
      world.run_until([&] { return world.lowest_committed() >= Height(1); }, Duration::seconds(5)));
  EXPECT_EQ(world.violations(), std::vector<std::string>{});
}

// Help for who gives up an old view comes from those who follow it until they weigh f+1: learners
// in between are no help that anybody may rely on.
TEST(HotstuffWeights, LearnersAreNotCountedAmongThoseWhoHelp) {
  ClusterOptions options;
  options.engine.batch_delay = Duration::zero();
  options.engine.base_timeout = Duration::milliseconds(100);
  options.weights = {1, 1, 1, 1, 0, 0};
  options.replicas = 6;
  Cluster world(options);
  world.crash(4);
  world.crash(5);
  world.propose(1, 1);
  ASSERT_TRUE(
      world.run_until([&] { return world.lowest_committed() >= Height(1); }, Duration::seconds(5)));
  world.run_for(Duration::seconds(1));
  ASSERT_GT(world.status(0).view, View(1));
  std::set<uint32_t> helpers;
  world.set_filter([&](uint32_t from, uint32_t to, const Message& message) {
    const auto type = static_cast<MessageType>(message.type);
    if (to == 3 && (type == MessageType::kProposal || type == MessageType::kAdvance)) {
      helpers.insert(from);
    }
    return true;
  });
  Ref<Message> timeout = Ref<Message>::make();
  timeout->protocol = Protocol::kHotstuff;
  timeout->type = static_cast<uint8_t>(MessageType::kTimeout);
  timeout->sender = ReplicaId(3);
  timeout->view = View(1);
  timeout->digest = timeout_digest(View(0));
  encode_certificate_body({}, timeout->body);
  seal_message(*timeout);
  const MessageRef old(std::move(timeout));
  for (uint32_t i = 0; i < 3; ++i) world.deliver(i, 3, old);
  EXPECT_EQ(helpers, (std::set<uint32_t>{0, 1}));
}

}  // namespace
}  // namespace govchain::consensus::hotstuff::testing
