// Upgrades of Raft's rules (consensus/README.md, "Upgrades").

#include <optional>
#include <string>
#include <vector>

#include "tests/consensus/upgrade_fixture.h"

namespace govchain::consensus::testing {
namespace {

class RaftUpgrade : public UpgradeFixture {
 protected:
  [[nodiscard]] uint32_t leader() {
    for (uint32_t i = 0; i < replicas_; ++i) {
      if (node(i).running() && status(i).is_leader) return i;
    }
    ADD_FAILURE() << "nobody leads";
    return 0;
  }
  void lead(uint32_t heir) {
    if (leader() != heir) node(leader()).give(input::Reconfigure{{{}, ReplicaId(heir)}});
    cluster_->run_for(Duration::seconds(1));
    ASSERT_EQ(leader(), heir);
  }
};

TEST_P(RaftUpgrade, HoldsForEveryHeightAboveItsEntry) {
  begin({kNew, kNew, kNew});
  order(3);
  ask({(leader() + 1) % 3}, kNew);  // a follower passes it on
  cluster_->run_for(Duration::seconds(1));
  order(6);
  const Height from = activation(0);
  ASSERT_GT(from, Height(1));
  for (uint32_t i = 0; i < replicas_; ++i) {
    EXPECT_EQ(status(i).version, kNew) << i;
    EXPECT_EQ(activation(i), from) << i;
    EXPECT_EQ(counters(i).upgrades, 1U) << i;
    EXPECT_FALSE(blocks(i)[from.value() - 2].block->control.empty());
  }
  EXPECT_GT(status(0).stable_checkpoint, from) << "signed by the new rules";
  EXPECT_EQ(node(0).store().checkpoint().certificate->statement.version, kNew);
}

TEST_P(RaftUpgrade, IsDroppedWithoutAMajorityWhoseSoftwareKnowsTheRules) {
  begin({kNew, kOld, kOld});
  lead(0);
  order(2);
  ask({0}, kNew);
  order(10);
  EXPECT_EQ(status(0).version, kOld);
  EXPECT_GE(status(1).committed, Height(12));
  // It was not kept for later: one more replica is ready, but has to be asked for.
  cluster_->run_for(Duration::seconds(5));
  restart(1, kNew);
  order(4);
  EXPECT_EQ(status(0).version, kOld);
  lead(0);
  ask({0}, kNew);
  order(2);
  EXPECT_EQ(status(0).version, kNew);
  EXPECT_EQ(status(1).version, kNew);
}

TEST_P(RaftUpgrade, AnOldLeaderProposesNone) {
  begin({kNew, kOld, kNew});
  lead(1);
  ask({1}, kNew);
  order(3, 1);
  EXPECT_EQ(status(1).version, kOld);
  EXPECT_EQ(counters(1).unsupported, 1U);
}

TEST_P(RaftUpgrade, WhoRunsOldSoftwareStopsWhereItsRulesEndAndGoesOnFromItsLog) {
  begin({kNew, kNew, kOld});
  lead(0);
  order(2);
  ask({0}, kNew);
  order(6);
  ASSERT_EQ(status(0).version, kNew);
  const Height from = activation(0);
  EXPECT_EQ(status(2).outdated_since, from);
  EXPECT_LT(status(2).committed, from);
  EXPECT_EQ(counters(2).outdated_software, 1U);
  const Ticket written = node(2).log().last();
  restart(2, kOld);
  order(3);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_EQ(status(2).outdated_since, from);
  EXPECT_LT(status(2).committed, from);
  // It may vote and be told of terms until it knows, but takes no entry of the new rules.
  for (const LogRecordRef& record : node(2).written()) {
    if (record->block) {
      EXPECT_LT(record->block->height, from);
    }
  }
  EXPECT_GE(node(2).log().last(), written);
  restart(2, kNew);
  order(2);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_EQ(status(2).version, kNew);
  EXPECT_EQ(status(2).committed, status(0).committed);
  cluster_->crash("1", 0);
  const Height before = status(0).committed;
  order(3);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_GT(status(0).committed, before);
}

TEST_P(RaftUpgrade, WhoGoesBackToOldSoftwareRefusesToAct) {
  begin({kNew, kNew, kNew});
  lead(0);
  ask({0}, kNew);
  order(10);
  const Height from = activation(0);
  const Ticket written = node(2).log().last();
  restart(2, kOld);
  order(3);
  EXPECT_EQ(status(2).outdated_since, from);
  EXPECT_EQ(node(2).log().last(), written);
  EXPECT_EQ(counters(2).accepted, 0U);
  restart(2, kNew);
  order(2);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_EQ(status(2).committed, status(0).committed);
}

// What it has missed nobody keeps, so that it is offered the state, or the base of a witness's log.
TEST_P(RaftUpgrade, WhoWasAwayAndRunsOldSoftwareLearnsThatFromWhatReplacesTheLog) {
  for (const bool witness : {false, true}) {
    retained_blocks_ = 0;
    if (witness) witness_ = 2;
    begin({kNew, kNew, kOld});
    lead(0);
    order(1);
    const Height known = status(2).committed;
    cluster_->crash("2", 0);
    ask({0}, kNew);
    order(12);
    ASSERT_EQ(status(0).version, kNew);
    restart(2, kOld);
    cluster_->run_for(Duration::seconds(3));
    EXPECT_TRUE(status(2).outdated_since.has_value()) << witness;
    EXPECT_LE(status(2).committed, known) << witness;
    EXPECT_EQ(counters(2).outdated_software, 1U) << witness;
    EXPECT_EQ(counters(2).state_transfers, 0U) << witness;
    restart(2, kNew);
    order(1);
    cluster_->run_for(Duration::seconds(3));
    EXPECT_EQ(status(2).version, kNew) << witness;
    EXPECT_EQ(status(2).committed, status(0).committed) << witness;
    EXPECT_EQ(counters(2).state_transfers, 1U) << witness;
  }
}

TEST_P(RaftUpgrade, SurvivesACrashOfEverybodyAtEveryHeightAroundIt) {
  begin({kNew, kNew, kNew});
  for (int i = 0; i < 8; ++i) {
    ask({0, 1, 2}, kNew);
    order(1);
    for (uint32_t replica = 0; replica < replicas_; ++replica) restart(replica, kNew);
    cluster_->run_for(Duration::seconds(2));
  }
  for (uint32_t i = 0; i < replicas_; ++i) {
    EXPECT_EQ(status(i).version, kNew) << i;
    EXPECT_EQ(activation(i), activation(0)) << i;
  }
  EXPECT_GT(status(0).committed, activation(0));
}

TEST_P(RaftUpgrade, GoesOneVersionAtATimeAndNeverBack) {
  begin({kNew, kNew, kNew});
  lead(0);
  ask({0}, next_version(kNew));
  EXPECT_EQ(counters(0).malformed, 1U);
  ask({0}, kNew);
  order(3);
  ASSERT_EQ(status(0).version, kNew);
  ask({0}, kOld);
  order(3);
  EXPECT_EQ(status(0).version, kNew);
  EXPECT_EQ(status(0).epoch, Epoch(1));
}

TEST_P(RaftUpgrade, MayComeWithAChangeOfSeveralVoters) {
  begin({kNew, kNew, kNew, kNew});
  lead(0);
  std::vector<Member> fewer = cluster_->config().genesis.members;
  fewer[2].weight = 0;
  fewer[3].weight = 0;
  node(0).give(input::Reconfigure{{fewer, {}, kNew}});
  order(4);
  EXPECT_EQ(status(0).version, kNew);
  EXPECT_EQ(node(0).members().members, fewer);
  EXPECT_EQ(status(3).version, kNew);
}

INSTANTIATE_TEST_SUITE_P(Engines, RaftUpgrade, ::testing::Values(Protocol::kRaft),
                         [](const auto& /*tested*/) { return std::string("raft"); });

}  // namespace
}  // namespace govchain::consensus::testing
