// Upgrades of the rules, with every engine on the base of chains (consensus/README.md, "Upgrades").

#include <string>
#include <vector>

#include "tests/consensus/upgrade_fixture.h"

namespace govchain::consensus::testing {
namespace {

std::vector<Protocol> protocols_with_upgrades() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->faults == FaultModel::kByzantine && traits->reconfigures) {
      found.push_back(traits->protocol);
    }
  }
  return found;
}

class Upgrade : public UpgradeFixture {
 protected:
  // Four members of whom `askers` ask for version 2, until somebody has left version 1.
  void upgrade(const std::vector<uint32_t>& askers) {
    order(2);
    ask(askers, kNew);
    for (int i = 0; i < 20 && activation(0) == Height(0); ++i) order(1);
    ASSERT_EQ(status(0).version, kNew);
    ASSERT_GT(activation(0), Height(1));
  }
};

TEST_P(Upgrade, HoldsForEveryHeightAfterTheNextCheckpointAndForNoneBefore) {
  begin({kNew, kNew, kNew, kNew});
  upgrade({0, 1, 2, 3});
  order(4);
  const Height from = activation(0);
  EXPECT_EQ((from.value() - 1) % kInterval, 0U);
  for (uint32_t i = 0; i < replicas_; ++i) {
    EXPECT_EQ(status(i).version, kNew) << i;
    EXPECT_EQ(activation(i), from) << i;
    EXPECT_EQ(counters(i).upgrades, 1U) << i;
    for (const StoredBlock& stored : blocks(i)) {
      EXPECT_EQ(stored.certificate->statement.version, stored.block->height < from ? kOld : kNew)
          << "height " << stored.block->height.value();
    }
  }
  EXPECT_GT(status(0).committed, from);
}

TEST_P(Upgrade, IsRefusedWithoutAQuorumWhoseSoftwareKnowsTheRules) {
  begin({kNew, kNew, kOld, kOld});
  order(2);
  ask({0, 1, 2, 3}, kNew);
  order(12);
  EXPECT_EQ(status(0).version, kOld);
  EXPECT_EQ(status(0).epoch, Epoch(0));
  EXPECT_GE(status(0).committed, Height(12));
  EXPECT_EQ(counters(2).unsupported, 1U);
  EXPECT_EQ(counters(0).unsupported, 0U);
  // One more makes a quorum. What the others' operators asked for still stands.
  restart(2, kNew);
  ask({2}, kNew);
  order(12);
  EXPECT_EQ(status(0).version, kNew);
}

TEST_P(Upgrade, WhoRunsOldSoftwareStopsWhereItsRulesEndAndGoesOnFromItsLog) {
  begin({kNew, kNew, kNew, kOld});
  upgrade({0, 1, 2});
  const Height from = activation(0);
  EXPECT_EQ(status(3).outdated_since, from);
  EXPECT_EQ(status(3).committed.next(), from);
  EXPECT_EQ(counters(3).outdated_software, 1U);
  EXPECT_EQ(node(3).engine().credit(), Bytes(0));
  const Ticket written = node(3).log().last();
  order(6);
  EXPECT_EQ(node(3).log().last(), written);
  // The same software stops at once, with its log as it is.
  restart(3, kOld);
  order(2);
  EXPECT_EQ(status(3).outdated_since, from);
  EXPECT_EQ(status(3).committed.next(), from);
  EXPECT_EQ(node(3).log().last(), written);
  restart(3, kNew);
  order(2);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_FALSE(status(3).outdated_since);
  EXPECT_EQ(status(3).version, kNew);
  EXPECT_EQ(status(3).committed, status(0).committed);
  // It counts again: without another one there is still a quorum.
  cluster_->crash("1", 0);
  const Height before = status(0).committed;
  order(3);
  cluster_->run_for(Duration::seconds(5));
  EXPECT_GT(status(0).committed, before);
}

// Two changes lead to the state: the log must still tell of both.
TEST_P(Upgrade, WhoTookAStateThatItsSoftwareCannotFollowGoesOnFromItsLog) {
  retained_blocks_ = kInterval;
  begin({kNew, kNew, kNew, kOld});
  order(1);
  cluster_->crash("3", 0);
  std::vector<Member> target = members_;
  target[0].weight = 2;
  for (uint32_t asker = 0; asker < 3; ++asker)
    node(asker).give(input::Reconfigure{{target, {}, kOld}});
  order(8);
  ASSERT_EQ(status(0).epoch, Epoch(1));
  ask({0, 1, 2}, kNew);
  // Until that height is the newest checkpoint: then there is nothing else to be shown.
  while (status(0).version != kNew) order(1);
  ASSERT_EQ(status(0).epoch, Epoch(2));
  const Height from = status(0).stable_checkpoint.next();
  restart(3, kOld);
  cluster_->run_for(Duration::seconds(5));
  ASSERT_EQ(counters(3).state_transfers, 1U);
  EXPECT_EQ(status(3).outdated_since, from);
  restart(3, kNew);
  order(4);
  cluster_->run_for(Duration::seconds(5));
  EXPECT_FALSE(status(3).outdated_since);
  EXPECT_EQ(status(3).version, kNew);
  EXPECT_EQ(status(3).committed, status(0).committed);
}

TEST_P(Upgrade, WhoGoesBackToOldSoftwareRefusesToAct) {
  begin({kNew, kNew, kNew, kNew});
  upgrade({0, 1, 2, 3});
  order(6);
  const Height from = activation(0);
  const Ticket written = node(3).log().last();
  restart(3, kOld);
  order(6);
  EXPECT_EQ(status(3).outdated_since, from);
  EXPECT_EQ(node(3).log().last(), written);
  EXPECT_EQ(counters(3).accepted, 0U);
  restart(3, kNew);
  order(2);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_EQ(status(3).committed, status(0).committed);
}

TEST_P(Upgrade, SurvivesACrashOfEverybodyAtEveryHeightAroundIt) {
  begin({kNew, kNew, kNew, kNew});
  for (int i = 0; i < 14; ++i) {
    ask({0, 1, 2, 3}, kNew);  // a crash forgets it
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

TEST_P(Upgrade, NewSoftwareComesBackWithALogOfBefore) {
  begin({kNew, kNew, kNew, kNew});
  order(3);
  cluster_->crash("3", 0);
  upgrade({0, 1, 2});
  order(2);
  restart(3, kNew);
  order(2);
  cluster_->run_for(Duration::seconds(3));
  EXPECT_EQ(status(3).version, kNew);
  EXPECT_EQ(status(3).committed, status(0).committed);
}

TEST_P(Upgrade, GoesOneVersionAtATimeAndNeverBack) {
  begin({kNew, kNew, kNew, kNew});
  order(2);
  ask({0, 1, 2, 3}, next_version(kNew));
  EXPECT_EQ(counters(0).malformed, 1U);
  order(8);
  EXPECT_EQ(status(0).epoch, Epoch(0));
  upgrade({0, 1, 2, 3});
  ask({0, 1, 2, 3}, kOld);
  order(8);
  EXPECT_EQ(status(0).version, kNew);
  EXPECT_EQ(status(0).epoch, Epoch(1));
}

TEST_P(Upgrade, MayComeWithAChangeOfMembers) {
  begin({kNew, kNew, kNew, kNew, kNew});
  order(2);
  std::vector<Member> fewer = cluster_->config().genesis.members;
  fewer.pop_back();
  for (uint32_t i = 0; i < replicas_; ++i) node(i).give(input::Reconfigure{{fewer, {}, kNew}});
  order(10);
  EXPECT_EQ(status(0).version, kNew);
  EXPECT_EQ(node(0).members().size(), 4U);
}

class UpgradeOfProposals : public UpgradeFixture {
 protected:
  // Clients of all replicas go on while it comes; everything is ordered once.
  void upgrade_under_load() {
    begin({kNew, kNew, kNew, kNew});
    order(2);
    ask({0, 1, 2, 3}, kNew);
    for (uint32_t i = 100; i < 140; ++i) {
      for (uint32_t at = 0; at < replicas_; ++at) {
        names_.push_back("of-" + std::to_string(at) + "-" + std::to_string(i) + "-");
        node(at).give(input::Propose{cluster_->payload(names_.back())});
      }
      cluster_->run_for(Duration::milliseconds(20));
    }
    cluster_->run_for(Duration::seconds(10));
    for (uint32_t i = 0; i < replicas_; ++i) {
      ASSERT_EQ(status(i).version, kNew) << i;
      const std::string chain = cluster_->describe_chain(node(i));
      for (const std::string& name : names_) {
        const size_t first = chain.find(name);
        EXPECT_NE(first, std::string::npos) << name << " at " << i;
        EXPECT_EQ(chain.find(name, first + 1), std::string::npos) << name << " at " << i;
      }
    }
  }
  [[nodiscard]] bool told(const std::string& message) {
    return cluster_->take_output().find(message) != std::string::npos;
  }

  std::vector<std::string> names_;
};

TEST_P(UpgradeOfProposals, WhatWaitsWhenNamesComeIsOrderedOnce) {
  bodies_ = ProposalBodies::kByDigest;
  upgrade_under_load();
}

TEST_P(UpgradeOfProposals, WhatWaitsWhenCertificatesComeIsPutIntoBatches) {
  if (!traits_of(GetParam()).proposes_certified) GTEST_SKIP();
  bodies_ = ProposalBodies::kCertified;
  upgrade_under_load();
  EXPECT_TRUE(told("acknowledgement"));
}

INSTANTIATE_TEST_SUITE_P(Engines, UpgradeOfProposals,
                         ::testing::ValuesIn(protocols_with_upgrades()), [](const auto& tested) {
                           return std::string(traits_of(tested.param).name);
                         });

INSTANTIATE_TEST_SUITE_P(Engines, Upgrade, ::testing::ValuesIn(protocols_with_upgrades()),
                         [](const auto& tested) {
                           return std::string(traits_of(tested.param).name);
                         });

}  // namespace
}  // namespace govchain::consensus::testing
