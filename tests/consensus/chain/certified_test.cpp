// Batches with availability certificates: EngineConfig::proposal_bodies = kCertified.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

std::vector<Protocol> certifying_protocols() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->proposes_certified) found.push_back(traits->protocol);
  }
  return found;
}

class Certified : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr uint32_t kReplicas = 4;

  explicit Certified(uint64_t retained_blocks = EngineConfig{}.retained_blocks)
      : cluster_(traits_of(GetParam()), config(retained_blocks)) {
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_.add(std::to_string(i), ReplicaId(i));
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_.start(std::to_string(i));
  }
  static EngineConfig config(uint64_t retained_blocks) {
    EngineConfig config;
    config.retained_blocks = retained_blocks;
    config.chain = ChainId(1);
    config.proposal_bodies = ProposalBodies::kCertified;
    config.genesis.version = kProposalsByDigestSince;
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = 8;
    for (uint32_t i = 0; i < kReplicas; ++i) {
      Member member;
      member.id = ReplicaId(i);
      member.key =
          make_signer(SignatureScheme::kModelled, 1, config.chain, member.id)->public_key();
      config.genesis.members.push_back(member);
    }
    return config;
  }
  void propose(const std::string& at, const std::string& name) {
    cluster_.find(at)->give(input::Propose{cluster_.payload(name)});
  }
  [[nodiscard]] bool has(const std::string& replica, const std::string& name) {
    const std::string chain = cluster_.describe_chain(*cluster_.find(replica));
    return chain.find(name) != std::string::npos;
  }
  [[nodiscard]] static size_t count(const std::string& text, const std::string& wanted) {
    size_t found = 0;
    for (size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
      ++found;
    }
    return found;
  }

  Cluster cluster_;
};

TEST_P(Certified, BlocksAreCommittedWholeEverywhere) {
  for (const std::string at : {"0", "1", "2", "3"}) propose(at, "of-" + at);
  cluster_.run_for(Duration::seconds(2));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    for (const std::string at : {"0", "1", "2", "3"}) {
      EXPECT_TRUE(has(std::to_string(i), "of-" + at)) << at << " at " << i;
    }
  }
}

// Of three replicas that are up, all have to vote; one of them never gets a byte.
TEST_P(Certified, AReplicaVotesForAndWaitsWithWhatItDoesNotHave) {
  cluster_.crash("2", 0);
  cluster_.lose({{}, {"3"}, {"batch", "payload-reply", "committed-block"}});
  propose("0", "unheard-of");
  cluster_.run_for(Duration::seconds(5));
  EXPECT_TRUE(has("0", "unheard-of"));
  EXPECT_TRUE(has("1", "unheard-of"));
  EXPECT_FALSE(has("3", "unheard-of"));
  cluster_.heal();
  cluster_.run_for(Duration::seconds(5));
  EXPECT_TRUE(has("3", "unheard-of"));
}

TEST_P(Certified, BytesAreFetchedFromThoseWhoSignedThem) {
  cluster_.lose({{}, {"3"}, {"batch", "committed-block"}});
  // One signer does not answer: the next one is asked.
  cluster_.lose({{"0"}, {"3"}, {"payload-reply"}});
  cluster_.set_trace(true);
  propose("0", "sought");
  cluster_.run_for(Duration::seconds(5));
  EXPECT_TRUE(has("3", "sought"));
  const std::string told = cluster_.take_output();
  EXPECT_GE(count(told, "payload-query"), 1U);
  EXPECT_LE(count(told, "payload-query"), 4U);  // not all at once, nor again and again
}

// f+1 must say that they hold a batch; its origin alone is not enough.
TEST_P(Certified, WhatNobodyElseHoldsIsNotProposed) {
  cluster_.lose({{"0"}, {}, {"batch"}});
  propose("0", "withheld");
  propose("1", "shown");
  cluster_.run_for(Duration::seconds(10));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    EXPECT_FALSE(has(std::to_string(i), "withheld")) << i;
    EXPECT_TRUE(has(std::to_string(i), "shown")) << i;
  }
  cluster_.heal();
  cluster_.run_for(Duration::seconds(10));
  for (uint32_t i = 0; i < kReplicas; ++i) EXPECT_TRUE(has(std::to_string(i), "withheld")) << i;
}

// The only one that is left of those who acknowledged it has it in its log.
TEST_P(Certified, AcknowledgedBytesSurviveTheCrashOfTheirHolder) {
  cluster_.lose({{"0"}, {"2", "3"}, {"batch"}});
  cluster_.lose({{}, {}, {"payload-reply", "committed-block", "proposal", "pre-prepare"}});
  propose("0", "kept");
  cluster_.run_for(Duration::milliseconds(20));
  cluster_.crash("0", 0);
  cluster_.crash("1", 0);
  cluster_.heal();
  cluster_.start("1");
  cluster_.run_for(Duration::seconds(20));
  for (const std::string at : {"1", "2", "3"}) EXPECT_TRUE(has(at, "kept")) << at;
}

// Certificates are not durable. What an origin had sent to all when everybody crashed fills the
// room that it is granted, here and with others, and would keep new batches out for ever.
TEST_P(Certified, OwnBatchesAreTakenUpAgainAfterEverybodysCrash) {
  cluster_.lose({{}, {}, {"proposal", "pre-prepare"}});
  constexpr int kGranted = 64;
  for (int i = 0; i < kGranted; ++i) {
    propose("0", "old-" + std::to_string(i));
    cluster_.run_for(Duration::milliseconds(5));
  }
  for (uint32_t i = 0; i < kReplicas; ++i) cluster_.crash(std::to_string(i), 0);
  cluster_.heal();
  for (uint32_t i = 0; i < kReplicas; ++i) cluster_.start(std::to_string(i));
  propose("0", "new");
  cluster_.run_for(Duration::seconds(5));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    const std::string at = std::to_string(i);
    for (const char* name : {"old-0", "old-63", "new"}) EXPECT_TRUE(has(at, name)) << name;
  }
}

TEST_P(Certified, APayloadOfTwoOriginsIsOrderedOnce) {
  propose("0", "twice");
  propose("1", "twice");
  propose("2", "twice");
  propose("0", "other");
  cluster_.run_for(Duration::seconds(5));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    const std::string chain = cluster_.describe_chain(*cluster_.find(std::to_string(i)));
    EXPECT_EQ(count(chain, "twice"), 1U) << chain;
    EXPECT_EQ(count(chain, "other"), 1U) << chain;
  }
}

// More heights than a batch lives, and a batch that is certified only then.
TEST_P(Certified, AnExpiredBatchIsMadeAnew) {
  cluster_.lose({{"0"}, {}, {"batch"}});
  propose("0", "patient");
  for (uint32_t i = 0; i < 80; ++i) {
    propose("1", "filler-" + std::to_string(i));
    cluster_.run_for(Duration::milliseconds(100));
  }
  EXPECT_GT(cluster_.find("1")->engine().status().committed, Height(48));
  EXPECT_FALSE(has("1", "patient"));
  cluster_.heal();
  cluster_.run_for(Duration::seconds(10));
  for (uint32_t i = 0; i < kReplicas; ++i) EXPECT_TRUE(has(std::to_string(i), "patient")) << i;
}

class CertifiedAndForgotten : public Certified {
 protected:
  CertifiedAndForgotten() : Certified(1) {}
};

// Replica 3 has its batch certified and sees none of the blocks; then nobody has them any more.
TEST_P(CertifiedAndForgotten, AnOriginIsToldThatOthersHaveOrderedItsBatch) {
  std::vector<std::string> lost;
  for (unsigned type = 0; type < 256; ++type) {
    const std::string name(traits_of(GetParam()).message_name(static_cast<uint8_t>(type)));
    if (name != "unknown" && name != "acknowledgement") lost.push_back(name);
  }
  cluster_.lose({{}, {"3"}, lost});
  propose("3", "missed");
  const auto stable = [this] { return cluster_.find("0")->engine().status().stable_checkpoint; };
  for (uint32_t i = 0; i < 100 && stable() <= Height(8); ++i) {
    propose("1", "filler-" + std::to_string(i));
    cluster_.run_for(Duration::milliseconds(300));
  }
  ASSERT_GT(stable(), Height(8));
  ASSERT_EQ(cluster_.find("3")->engine().status().committed, Height(0));
  EXPECT_GT(cluster_.find("3")->engine().status().mempool.count(), 0U);
  cluster_.heal();
  cluster_.run_for(Duration::seconds(10));
  EXPECT_EQ(cluster_.find("3")->engine().counters().state_transfers, 1U);
  EXPECT_EQ(cluster_.find("3")->engine().status().mempool.count(), 0U);
  // And its next one is not held up by what nobody acknowledges any more.
  propose("3", "next");
  cluster_.run_for(Duration::seconds(2));
  EXPECT_TRUE(has("3", "next"));
  EXPECT_FALSE(has("3", "missed"));
}

INSTANTIATE_TEST_SUITE_P(Engines, CertifiedAndForgotten,
                         ::testing::ValuesIn(certifying_protocols()), [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CertifiedAndForgotten);

INSTANTIATE_TEST_SUITE_P(Engines, Certified, ::testing::ValuesIn(certifying_protocols()),
                         [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Certified);

}  // namespace
}  // namespace govchain::consensus::testing
