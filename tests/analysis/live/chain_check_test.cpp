// The checks after a run find what they are there for.

#include "analysis/live/chain_check.h"

#include <gtest/gtest.h>

namespace govchain::analysis::live {
namespace {

using consensus::Digest;
using consensus::Height;

Digest digest(uint8_t value) {
  Digest digest;
  digest.bytes[0] = value;
  return digest;
}

// Blocks 1 to 3, and payload 10 + h in block h.
ReplicaChain chain_of(uint32_t replica) {
  ReplicaChain chain;
  chain.replica = replica;
  chain.oldest = Height(1);
  for (uint8_t height = 1; height <= 3; ++height) {
    chain.blocks.push_back(digest(height));
    chain.payloads[digest(static_cast<uint8_t>(10 + height))] = Height(height);
  }
  chain.checkpoint = Height(2);
  chain.state_root = digest(100);
  return chain;
}

SubmissionRecord acknowledged(uint8_t payload, uint64_t height) {
  SubmissionRecord record;
  record.payload = digest(payload);
  record.height = Height(height);
  record.fate = Fate::kAcknowledged;
  return record;
}

std::vector<std::string> rules_broken(const std::vector<ReplicaChain>& chains,
                                      const std::vector<SubmissionRecord>& submissions) {
  ChecksDone done;
  std::vector<sim::Violation> violations;
  check_chains(chains, submissions, done, violations);
  std::vector<std::string> rules;
  for (const sim::Violation& one : violations) rules.push_back(one.rule);
  return rules;
}

using Rules = std::vector<std::string>;

TEST(ChainCheck, FindsNothingWhereAllIsWell) {
  ChecksDone done;
  std::vector<sim::Violation> violations;
  check_chains({chain_of(0), chain_of(1)}, {acknowledged(11, 1), acknowledged(13, 3)}, done,
               violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(done.blocks_compared, 3U);
  EXPECT_EQ(done.state_roots_compared, 1U);
  EXPECT_EQ(done.acknowledged, 2U);
}

TEST(ChainCheck, FindsTwoBlocksOfOneHeight) {
  ReplicaChain other = chain_of(1);
  other.blocks[1] = digest(77);
  EXPECT_EQ(rules_broken({chain_of(0), other}, {}), Rules{"agreement"});
}

TEST(ChainCheck, FindsTwoStatesAfterOneBlock) {
  ReplicaChain other = chain_of(1);
  other.state_root = digest(101);
  EXPECT_EQ(rules_broken({chain_of(0), other}, {}), Rules{"state root"});
}

TEST(ChainCheck, FindsAnAcknowledgedPayloadThatOneReplicaLacks) {
  ReplicaChain other = chain_of(1);
  other.payloads.erase(digest(12));
  EXPECT_EQ(rules_broken({chain_of(0), other}, {acknowledged(12, 2)}), Rules{"acknowledged"});
}

TEST(ChainCheck, FindsAnAcknowledgedPayloadBeyondTheEndOfAChain) {
  EXPECT_EQ(rules_broken({chain_of(0)}, {acknowledged(14, 4)}), Rules{"acknowledged"});
}

TEST(ChainCheck, FindsAPayloadInAnotherBlockThanWasSaid) {
  EXPECT_EQ(rules_broken({chain_of(0)}, {acknowledged(12, 3)}), Rules{"acknowledged"});
}

TEST(ChainCheck, AsksNothingOfTheEndOfAReplicaThatStayedDown) {
  ReplicaChain down = chain_of(1);
  down.is_complete = false;
  down.blocks.pop_back();
  down.payloads.erase(digest(13));
  EXPECT_EQ(rules_broken({chain_of(0), down}, {acknowledged(13, 3)}), Rules{});
}

TEST(ChainCheck, AsksNothingOfBlocksForWhichAFetchedStateStands) {
  ReplicaChain fetched = chain_of(1);
  fetched.oldest = Height(2);
  fetched.blocks.erase(fetched.blocks.begin());
  fetched.payloads.erase(digest(11));
  EXPECT_EQ(rules_broken({chain_of(0), fetched}, {acknowledged(11, 1)}), Rules{});
}

}  // namespace
}  // namespace govchain::analysis::live
