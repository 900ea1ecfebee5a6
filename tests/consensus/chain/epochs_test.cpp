// Membership by epochs, with every engine on the base of chains.

#include <string>

#include <gtest/gtest.h>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

std::vector<Protocol> byzantine_protocols_with_epochs() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->faults == FaultModel::kByzantine && traits->reconfigures) {
      found.push_back(traits->protocol);
    }
  }
  return found;
}

class Epochs : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr uint32_t kReplicas = 5;

  // Five members, or the first of them and the others still to come.
  void begin(uint32_t members) {
    EngineConfig config;
    config.chain = ChainId(1);
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = 4;
    config.genesis.members = members_of({0, 1, 2, 3, 4});
    config.genesis.members.resize(members);
    cluster_ = std::make_unique<Cluster>(traits_of(GetParam()), config);
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->add(std::to_string(i), ReplicaId(i));
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->start(std::to_string(i));
  }
  static std::vector<Member> members_of(const std::vector<uint32_t>& ids) {
    std::vector<Member> members;
    for (const uint32_t id : ids) {
      Member member;
      member.id = ReplicaId(id);
      member.key = make_signer(SignatureScheme::kModelled, 1, ChainId(1), member.id)->public_key();
      members.push_back(member);
    }
    return members;
  }
  void want(const std::vector<uint32_t>& askers, const std::vector<Member>& target) {
    for (const uint32_t asker : askers) {
      cluster_->find(std::to_string(asker))->give(input::Reconfigure{{target, {}}});
    }
  }
  void order(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      cluster_->find("0")->give(input::Propose{cluster_->payload("p" + std::to_string(next_++))});
      cluster_->run_for(Duration::milliseconds(300));
    }
  }
  [[nodiscard]] EngineStatus status(uint32_t replica) {
    return cluster_->find(std::to_string(replica))->engine().status();
  }

  std::unique_ptr<Cluster> cluster_;
  uint32_t next_ = 0;
};

TEST_P(Epochs, ANewMemberCatchesUpAndVotes) {
  begin(4);
  order(3);
  want({0, 1, 2, 3}, members_of({0, 1, 2, 3, 4}));
  order(8);
  cluster_->run_for(Duration::seconds(3));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    EXPECT_EQ(status(i).epoch, Epoch(1)) << i;
    EXPECT_EQ(status(i).committed, status(0).committed) << i;
  }
  // Five members bear one that is gone, and then need the new one.
  cluster_->crash("1", 0);
  const Height before = status(0).committed;
  order(4);
  cluster_->run_for(Duration::seconds(5));
  EXPECT_GT(status(0).committed, before);
  EXPECT_EQ(status(4).committed, status(0).committed);
}

TEST_P(Epochs, AChangeNeedsAQuorumOfApprovals) {
  begin(5);
  order(2);
  want({0, 1}, members_of({0, 1, 2, 3}));
  order(12);
  EXPECT_EQ(status(0).epoch, Epoch(0));
  want({2, 3}, members_of({0, 1, 2, 3}));
  order(12);
  EXPECT_EQ(status(0).epoch, Epoch(1));
}

TEST_P(Epochs, AWishForMoreWeightThanCanBeAddedUpIsMalformed) {
  begin(4);
  order(1);
  std::vector<Member> heavy = members_of({0, 1, 2, 3});
  heavy[0].weight = kMaxTotalWeight - 2;
  want({0}, heavy);
  heavy[0].weight = UINT64_MAX;
  want({0}, heavy);
  EXPECT_EQ(cluster_->find("0")->engine().counters().malformed, 2U);
  heavy[0].weight = kMaxTotalWeight - 3;
  want({0}, heavy);
  EXPECT_EQ(cluster_->find("0")->engine().counters().malformed, 2U);
}

TEST_P(Epochs, ARemovedMemberStopsAndTheOthersGoOn) {
  begin(5);
  order(2);
  want({0, 1, 2, 3, 4}, members_of({0, 1, 2, 3}));
  order(10);
  cluster_->run_for(Duration::seconds(10));
  EXPECT_EQ(status(0).epoch, Epoch(1));
  const Height before = status(0).committed;
  order(3);
  EXPECT_GT(status(0).committed, before);
  // It answers nobody any more, once it knows.
  EXPECT_EQ(status(4).epoch, Epoch(1));
  EXPECT_EQ(cluster_->find("4")->engine().credit(), Bytes(0));
  const Height there = status(4).committed;
  order(2);
  EXPECT_EQ(status(4).committed, there);
}

// It was away when the change was ordered, and comes back when nobody counts it any more.
TEST_P(Epochs, AMemberRemovedWhileItWasAwayIsToldAndStops) {
  begin(5);
  order(2);
  cluster_->partition({{"0", "1", "2", "3"}, {"4"}});
  want({0, 1, 2, 3}, members_of({0, 1, 2, 3}));
  order(10);
  cluster_->run_for(Duration::seconds(2));
  ASSERT_EQ(status(0).epoch, Epoch(1));
  ASSERT_EQ(status(4).epoch, Epoch(0));
  cluster_->heal();
  cluster_->run_for(Duration::seconds(20));
  EXPECT_EQ(status(4).epoch, Epoch(1));
  EXPECT_EQ(cluster_->find("4")->engine().credit(), Bytes(0)) << "it has stopped";
  // It was shown the end of its epoch, and is shown nothing more.
  const Height there = status(4).committed;
  const Height before = status(0).committed;
  order(3);
  EXPECT_EQ(status(4).committed, there);
  EXPECT_GT(status(0).committed, before);
}

// Nobody who never was a member gets an answer, whatever it says of itself.
TEST_P(Epochs, AStrangersStatusIsNotAnswered) {
  begin(4);
  order(6);
  want({0, 1, 2, 3}, members_of({0, 1, 2}));
  order(10);
  cluster_->run_for(Duration::seconds(2));
  ASSERT_EQ(status(0).epoch, Epoch(1));
  // The fifth replica stands in no membership; it holds itself at height 0.
  const uint64_t before = cluster_->find("0")->engine().counters().unauthorised;
  cluster_->run_for(Duration::seconds(10));
  EXPECT_GT(cluster_->find("0")->engine().counters().unauthorised, before);
  EXPECT_EQ(status(4).committed, Height(0));
}

TEST_P(Epochs, ASecondChangeFollowsTheFirst) {
  begin(4);
  order(2);
  want({0, 1, 2, 3}, members_of({0, 1, 2, 3, 4}));
  order(8);
  cluster_->run_for(Duration::seconds(2));
  ASSERT_EQ(status(0).epoch, Epoch(1));
  want({0, 1, 2, 3, 4}, members_of({0, 1, 2, 4}));
  order(8);
  cluster_->run_for(Duration::seconds(2));
  EXPECT_EQ(status(0).epoch, Epoch(2));
  EXPECT_EQ(status(4).epoch, Epoch(2));
}

TEST_P(Epochs, ARestartedReplicaKnowsItsEpoch) {
  begin(4);
  order(2);
  want({0, 1, 2, 3}, members_of({0, 1, 2, 3, 4}));
  order(10);
  cluster_->run_for(Duration::seconds(2));
  ASSERT_EQ(status(2).epoch, Epoch(1));
  cluster_->crash("2", 0);
  cluster_->start("2");
  EXPECT_EQ(status(2).epoch, Epoch(1));
  order(2);
  cluster_->run_for(Duration::seconds(2));
  EXPECT_EQ(status(2).committed, status(0).committed);
}

INSTANTIATE_TEST_SUITE_P(Engines, Epochs, ::testing::ValuesIn(byzantine_protocols_with_epochs()),
                         [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Epochs);

}  // namespace
}  // namespace govchain::consensus::testing
