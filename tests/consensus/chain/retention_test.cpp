// What an engine on the base of chains keeps for those who lag: EngineConfig::retained_blocks.

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

std::vector<Protocol> protocols_on_chains() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->faults == FaultModel::kByzantine && traits->reconfigures) {
      found.push_back(traits->protocol);
    }
  }
  return found;
}

class Retention : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr uint32_t kReplicas = 4;
  static constexpr uint64_t kInterval = 4;

  // The last replica misses some blocks, the others go on and keep so many of them.
  void miss_blocks(uint64_t retained) {
    EngineConfig config;
    config.chain = ChainId(1);
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = kInterval;
    config.retained_blocks = retained;
    for (uint32_t i = 0; i < kReplicas; ++i) {
      Member member;
      member.id = ReplicaId(i);
      member.key = make_signer(SignatureScheme::kModelled, 1, ChainId(1), member.id)->public_key();
      config.genesis.members.push_back(member);
    }
    cluster_ = std::make_unique<Cluster>(traits_of(GetParam()), config);
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->add(std::to_string(i), ReplicaId(i));
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_->start(std::to_string(i));
    order(2);
    cluster_->partition({{"0", "1", "2"}, {"3"}});
    order(14);
    ASSERT_GE(engine(0).status().stable_checkpoint, Height(3 * kInterval));
    ASSERT_LE(engine(3).status().committed, Height(3));
    cluster_->heal();
    order(2);
    cluster_->run_for(Duration::seconds(5));
    EXPECT_EQ(engine(3).status().committed, engine(0).status().committed);
  }
  void order(uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      cluster_->find("0")->give(input::Propose{cluster_->payload("p" + std::to_string(next_++))});
      cluster_->run_for(Duration::milliseconds(600));
    }
  }
  [[nodiscard]] const Engine& engine(uint32_t replica) {
    return cluster_->find(std::to_string(replica))->engine();
  }

  std::unique_ptr<Cluster> cluster_;
  uint32_t next_ = 0;
};

// Memory alone could serve these few blocks; nobody may rely on it.
TEST_P(Retention, WhoMissedMoreThanIsRetainedTakesTheState) {
  miss_blocks(2);
  EXPECT_GE(engine(3).counters().state_transfers, 1U);
}

TEST_P(Retention, WhoMissedLessTakesTheBlocks) {
  miss_blocks(64);
  EXPECT_EQ(engine(3).counters().state_transfers, 0U);
  EXPECT_GE(engine(3).counters().block_catch_ups, 8U);
}

INSTANTIATE_TEST_SUITE_P(Engines, Retention, ::testing::ValuesIn(protocols_on_chains()),
                         [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });

}  // namespace
}  // namespace govchain::consensus::testing
