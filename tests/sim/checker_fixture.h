#pragma once
// A chain of four replicas without engines: tests tell its checkers what has happened.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "sim/checkers/checkers.h"

namespace govchain::sim {

using consensus::Block;
using consensus::BlockRef;
using consensus::Certificate;
using consensus::CertificateRef;
using consensus::Digest;
using consensus::Epoch;
using consensus::HashAlgorithm;
using consensus::Height;
using consensus::Message;
using consensus::Protocol;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::Statement;
using consensus::Ticket;
using consensus::View;

inline Digest digest_of(uint8_t value) {
  Digest digest;
  digest.bytes.fill(value);
  return digest;
}

class CheckerTest : public testing::Test {
 protected:
  static constexpr uint32_t kReplicas = 4;

  void start(Protocol protocol) {
    world_.chains.resize(1);
    world_.chains[0].name = "chain";
    world_.chains[0].protocol = protocol;
    world_.chains[0].replicas.resize(kReplicas);
    world_.progress_bound = Duration::seconds(5);
    for (uint32_t i = 0; i < kReplicas; ++i) {
      signers_.push_back(consensus::make_signer(consensus::SignatureScheme::kModelled, 7, chain_id_,
                                                ReplicaId(i)));
      genesis_.members.push_back({ReplicaId(i), 1, signers_[i]->public_key()});
    }
    checkers_ = make_checkers(world_);
    checkers_->on_begin(world_, std::span(&genesis_, 1));
  }
  void SetUp() override { start(Protocol::kPbft); }

  void restart_as(Protocol protocol) {
    signers_.clear();
    genesis_ = {};
    world_ = {};
    start(protocol);
  }

  static ReplicaAddress replica(uint32_t index) { return {0, index}; }
  static TimePoint at(int64_t milliseconds) {
    return TimePoint::since_start(Duration::milliseconds(milliseconds));
  }

  static BlockRef block(uint64_t height, uint8_t variant = 0, std::vector<uint8_t> payloads = {}) {
    auto made = Ref<Block>::make();
    made->height = Height(height);
    made->wall_time = variant;
    for (const uint8_t payload : payloads) {
      made->payloads.push_back(
          consensus::make_payload(HashAlgorithm::kSha256, std::vector<uint8_t>{payload}, 1));
    }
    consensus::seal_block(HashAlgorithm::kSha256, *made);
    return made;
  }

  Statement statement(uint8_t type, uint64_t height, const Digest& digest) const {
    return {chain_id_, Epoch(0), Protocol::kPbft, type, View(0), Height(height), digest};
  }

  Ref<Certificate> certify(const Statement& about, std::vector<uint32_t> signers) {
    auto certificate = Ref<Certificate>::make();
    certificate->statement = about;
    for (const uint32_t signer : signers) {
      certificate->signers.emplace_back(signer);
      certificate->signatures.push_back(signers_[signer]->sign(about));
    }
    return certificate;
  }

  void commit(uint32_t who, const BlockRef& what) {
    const CertificateRef proof =
        certify(statement(3, what->height.value(), what->digest), {0, 1, 2});
    checkers_->on_commit(replica(who), at(1), *what, proof.get());
  }

  void execute(uint32_t who, const BlockRef& what, uint8_t root) {
    consensus::ExecutionResult result;
    result.state_root = digest_of(root);
    checkers_->on_executed(replica(who), at(1), *what, result);
  }

  void expect_clean() const {
    for (const Violation& violation : checkers_->violations()) {
      ADD_FAILURE() << violation.rule << ": " << violation.detail;
    }
  }
  void expect_broken(const std::string& rule) const {
    ASSERT_EQ(checkers_->violations().size(), 1U) << rule;
    EXPECT_EQ(checkers_->violations()[0].rule, rule) << checkers_->violations()[0].detail;
    EXPECT_FALSE(checkers_->violations()[0].detail.empty());
  }

  consensus::ChainId chain_id_{1};
  WorldSpec world_;
  consensus::Membership genesis_;
  std::vector<std::unique_ptr<consensus::Signer>> signers_;
  std::unique_ptr<CheckerSuite> checkers_;
};

}  // namespace govchain::sim
