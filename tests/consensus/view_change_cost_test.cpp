// What a change of leader costs, as the engines' READMEs state it ("Cost of a view change"):
// messages, signatures, bytes, log records, delays and syncs as functions of n, from the moment the
// timers fire until a payload that had waited is final everywhere.

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "tests/consensus/leader_failure.h"

namespace govchain::consensus::testing {
namespace {

using Counts = std::map<std::string, uint64_t>;

constexpr uint64_t kHeader = 146;           // of any message
constexpr uint64_t kPayload = 44 + 16;      // one payload of 16 bytes
constexpr uint64_t kBlock = 44 + kPayload;  // a block of one
constexpr uint64_t kRequest = kHeader + kPayload;
constexpr uint64_t kVote = kHeader;
constexpr Duration kDelay = Duration::milliseconds(3);
constexpr Duration kSync = Duration::milliseconds(5);

class ViewChangeCost : public ::testing::TestWithParam<uint32_t> {
 protected:
  [[nodiscard]] static uint64_t n() { return GetParam(); }
  [[nodiscard]] static uint64_t quorum() { return n() - (n() - 1) / 3; }
  [[nodiscard]] static uint64_t certificate() { return 70 + 68 * quorum(); }
  // Who is left, whom each of them broadcasts to (the failed one included), and who hears it.
  [[nodiscard]] static uint64_t live() { return n() - 1; }
  [[nodiscard]] static uint64_t heard() { return n() - 2; }

  [[nodiscard]] static LeaderFailure failure() {
    LeaderFailure failure;
    failure.world.replicas = GetParam();
    failure.world.delay = kDelay;
    return failure;
  }
  [[nodiscard]] static LeaderChange change(Protocol protocol, LeaderFailure failure) {
    return change_leader(traits_of(protocol), failure);
  }
  // Syncs one after the other on the way to the last commit.
  [[nodiscard]] static int64_t syncs(Protocol protocol, LeaderFailure failure) {
    failure.world.delay = Duration::zero();
    failure.world.sync = kSync;
    const Duration elapsed = change(protocol, failure).last;
    EXPECT_EQ(elapsed % kSync, Duration::zero());
    return elapsed / kSync;
  }
};
INSTANTIATE_TEST_SUITE_P(Sizes, ViewChangeCost, ::testing::Values(4, 7, 16, 64));

// --- PBFT

TEST_P(ViewChangeCost, PbftSendsViewChangesToAllAndOneNewView) {
  const LeaderChange change = this->change(Protocol::kPbft, failure());
  EXPECT_EQ(change.meter.messages, (Counts{{"view-change", live() * live()},
                                           {"new-view", live()},
                                           {"request", heard()},
                                           {"pre-prepare", live()},
                                           {"prepare", live() * heard()},
                                           {"commit", live() * live()}}));
  EXPECT_EQ(change.meter.signatures, 3 * n() - 2);
  EXPECT_EQ(change.meter.verifications, heard() * (3 * n() - 2));
  EXPECT_EQ(change.meter.bytes, live() * live() * (kHeader + 5) +
                                    live() * (kHeader + 4 + 36 * quorum()) + heard() * kRequest +
                                    live() * kBlock + 2 * live() * live() * kVote);
  EXPECT_EQ(change.meter.records, 5 * live());
  EXPECT_EQ(change.first, 4 * kDelay);
  EXPECT_EQ(change.last, 4 * kDelay);
  EXPECT_EQ(syncs(Protocol::kPbft, failure()), 5);
}

// Its proof is in every VIEW-CHANGE; the block itself is with everybody.
TEST_P(ViewChangeCost, PbftCarriesTheProofOfAPreparedBlockInEveryViewChange) {
  LeaderFailure failure = this->failure();
  failure.under_way = UnderWay::kBlock;
  const LeaderChange change = this->change(Protocol::kPbft, failure);
  const uint64_t proof = 66 + 68 * quorum();
  EXPECT_EQ(change.meter.messages.at("view-change"), live() * live());
  EXPECT_EQ(change.meter.total(), 3 * live() * live() + live() + heard());
  EXPECT_EQ(change.meter.signatures, 3 * n() - 2);
  EXPECT_EQ(change.meter.verifications, heard() * (3 * n() - 2) + live() * heard() * quorum());
  EXPECT_EQ(change.meter.bytes, live() * live() * (kHeader + 5 + proof) +
                                    live() * (kHeader + 4 + 36 * quorum()) + heard() * kRequest +
                                    2 * live() * live() * kVote);
  EXPECT_EQ(change.meter.records, 4 * live());
  EXPECT_EQ(change.last, 4 * kDelay);
}

// §4.4: the new view goes through the phases again for all above the stable checkpoint.
TEST_P(ViewChangeCost, PbftVotesAgainForEveryHeightAboveTheStableCheckpoint) {
  const LeaderChange none = change(Protocol::kPbft, failure());
  for (const uint64_t decided : {uint64_t{1}, uint64_t{2}}) {
    LeaderFailure failure = this->failure();
    failure.decided = decided;
    const LeaderChange more = change(Protocol::kPbft, failure);
    const uint64_t proof = 66 + 68 * quorum();
    EXPECT_EQ(more.meter.total() - none.meter.total(), decided * 2 * live() * live());
    EXPECT_EQ(more.meter.signatures - none.meter.signatures, decided * 2 * live());
    EXPECT_EQ(more.meter.verifications - none.meter.verifications,
              decided * live() * heard() * (quorum() + 1));
    EXPECT_EQ(more.meter.bytes - none.meter.bytes, decided * live() * live() * (proof + 2 * kVote));
    EXPECT_EQ(more.meter.records - none.meter.records, decided * live());
    EXPECT_EQ(more.last, none.last);
  }
}

TEST_P(ViewChangeCost, PbftCarriesTheStableCheckpointInEveryViewChange) {
  LeaderFailure failure = this->failure();
  failure.world.checkpoint_interval = 2;
  const LeaderChange none = change(Protocol::kPbft, failure);
  failure.decided = 2;
  const LeaderChange proven = change(Protocol::kPbft, failure);
  EXPECT_EQ(proven.meter.messages, none.meter.messages);
  EXPECT_EQ(proven.meter.signatures, none.meter.signatures);
  EXPECT_EQ(proven.meter.bytes - none.meter.bytes, live() * live() * certificate());
  EXPECT_EQ(proven.meter.verifications - none.meter.verifications, live() * heard() * quorum());
}

// --- QBFT

TEST_P(ViewChangeCost, QbftSendsRoundChangesToAllAndAProposalWithAQuorumOfThem) {
  const LeaderChange change = this->change(Protocol::kQbft, failure());
  EXPECT_EQ(change.meter.messages, (Counts{{"round-change", live() * live()},
                                           {"pre-prepare", live()},
                                           {"prepare", live() * live()},
                                           {"commit", live() * live()}}));
  EXPECT_EQ(change.meter.signatures, 3 * n() - 2);
  EXPECT_EQ(change.meter.verifications, heard() * (3 * n() - 2));
  EXPECT_EQ(change.meter.bytes, live() * live() * (kHeader + 1 + 2 * kVote) +
                                    live() * (kHeader + kBlock + 5 + 69 * quorum()));
  EXPECT_EQ(change.meter.records, 4 * live());
  EXPECT_EQ(change.first, 4 * kDelay);
  EXPECT_EQ(change.last, 4 * kDelay);
  EXPECT_EQ(syncs(Protocol::kQbft, failure()), 5);
}

TEST_P(ViewChangeCost, QbftCarriesThePreparesInEveryRoundChangeAndOnceInTheProposal) {
  LeaderFailure failure = this->failure();
  failure.under_way = UnderWay::kBlock;
  const LeaderChange change = this->change(Protocol::kQbft, failure);
  EXPECT_EQ(change.meter.total(), live() * (3 * n() - 2));
  EXPECT_EQ(change.meter.signatures, 3 * n() - 2);
  // The PREPAREs have all been counted as votes.
  EXPECT_EQ(change.meter.verifications, heard() * (3 * n() - 2));
  const uint64_t justification = 5 + (69 + 40) * quorum() + certificate();
  EXPECT_EQ(change.meter.bytes, live() * live() * (kHeader + 1 + 40 + certificate() + 2 * kVote) +
                                    live() * (kHeader + kBlock + justification));
  EXPECT_EQ(change.meter.records, 4 * live());
  EXPECT_EQ(change.last, 4 * kDelay);
}

// --- Tendermint

TEST_P(ViewChangeCost, TendermintVotesNilInTwoPhasesAndWaitsForThePrecommitTimeout) {
  const LeaderChange change = this->change(Protocol::kTendermint, failure());
  EXPECT_EQ(change.meter.messages, (Counts{{"proposal", live()},
                                           {"prevote", 2 * live() * live()},
                                           {"precommit", 2 * live() * live()}}));
  EXPECT_EQ(change.meter.signatures, 4 * n() - 3);
  EXPECT_EQ(change.meter.verifications, heard() * (4 * n() - 3));
  EXPECT_EQ(change.meter.bytes, live() * (kHeader + 8 + kBlock) + 4 * live() * live() * kVote);
  EXPECT_EQ(change.meter.records, 5 * live() + 1);
  const Duration wait = failure().world.timeout / 2;
  EXPECT_EQ(change.first, 5 * kDelay + wait);
  EXPECT_EQ(change.last, 5 * kDelay + wait);
  LeaderFailure slow_disk = failure();
  slow_disk.world.delay = Duration::zero();
  slow_disk.world.sync = kSync;
  EXPECT_EQ(this->change(Protocol::kTendermint, slow_disk).last, 6 * kSync + wait);
}

// --- HotStuff

TEST_P(ViewChangeCost, HotstuffSendsTimeoutsToAllAndThenIsLinear) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  const LeaderChange change = this->change(Protocol::kHotstuff, failure);
  EXPECT_EQ(change.meter.messages, (Counts{{"timeout", live() * live()},
                                           {"proposal", 2 * live()},
                                           {"vote", 2 * heard()},
                                           {"advance", live()}}));
  EXPECT_EQ(change.meter.signatures, 3 * n());
  // Each TIMEOUT, and its certificate once; in the first proposal the certificate of timeouts, in
  // the second and in the news that of the votes; the votes.
  EXPECT_EQ(change.meter.verifications, heard() * (n() - 1 + 3 * quorum() + 5));
  const uint64_t carried = certificate() + 4;  // with an empty link
  const uint64_t timeouts = 12 + 76 * quorum();
  EXPECT_EQ(change.meter.bytes, live() * live() * (kHeader + 1 + carried) +
                                    live() * (kHeader + 34 + carried + timeouts + kBlock) +
                                    live() * (kHeader + 34 + carried + 44) + 2 * heard() * kVote +
                                    live() * (kHeader + 1 + carried));
  // The payload's block and the empty one that ended the burst before become final together.
  EXPECT_EQ(change.meter.records, 5 * live());
  EXPECT_EQ(change.first, 5 * kDelay);
  EXPECT_EQ(change.last, 6 * kDelay);
  EXPECT_EQ(syncs(Protocol::kHotstuff, failure), 6);
}

TEST_P(ViewChangeCost, HotstuffsStableLeaderCostsTheSameToReplace) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  failure.world.settings.hotstuff.leader = hotstuff::LeaderPolicy::kStable;
  const LeaderChange change = this->change(Protocol::kHotstuff, failure);
  EXPECT_EQ(change.meter.messages.at("timeout"), live() * live());
  EXPECT_EQ(change.last, 6 * kDelay);
}

TEST_P(ViewChangeCost, HotstuffsThreeChainTakesOneViewMoreThen) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  failure.world.settings.hotstuff.commit_rule = hotstuff::CommitRule::kThreeChain;
  const LeaderChange change = this->change(Protocol::kHotstuff, failure);
  EXPECT_EQ(change.meter.messages.at("timeout"), live() * live());
  EXPECT_EQ(change.last, 8 * kDelay);
}

// --- Raft

TEST_P(ViewChangeCost, RaftElectsInTwoLinearRoundsAndOrdersBehindItsFirstEntry) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  const LeaderChange change = this->change(Protocol::kRaft, failure);
  // The first entry is also sent to the failed one, which gets no second before it answers.
  EXPECT_EQ(change.meter.messages, (Counts{{"pre-vote-request", live()},
                                           {"pre-vote-reply", heard()},
                                           {"vote-request", live()},
                                           {"vote-reply", heard()},
                                           {"append", live() + heard()},
                                           {"append-reply", 2 * heard()},
                                           {"commit-notice", 2 * live()},
                                           {"forward", heard()}}));
  EXPECT_EQ(change.meter.total(), 11 * n() - 17);
  EXPECT_EQ(change.meter.signatures, 0U);
  EXPECT_EQ(change.meter.verifications, 0U);
  EXPECT_EQ(change.meter.bytes,
            2 * live() * (kHeader + 17) + 2 * heard() * (kHeader + 1) +
                live() * (kHeader + 16 + 44) + heard() * (kHeader + 16 + kBlock) +
                2 * heard() * (kHeader + 17) + 2 * live() * (kHeader + 8) + heard() * (kRequest));
  EXPECT_EQ(change.meter.records, 3 * live());
  EXPECT_EQ(change.first, 8 * kDelay);
  EXPECT_EQ(change.last, 9 * kDelay);
  EXPECT_EQ(syncs(Protocol::kRaft, failure), 4);
}

TEST_P(ViewChangeCost, RaftWithoutPreVoteSparesARound) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  failure.world.settings.raft.pre_vote = false;
  const LeaderChange change = this->change(Protocol::kRaft, failure);
  EXPECT_EQ(change.meter.total(), 11 * n() - 17 - (2 * n() - 3));
  EXPECT_EQ(change.first, 6 * kDelay);
  EXPECT_EQ(change.last, 7 * kDelay);
}

// Paper §5.4.2: it becomes final with the new leader's first entry.
TEST_P(ViewChangeCost, RaftsEntryUnderWayIsFinalTwoDelaysSooner) {
  LeaderFailure failure = this->failure();
  failure.decided = 1;
  failure.under_way = UnderWay::kBlock;
  const LeaderChange change = this->change(Protocol::kRaft, failure);
  EXPECT_EQ(change.meter.total(), 4 * live() + 3 * heard());
  EXPECT_EQ(change.first, 6 * kDelay);
  EXPECT_EQ(change.last, 7 * kDelay);
  EXPECT_EQ(syncs(Protocol::kRaft, failure), 3);
}

}  // namespace
}  // namespace govchain::consensus::testing
