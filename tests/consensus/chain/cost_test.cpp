// What the three modes of EngineConfig::proposal_bodies cost whoever proposes, and how long they
// take, as consensus/chain/README.md states it.

#include <tuple>

#include <gtest/gtest.h>

#include "tests/consensus/tendermint/world.h"

namespace govchain::consensus::chain {
namespace {

using tendermint::testing::Cluster;
using tendermint::testing::ClusterOptions;

constexpr uint64_t kHeader = 146;        // of any message
constexpr uint64_t kName = 44;           // a payload without its bytes
constexpr uint64_t kBlock = 44;          // a block without payloads
constexpr uint64_t kSize = 1'000;        // of the payload
constexpr uint64_t kProof = 4 + 24;      // of a batch that stands whole in the block
constexpr uint64_t kSignature = 4 + 64;  // in such a proof
constexpr uint64_t kValidRound = 8;      // in a Tendermint proposal
constexpr uint32_t kProposer = 1;        // of height 1
constexpr uint32_t kOrigin = 2;

class BodiesCost : public ::testing::TestWithParam<std::tuple<uint32_t, ProposalBodies>> {
 protected:
  static uint64_t n() { return std::get<0>(GetParam()); }
  static ProposalBodies bodies() { return std::get<1>(GetParam()); }
  static ClusterOptions options() {
    ClusterOptions options = tendermint::testing::tendermint_world(static_cast<uint32_t>(n()));
    options.engine.base_timeout = Duration::seconds(60);
    options.engine.proposal_bodies = bodies();
    options.engine.genesis.version = kProposalsByDigestSince;
    options.least_delay = options.most_delay = Duration::milliseconds(7);
    return options;
  }
};

TEST_P(BodiesCost, BytesThatTheProposerSends) {
  Cluster world(options());
  world.run_for(Duration::milliseconds(1));
  uint64_t sent = 0;
  world.set_filter([&](uint32_t from, uint32_t /*to*/, const Message& message) {
    if (from == kProposer) sent += message.wire_size.count();
    return true;
  });
  world.propose(kOrigin, 1, kSize);
  world.run_for(Duration::milliseconds(100));
  ASSERT_EQ(world.lowest_committed(), Height(1));
  // The proposal and two votes to each other replica.
  uint64_t expected = (n() - 1) * (3 * kHeader + kValidRound + kBlock + kName);
  if (bodies() == ProposalBodies::kCarried) expected += (n() - 1) * kSize;
  if (bodies() == ProposalBodies::kCertified) {
    const uint64_t weak = (n() - 1) / 3 + 1;
    expected += (n() - 1) * (kProof + weak * kSignature);
    expected += kHeader;  // its own acknowledgement, to the origin
  }
  EXPECT_EQ(sent, expected);
}

// From a client's replica, which does not propose, to commitment everywhere: to the proposer and
// three delays from there; a certificate takes the way to its holders and back before that.
TEST_P(BodiesCost, OneWayDelaysToCommitment) {
  Cluster world(options());
  world.run_for(Duration::milliseconds(1));
  const TimePoint start = world.now();
  world.propose(kOrigin, 1, kSize);
  world.run_for(Duration::milliseconds(100));
  const int64_t delays = bodies() == ProposalBodies::kCertified ? 6 : 4;
  for (uint32_t i = 0; i < world.size(); ++i) {
    EXPECT_EQ(world.committed_at(i, Height(1)), start + Duration::milliseconds(7 * delays)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, BodiesCost,
                         ::testing::Combine(::testing::Values(4, 16, 64),
                                            ::testing::Values(ProposalBodies::kCarried,
                                                              ProposalBodies::kByDigest,
                                                              ProposalBodies::kCertified)));

}  // namespace
}  // namespace govchain::consensus::chain
