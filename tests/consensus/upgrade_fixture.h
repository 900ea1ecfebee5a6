#pragma once
// A small chain of any engine whose replicas run software of different age.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {

class UpgradeFixture : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr auto kOld = ProtocolVersion::k1;
  static constexpr auto kNew = ProtocolVersion::k2;
  static constexpr uint64_t kInterval = 4;  // of checkpoints

  // A chain at version 1, of one replica for each of these.
  void begin(const std::vector<ProtocolVersion>& software) {
    EngineConfig config;
    config.chain = ChainId(1);
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = kInterval;
    config.proposal_bodies = bodies_;
    config.retained_blocks = retained_blocks_;
    replicas_ = static_cast<uint32_t>(software.size());
    for (uint32_t i = 0; i < replicas_; ++i) {
      Member member;
      member.id = ReplicaId(i);
      member.key = make_signer(SignatureScheme::kModelled, 1, ChainId(1), member.id)->public_key();
      if (i == witness_) member.role = MemberRole::kWitness;
      config.genesis.members.push_back(member);
    }
    members_ = config.genesis.members;
    cluster_ = std::make_unique<Cluster>(traits_of(GetParam()), config);
    for (uint32_t i = 0; i < replicas_; ++i) {
      cluster_->add(std::to_string(i), ReplicaId(i));
      node(i).set_software(software[i]);
    }
    for (uint32_t i = 0; i < replicas_; ++i) cluster_->start(std::to_string(i));
    cluster_->run_for(Duration::seconds(1));
  }
  [[nodiscard]] Node& node(uint32_t replica) { return *cluster_->find(std::to_string(replica)); }
  [[nodiscard]] EngineStatus status(uint32_t replica) { return node(replica).engine().status(); }
  [[nodiscard]] const EngineCounters& counters(uint32_t replica) {
    return node(replica).engine().counters();
  }
  // The operators of these ask for rules, and for nothing else.
  void ask(const std::vector<uint32_t>& askers, ProtocolVersion version) {
    for (const uint32_t asker : askers) node(asker).give(input::Reconfigure{{{}, {}, version}});
  }
  // One block after the other, of clients of `at`.
  void order(uint32_t count, uint32_t at = 0) {
    for (uint32_t i = 0; i < count; ++i) {
      node(at).give(input::Propose{cluster_->payload("p" + std::to_string(next_++))});
      cluster_->run_for(Duration::milliseconds(300));
    }
  }
  void restart(uint32_t replica, ProtocolVersion software) {
    const std::string label = std::to_string(replica);
    if (node(replica).running()) cluster_->crash(label, 0);
    node(replica).set_software(software);
    cluster_->start(label);
  }
  [[nodiscard]] std::vector<StoredBlock> blocks(uint32_t replica) {
    std::vector<StoredBlock> found;
    node(replica).store().load(Height(1), UINT32_MAX, Bytes(UINT64_MAX), found);
    return found;
  }
  // First height of an epoch after the first.
  [[nodiscard]] Height activation(uint32_t replica) {
    for (const StoredBlock& stored : blocks(replica)) {
      if (stored.block->epoch > Epoch(0)) return stored.block->height;
    }
    return Height(0);
  }

  // Set before begin():
  ProposalBodies bodies_ = ProposalBodies::kCarried;
  uint64_t retained_blocks_ = EngineConfig{}.retained_blocks;
  std::optional<uint32_t> witness_;

  std::unique_ptr<Cluster> cluster_;
  std::vector<Member> members_;  // at genesis
  uint32_t replicas_ = 0;
  uint32_t next_ = 0;
};

}  // namespace govchain::consensus::testing
