// What a commit certificate proves, and what it does not.

#include "consensus/hotstuff/link.h"

#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/hotstuff/messages.h"

namespace govchain::consensus::hotstuff::testing {
namespace {

constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;

BlockRef block_at(uint64_t height) {
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(height);
  block->view = View(height);
  seal_block(kHash, *block);
  return BlockRef(std::move(block));
}

// A certificate of the last of blocks at heights 1, 2, … in these views, and its link down to the
// first.
CertificateRef proof(CommitRule rule, const std::vector<uint64_t>& views) {
  Link link;
  link.rule = rule;
  Digest parent = root_digest(kHash, Epoch(0), Height(0));
  View below(0);
  for (size_t i = 0; i < views.size(); ++i) {
    const NodeHeader node{block_at(i + 1)->digest, parent, View(views[i]), below};
    parent = node_digest(kHash, node);
    below = node.view;
    link.nodes.insert(link.nodes.begin(), node);
  }
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement.protocol = Protocol::kHotstuff;
  certificate->statement.type = static_cast<uint8_t>(MessageType::kVote);
  certificate->statement.view = below;
  certificate->statement.height = Height(views.size());
  certificate->statement.digest = parent;
  encode_link(link, certificate->link);
  return CertificateRef(std::move(certificate));
}

bool proves(const CertificateRef& certificate, uint64_t height) {
  return proof_of(kHash, *certificate, *block_at(height)).has_value();
}

TEST(HotstuffLink, TwoConsecutiveViewsMakeTheFirstFinalAndAllBelow) {
  EXPECT_TRUE(proves(proof(CommitRule::kTwoChain, {1, 2}), 1));
  EXPECT_TRUE(proves(proof(CommitRule::kTwoChain, {1, 4, 9, 10}), 1));
  EXPECT_FALSE(proves(proof(CommitRule::kTwoChain, {1}), 1));
}

TEST(HotstuffLink, AChainOverAFailedViewProvesNothing) {
  EXPECT_FALSE(proves(proof(CommitRule::kTwoChain, {1, 3}), 1));
  EXPECT_FALSE(proves(proof(CommitRule::kTwoChain, {1, 2, 4}), 1));
  EXPECT_FALSE(proves(proof(CommitRule::kThreeChain, {1, 2, 4}), 1));
  EXPECT_FALSE(proves(proof(CommitRule::kThreeChain, {1, 3, 4}), 1));
}

TEST(HotstuffLink, TheThreeChainRuleTakesThree) {
  EXPECT_TRUE(proves(proof(CommitRule::kThreeChain, {1, 2, 3}), 1));
  EXPECT_FALSE(proves(proof(CommitRule::kThreeChain, {1, 2}), 1));
}

TEST(HotstuffLink, OnlyTheBlockAtItsFootIsProven) {
  EXPECT_FALSE(proves(proof(CommitRule::kTwoChain, {1, 2, 3}), 2));
  EXPECT_EQ(proven_height(*proof(CommitRule::kTwoChain, {1, 2, 3})), Height(1));
}

TEST(HotstuffLink, EveryFlippedByteIsFound) {
  const CertificateRef genuine = proof(CommitRule::kTwoChain, {1, 2});
  for (size_t i = 0; i < genuine->link.size(); ++i) {
    Ref<Certificate> damaged = Ref<Certificate>::make();
    damaged->statement = genuine->statement;
    damaged->link = genuine->link;
    damaged->link[i] ^= 1U;
    EXPECT_FALSE(proves(CertificateRef(std::move(damaged)), 1)) << "byte " << i;
  }
}

TEST(HotstuffLink, EveryShorterEncodingIsRefused) {
  const CertificateRef genuine = proof(CommitRule::kTwoChain, {1, 2});
  for (size_t size = 0; size < genuine->link.size(); ++size) {
    EXPECT_FALSE(
        decode_link(kHash, genuine->statement.digest, std::span(genuine->link).first(size)));
  }
}

// A node's digest binds block, parent, view and the view of the certificate that it carries.
TEST(HotstuffLink, ANodeIsBoundByAllFourParts) {
  const NodeHeader node{block_at(1)->digest, block_at(2)->digest, View(3), View(2)};
  NodeHeader other = node;
  other.block = node.parent;
  EXPECT_NE(node_digest(kHash, other), node_digest(kHash, node));
  other = node;
  other.parent = node.block;
  EXPECT_NE(node_digest(kHash, other), node_digest(kHash, node));
  other = node;
  other.view = View(4);
  EXPECT_NE(node_digest(kHash, other), node_digest(kHash, node));
  other = node;
  other.parent_view = View(1);
  EXPECT_NE(node_digest(kHash, other), node_digest(kHash, node));
}

TEST(HotstuffMessages, TimeoutsSpellTheirView) {
  EXPECT_EQ(highest_of(timeout_digest(View(0x123456789A))), View(0x123456789A));
  Digest other = timeout_digest(View(1));
  other.bytes[31] = 1;
  EXPECT_FALSE(highest_of(other));
}

TEST(HotstuffMessages, BodiesDecodeToWhatWasEncoded) {
  ProposalBody body;
  body.parent = block_at(1)->digest;
  body.justify = proof(CommitRule::kTwoChain, {1, 2});
  body.timeout =
      TimeoutCertificate{View(4), {{ReplicaId(1), View(2), {}}, {ReplicaId(3), View(3), {}}}};
  std::vector<uint8_t> bytes;
  encode_body(body, bytes);
  const std::optional<ProposalBody> again = decode_proposal(bytes);
  ASSERT_TRUE(again && again->justify && again->timeout);
  EXPECT_EQ(again->parent, body.parent);
  EXPECT_EQ(again->justify->statement, body.justify->statement);
  EXPECT_EQ(again->justify->link, body.justify->link);
  EXPECT_EQ(again->timeout->entries, body.timeout->entries);
  EXPECT_EQ(again->timeout->highest(), View(3));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_proposal(std::span(bytes).first(size)));
  }
}

}  // namespace
}  // namespace govchain::consensus::hotstuff::testing
