// What a replica's clients wait for while the blocks that ordered it are replaced by a state here.
// Where such a replica is a quorum by itself nobody else keeps it from ordering that twice.

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

class DoubtfulPayload : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr uint32_t kReplicas = 4;

  // Replica 3 hears nothing of what it asked for, and is the only voter of the next epoch.
  void order_behind_its_back(ProposalBodies bodies) {
    EngineConfig config;
    config.chain = ChainId(1);
    config.proposal_bodies = bodies;
    if (bodies != ProposalBodies::kCarried) config.genesis.version = kProposalsByDigestSince;
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = 4;
    config.retained_blocks = 1;
    for (uint32_t i = 0; i < kReplicas; ++i) {
      Member member;
      member.id = ReplicaId(i);
      member.key =
          make_signer(SignatureScheme::kModelled, 1, config.chain, member.id)->public_key();
      config.genesis.members.push_back(member);
    }
    cluster_ = std::make_unique<Cluster>(traits_of(GetParam()), config);
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->add(std::to_string(i), ReplicaId(i));
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->start(std::to_string(i));
    propose("3", "once");
    cluster_->lose({{}, {"3"}, {}});
    order();
    const std::string chain = cluster_->describe_chain(*cluster_->find("0"));
    ASSERT_NE(chain.find("once"), std::string::npos) << chain;
    for (int i = 0; i < 6; ++i) order();
    std::vector<Member> target = config.genesis.members;
    for (uint32_t i = 0; i < 3; ++i) target[i].weight = 0;
    for (const std::string at : {"0", "1", "2"}) {
      cluster_->find(at)->give(input::Reconfigure{{target, {}, config.genesis.version}});
    }
    for (int i = 0; i < 8 && cluster_->find("0")->engine().status().epoch == Epoch(0); ++i) order();
    ASSERT_EQ(cluster_->find("0")->engine().status().epoch, Epoch(1));
    ASSERT_EQ(cluster_->find("3")->engine().status().epoch, Epoch(0));
  }
  void propose(const std::string& at, const std::string& name) {
    cluster_->find(at)->give(input::Propose{cluster_->payload(name)});
  }
  // Leaders may rotate, and one of them be cut off: then it takes a while.
  void order() {
    const Height before = cluster_->find("0")->engine().status().committed;
    propose("0", "filler-" + std::to_string(next_++));
    cluster_->run_for(Duration::milliseconds(300));
    for (int i = 0; i < 20 && cluster_->find("0")->engine().status().committed == before; ++i) {
      cluster_->run_for(Duration::milliseconds(500));
    }
  }
  // Instead of being told that it was ordered, once more.
  [[nodiscard]] bool is_refused() {
    return cluster_->take_output().find("3: refuses once (duplicate)") != std::string::npos;
  }
  [[nodiscard]] static std::vector<ProposalBodies> modes() {
    std::vector<ProposalBodies> found{ProposalBodies::kCarried};
    if (supports(traits_of(GetParam()), ProposalBodies::kByDigest)) {
      found.push_back(ProposalBodies::kByDigest);
    }
    return found;
  }

  std::unique_ptr<Cluster> cluster_;
  uint32_t next_ = 0;
};

TEST_P(DoubtfulPayload, IsNotOrderedAgainByTheOnlyVoterThatMissedIt) {
  for (const ProposalBodies bodies : modes()) {
    order_behind_its_back(bodies);
    cluster_->heal();
    for (int i = 0; i < 8; ++i) order();
    const Node& late = *cluster_->find("3");
    EXPECT_GE(late.engine().counters().state_transfers, 1U);
    EXPECT_EQ(late.engine().status().epoch, Epoch(1));
    EXPECT_TRUE(is_refused());
    EXPECT_EQ(late.engine().status().mempool.count(), 0U);
    EXPECT_EQ(late.engine().status().committed, cluster_->find("0")->engine().status().committed);
  }
}

// Once others have said so it is among what was ordered, and a client that asks again is told at
// once.
TEST_P(DoubtfulPayload, IsRememberedAsOrderedOnceOthersHaveSaidSo) {
  for (const ProposalBodies bodies : modes()) {
    order_behind_its_back(bodies);
    cluster_->heal();
    for (int i = 0; i < 8; ++i) order();
    ASSERT_TRUE(is_refused());
    propose("3", "once");
    EXPECT_TRUE(is_refused());
    for (int i = 0; i < 8; ++i) order();
    const std::string chain = cluster_->describe_chain(*cluster_->find("0"));
    EXPECT_EQ(chain.find("{once}"), std::string::npos) << chain;
  }
}

// Ordering it twice would be worse than not at all.
TEST_P(DoubtfulPayload, IsGivenUpWhereNobodySaysWhatBecameOfIt) {
  for (const ProposalBodies bodies : modes()) {
    order_behind_its_back(bodies);
    cluster_->heal();
    cluster_->lose({{}, {}, {"already-ordered"}});
    cluster_->run_for(Duration::milliseconds(500));
    EXPECT_GT(cluster_->find("3")->engine().status().mempool.count(), 0U) << "still hopes";
    EXPECT_FALSE(is_refused());
    for (int i = 0; i < 12; ++i) order();
    EXPECT_TRUE(is_refused());
    EXPECT_EQ(cluster_->find("3")->engine().status().mempool.count(), 0U);
  }
}

std::vector<Protocol> chains_with_epochs() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    const bool chain = traits->faults == FaultModel::kByzantine;
    if (chain && traits->reconfigures) found.push_back(traits->protocol);
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Engines, DoubtfulPayload, ::testing::ValuesIn(chains_with_epochs()),
                         [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DoubtfulPayload);

}  // namespace
}  // namespace govchain::consensus::testing
