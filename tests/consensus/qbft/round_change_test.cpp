// What makes a ROUND-CHANGE or a proposal of a later round valid (Algorithm 4), case by case, and
// the small closed parts: bodies and records.

#include <functional>

#include <gtest/gtest.h>

#include "consensus/qbft/engine.h"
#include "consensus/qbft/messages.h"
#include "consensus/qbft/records.h"

namespace govchain::consensus::qbft::testing {
namespace {

constexpr ChainId kChain{7};

Digest digest_of(uint8_t seed) {
  Digest digest;
  digest.bytes[0] = seed;
  return digest;
}

CertificateRef prepares(View round, const Digest& digest, uint32_t signers, uint64_t height = 1) {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement =
      Statement{kChain, Epoch(), Protocol::kQbft, 2, round, Height(height), digest};
  for (uint32_t i = 0; i < signers; ++i) {
    certificate->signers.emplace_back(i);
    certificate->signatures.push_back(Signature{});
  }
  return CertificateRef(std::move(certificate));
}

BlockRef block_of(uint64_t round, uint32_t proposer) {
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(1);
  block->view = View(round);
  block->proposer = ReplicaId(proposer);
  seal_block(HashAlgorithm::kSha256, *block);
  return BlockRef(std::move(block));
}

// Replica 3 of four, at height 1; every signature verifies.
class Replica {
 public:
  Replica() {
    config_.chain = kChain;
    config_.self = ReplicaId(3);
    for (uint32_t i = 0; i < 4; ++i) config_.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
    engine_ = make_qbft(config_, {}, {});
    EffectSink sink;
    engine_->step(TimePoint(), {}, sink);
  }
  void receive(MessageType type, uint32_t sender, uint64_t round, const Digest& digest,
               std::vector<uint8_t> body = {}, BlockRef block = {}) {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kQbft;
    message->type = static_cast<uint8_t>(type);
    message->sender = ReplicaId(sender);
    message->view = View(round);
    message->height = Height(1);
    message->digest = digest;
    message->body = std::move(body);
    message->block = std::move(block);
    seal_message(*message);
    inputs_.push_back(input::MessageReceived{ReplicaId(sender), MessageRef(std::move(message))});
    run();
  }
  void ask(uint32_t sender, uint64_t round, const RoundChangeBody& body = {}) {
    std::vector<uint8_t> bytes;
    encode_body(body, bytes);
    receive(MessageType::kRoundChange, sender, round,
            round_change_digest(HashAlgorithm::kSha256, body.prepared), bytes);
  }
  // True if it was accepted.
  bool propose(uint64_t round, const BlockRef& block, const Justification& justification) {
    std::vector<uint8_t> bytes;
    encode_body(justification, bytes);
    receive(MessageType::kPrePrepare, static_cast<uint32_t>(round % 4), round, block->digest, bytes,
            block);
    return engine_->status().proposed == Height(1) && engine_->status().view == View(round);
  }
  [[nodiscard]] const Engine& engine() const { return *engine_; }

 private:
  void run() {
    while (!inputs_.empty()) {
      sink_.clear();
      engine_->step(TimePoint(), inputs_, sink_);
      inputs_.clear();
      for (Effect& effect : sink_.effects()) {
        if (auto* verify = std::get_if<effect::Verify>(&effect)) {
          inputs_.push_back(input::Verified{verify->token, true, verify->message});
        } else if (auto* claims = std::get_if<effect::VerifyClaims>(&effect)) {
          inputs_.push_back(input::Verified{claims->token, true, {}});
        } else if (auto* sign = std::get_if<effect::Sign>(&effect)) {
          inputs_.push_back(input::Signed{sign->token, {}});
        } else if (auto* persist = std::get_if<effect::Persist>(&effect)) {
          inputs_.push_back(input::Persisted{persist->ticket});
        }
      }
    }
  }

  EngineConfig config_;
  std::unique_ptr<Engine> engine_;
  std::vector<Input> inputs_;
  EffectSink sink_;
};

Justification nothing_prepared(uint32_t members) {
  Justification justification;
  for (uint32_t i = 0; i < members; ++i) {
    justification.round_changes.push_back({ReplicaId(i), std::nullopt, Signature{}});
  }
  return justification;
}

TEST(QbftJustification, AQuorumThatPreparedNothingLetsTheLeaderProposeItsOwn) {
  EXPECT_TRUE(Replica().propose(1, block_of(1, 1), nothing_prepared(3)));
  EXPECT_FALSE(Replica().propose(1, block_of(1, 1), nothing_prepared(2)));
  EXPECT_FALSE(Replica().propose(1, block_of(1, 1), {}));
  // A block of an earlier round would have to be prepared.
  EXPECT_FALSE(Replica().propose(1, block_of(0, 0), nothing_prepared(3)));
}

TEST(QbftJustification, TheHighestPreparedBlockMustBeProposedWithItsPrepares) {
  const BlockRef low = block_of(0, 0);
  const BlockRef high = block_of(1, 1);
  Justification justification = nothing_prepared(3);
  justification.round_changes[0].prepared = Prepared{View(0), low->digest};
  justification.round_changes[2].prepared = Prepared{View(1), high->digest};
  justification.prepares = prepares(View(1), high->digest, 3);
  EXPECT_EQ(highest_prepared(justification), justification.round_changes[2].prepared);
  EXPECT_TRUE(Replica().propose(2, high, justification));
  EXPECT_FALSE(Replica().propose(2, block_of(2, 2), justification));

  Justification wrong = justification;
  wrong.prepares = prepares(View(1), high->digest, 2);
  EXPECT_FALSE(Replica().propose(2, high, wrong)) << "less than a quorum of PREPAREs";
  wrong.prepares = {};
  EXPECT_FALSE(Replica().propose(2, high, wrong)) << "no PREPAREs";
  wrong.prepares = prepares(View(0), low->digest, 3);
  EXPECT_FALSE(Replica().propose(2, low, wrong)) << "not the highest";
  wrong = justification;
  wrong.round_changes[1].prepared = Prepared{View(1), low->digest};
  EXPECT_FALSE(Replica().propose(2, high, wrong)) << "two blocks prepared in one round";
  wrong = justification;
  wrong.round_changes[1].prepared = Prepared{View(2), high->digest};
  EXPECT_FALSE(Replica().propose(2, high, wrong)) << "prepared in the round itself";
}

TEST(QbftJustification, ARoundChangeProvesWhatItSaysIsPrepared) {
  const Digest digest = digest_of(1);
  const auto accepted = [&](const RoundChangeBody& body) {
    Replica replica;
    replica.ask(0, 2, body);
    return replica.engine().counters().accepted == 1;
  };
  EXPECT_TRUE(accepted({}));
  EXPECT_TRUE(accepted({Prepared{View(1), digest}, prepares(View(1), digest, 3)}));
  EXPECT_FALSE(accepted({Prepared{View(1), digest}, prepares(View(1), digest, 2)}));
  EXPECT_FALSE(accepted({Prepared{View(1), digest}, prepares(View(0), digest, 3)}));
  EXPECT_FALSE(accepted({Prepared{View(1), digest}, prepares(View(1), digest_of(2), 3)}));
  EXPECT_FALSE(accepted({Prepared{View(1), digest}, prepares(View(1), digest, 3, 2)}));
  EXPECT_FALSE(accepted({Prepared{View(2), digest}, prepares(View(2), digest, 3)}));
}

TEST(QbftRoundChange, FPlusOneThatAskForLaterRoundsAreFollowedToTheLowestOfThem) {
  Replica replica;
  replica.ask(0, 7);
  EXPECT_EQ(replica.engine().status().view, View(0));
  replica.ask(1, 5);
  EXPECT_EQ(replica.engine().status().view, View(5));
  // Not again by the same, nor by one alone.
  replica.ask(1, 9);
  EXPECT_EQ(replica.engine().status().view, View(7));
  replica.ask(1, 20);
  EXPECT_EQ(replica.engine().status().view, View(7));
}

// Besu's GHSA-23rh-rrqg-wq82: round changes for ever more rounds filled its memory.
TEST(QbftRoundChange, AMemberIsRememberedByItsLastOneOnly) {
  Replica replica;
  replica.ask(0, 1);
  const Bytes before = replica.engine().memory();
  for (uint64_t round = 2; round < 2'000; ++round) replica.ask(0, round);
  EXPECT_LE(replica.engine().memory().count(), before.count() + 64);
}

TEST(QbftRoundChange, AProposalOfALaterRoundLeadsThereByItself) {
  Replica replica;
  EXPECT_TRUE(replica.propose(5, block_of(5, 1), nothing_prepared(3)));
  // Not back.
  EXPECT_FALSE(replica.propose(4, block_of(4, 0), nothing_prepared(3)));
}

TEST(QbftMessages, BodiesDecodeToWhatWasEncodedAndNothingElseDecodes) {
  RoundChangeBody asked{Prepared{View(3), digest_of(4)}, prepares(View(3), digest_of(4), 3)};
  std::vector<uint8_t> bytes;
  encode_body(asked, bytes);
  const auto round_change = decode_round_change(bytes);
  ASSERT_TRUE(round_change);
  EXPECT_EQ(round_change->prepared, asked.prepared);
  std::vector<uint8_t> again;
  encode_body(*round_change, again);
  EXPECT_EQ(again, bytes);
  bytes.push_back(0);
  EXPECT_FALSE(decode_round_change(bytes));

  Justification justification = nothing_prepared(3);
  justification.round_changes[1].prepared = asked.prepared;
  justification.prepares = asked.prepares;
  bytes.clear();
  encode_body(justification, bytes);
  const auto decoded = decode_justification(bytes);
  ASSERT_TRUE(decoded);
  again.clear();
  encode_body(*decoded, again);
  EXPECT_EQ(again, bytes);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(decode_justification(std::span(bytes).first(cut))) << cut;
  }
  std::swap(justification.round_changes[0], justification.round_changes[1]);
  bytes.clear();
  encode_body(justification, bytes);
  EXPECT_FALSE(decode_justification(bytes)) << "not ascending";

  Standing standing;
  standing.proposal = true;
  standing.wanted = digest_of(9);
  add_to(standing.round_changes, 11);
  bytes.clear();
  encode_body(standing, bytes);
  const auto stood = decode_standing(bytes);
  ASSERT_TRUE(stood);
  EXPECT_TRUE(contains(stood->round_changes, 11));
  EXPECT_FALSE(contains(stood->round_changes, 12));
  EXPECT_EQ(stood->wanted, standing.wanted);
}

TEST(QbftRecords, SurviveTheLog) {
  const std::vector<uint8_t> justification{1, 2, 3};
  const auto record = make_proposal_record(View(4), Signature{}, justification, block_of(1, 1));
  const auto proposal = read_proposal(*record);
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->round, View(4));
  EXPECT_EQ(proposal->justification, justification);
  const auto asked = read_round_change(*make_record(RoundChangeRecord{Height(3), View(2)}));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->height, Height(3));
  EXPECT_EQ(asked->round, View(2));
}

}  // namespace
}  // namespace govchain::consensus::qbft::testing
