// What peers may throw at a replica, and what it promises about itself: no allocation per message,
// equal decisions however inputs are cut into steps, faithful clones. And the pure parts' corners
// that the model's traces do not reach.

#include <array>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/tendermint/messages.h"
#include "consensus/tendermint/proposer_schedule.h"
#include "consensus/tendermint/vote_keeper.h"
#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/tendermint/world.h"

namespace govchain::consensus::tendermint::testing {
namespace {

// Replica 0, and the keys of everybody, driven by hand.
class Bench {
 public:
  explicit Bench(uint32_t replicas) : replicas_(replicas) {
    config_.chain = ChainId(7);
    config_.base_timeout = Duration::seconds(1'000);
    config_.max_timeout = Duration::seconds(1'000);
    config_.checkpoint_interval = 1'000;
    for (uint32_t i = 0; i < replicas; ++i) {
      config_.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
    }
    schedule_.build(config_.genesis);
    engine_ = make_tendermint(config_, {}, {});
    EffectSink sink;
    engine_->step(TimePoint(), {}, sink);
  }

  static BlockRef block(uint64_t height, uint64_t number) {
    Ref<Block> block = Ref<Block>::make();
    block->height = Height(height);
    const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(number),
                                          static_cast<uint8_t>(number >> 8U)};
    block->payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, 1));
    seal_block(HashAlgorithm::kSha256, *block);
    return BlockRef(std::move(block));
  }
  static MessageRef message(MessageType type, uint32_t sender, uint64_t height, Round round,
                            const Digest& digest, BlockRef block = {},
                            Round valid_round = kNoRound) {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kTendermint;
    message->type = static_cast<uint8_t>(type);
    message->sender = ReplicaId(sender);
    message->epoch = Epoch();
    message->view = view_of(round);
    message->height = Height(height);
    message->digest = digest;
    if (block) {
      message->digest = proposal_digest(HashAlgorithm::kSha256, block->digest, valid_round);
      encode_valid_round(valid_round, message->body);
      message->block = std::move(block);
    }
    seal_message(*message);
    return MessageRef(std::move(message));
  }
  [[nodiscard]] MessageRef proposal(uint64_t height, const BlockRef& block) const {
    return message(MessageType::kProposal, schedule_.proposer(Height(height), 0), height, 0, {},
                   block);
  }
  // Inputs, and answers to everything the engine asks for, all valid.
  void feed(const Input& input) {
    inputs_.push_back(input);
    while (!inputs_.empty()) {
      sink_.clear();
      engine_->step(now_, inputs_, sink_);
      inputs_.clear();
      for (Effect& effect : sink_.effects()) answer(effect);
    }
  }
  void receive(const MessageRef& message) {
    feed(input::MessageReceived{message->sender, message});
  }
  void decide(uint64_t height) {
    const BlockRef decided = block(height, height);
    if (schedule_.proposer(Height(height), 0) != 0) receive(proposal(height, decided));
    for (const MessageType type : {MessageType::kPrevote, MessageType::kPrecommit}) {
      for (uint32_t i = 1; i < replicas_; ++i) {
        receive(message(type, i, height, 0, decided->digest));
      }
    }
  }

  EngineConfig config_;
  ProposerSchedule schedule_;
  std::unique_ptr<Engine> engine_;
  TimePoint now_;
  bool valid_ = true;
  uint64_t verifications_ = 0;
  std::vector<effect::EvidenceFound> evidence_;

 private:
  void answer(Effect& effect) {
    if (auto* verify = std::get_if<effect::Verify>(&effect)) {
      ++verifications_;
      inputs_.push_back(input::Verified{verify->token, valid_, verify->message});
    } else if (auto* claims = std::get_if<effect::VerifyClaims>(&effect)) {
      inputs_.push_back(input::Verified{claims->token, valid_, {}});
    } else if (auto* sign = std::get_if<effect::Sign>(&effect)) {
      inputs_.push_back(input::Signed{sign->token, {}});
    } else if (auto* persist = std::get_if<effect::Persist>(&effect)) {
      inputs_.push_back(input::Persisted{persist->ticket});
    } else if (auto* execute = std::get_if<effect::Execute>(&effect)) {
      inputs_.push_back(input::Executed{execute->block->height, Digest{}});
    } else if (auto* evidence = std::get_if<effect::EvidenceFound>(&effect)) {
      evidence_.push_back(*evidence);
    }
  }
  uint32_t replicas_;
  std::vector<Input> inputs_;
  EffectSink sink_;
};

TEST(TendermintHotPath, AVoteCostsNoAllocation) {
  Bench bench(128);
  for (uint64_t height = 1; height <= 5; ++height) bench.decide(height);
  ASSERT_EQ(bench.engine_->status().committed, Height(5));
  const BlockRef block = Bench::block(6, 6);
  bench.receive(bench.proposal(6, block));
  std::vector<MessageRef> votes;
  // One short of the quorum of 86, of which this replica is one.
  for (uint32_t i = 1; i < 84; ++i) {
    votes.push_back(Bench::message(MessageType::kPrevote, i, 6, 0, block->digest));
  }
  bench.receive(Bench::message(MessageType::kPrevote, 84, 6, 0, block->digest));
  ::govchain::consensus::testing::AllocationCounter counter;
  for (const MessageRef& vote : votes) bench.receive(vote);
  EXPECT_EQ(counter.count(), 0U);
}

TEST(TendermintInput, AVoteIsVerifiedOnceAndNotAfterTheQuorum) {
  Bench bench(4);
  bench.decide(1);
  const uint64_t before = bench.verifications_;
  bench.receive(Bench::message(MessageType::kPrecommit, 3, 1, 0, Bench::block(1, 1)->digest));
  EXPECT_EQ(bench.verifications_, before);
  EXPECT_GT(bench.engine_->counters().stale, 0U);
}

TEST(TendermintInput, ForgedVotesDoNotCountAndDoNotBlockTheRealOnes) {
  Bench bench(4);
  const BlockRef block = Bench::block(1, 1);
  bench.receive(bench.proposal(1, block));
  const auto vote = [&] {
    for (uint32_t i = 1; i < 4; ++i) {
      bench.receive(Bench::message(MessageType::kPrecommit, i, 1, 0, block->digest));
    }
  };
  bench.valid_ = false;
  vote();
  EXPECT_EQ(bench.engine_->counters().forged, 3U);
  EXPECT_EQ(bench.engine_->status().committed, Height(0));
  bench.valid_ = true;
  vote();
  EXPECT_EQ(bench.engine_->status().committed, Height(1));
}

TEST(TendermintInput, VotesOfStrangersAndProposalsOutOfTurnAreDropped) {
  Bench bench(4);
  const BlockRef block = Bench::block(1, 1);
  bench.receive(Bench::message(MessageType::kPrevote, 9, 1, 0, block->digest));
  bench.receive(Bench::message(MessageType::kProposal, 2, 1, 0, {}, block));
  EXPECT_EQ(bench.engine_->counters().unauthorised, 2U);
  EXPECT_EQ(bench.verifications_, 0U);
}

TEST(TendermintInput, AProposalWhoseSignatureDoesNotCoverBlockAndValidRoundIsMalformed) {
  Bench bench(4);
  const BlockRef block = Bench::block(1, 1);
  Ref<Message> other = Ref<Message>::make();
  other->protocol = Protocol::kTendermint;
  other->type = static_cast<uint8_t>(MessageType::kProposal);
  other->sender = ReplicaId(1);
  other->epoch = Epoch();
  other->view = View();
  other->height = Height(1);
  other->digest = block->digest;
  encode_valid_round(kNoRound, other->body);
  other->block = block;
  seal_message(*other);
  bench.receive(MessageRef(std::move(other)));
  // A valid round that is not before the round itself.
  bench.receive(Bench::message(MessageType::kProposal, 1, 1, 0, {}, block, 0));
  EXPECT_EQ(bench.engine_->counters().malformed, 2U);
}

TEST(TendermintEvidence, TwoPrecommitsOfOneRoundAreReportedOnceAndOfTwoRoundsNot) {
  Bench bench(4);
  const Digest a = Bench::block(1, 1)->digest;
  const Digest b = Bench::block(1, 2)->digest;
  bench.receive(Bench::message(MessageType::kPrecommit, 2, 1, 1, b));
  bench.receive(Bench::message(MessageType::kPrecommit, 2, 1, 0, a));
  bench.receive(Bench::message(MessageType::kPrevote, 2, 1, 0, b));
  EXPECT_TRUE(bench.evidence_.empty());
  for (int i = 0; i < 3; ++i) {
    bench.receive(Bench::message(MessageType::kPrecommit, 2, 1, 0, b));
  }
  ASSERT_EQ(bench.evidence_.size(), 1U);
  EXPECT_EQ(bench.evidence_[0].first.signer, ReplicaId(2));
}

// Any header with any body, of any sender: counted, and nothing worse.
TEST(TendermintInput, RubbishIsCountedAndDropped) {
  uint64_t state = 99;
  const auto random = [&state](uint64_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % bound;
  };
  Bench bench(4);
  bench.valid_ = false;
  const auto memory = bench.engine_->memory();
  for (int i = 0; i < 20'000; ++i) {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kTendermint;
    message->type = static_cast<uint8_t>(random(3) == 0 ? 128 + random(10) : random(5));
    message->sender = ReplicaId(static_cast<uint32_t>(random(5)));
    message->epoch = Epoch(random(2));
    message->view = View(random(3));
    message->height = Height(random(40));
    message->digest.bytes[0] = static_cast<uint8_t>(random(3));
    message->body.resize(random(60));
    for (uint8_t& byte : message->body) {
      byte = static_cast<uint8_t>(random(4) == 0 ? random(256) : 0);
    }
    if (random(4) == 0) message->block = Bench::block(random(40), random(9));
    seal_message(*message);
    const ReplicaId from(static_cast<uint32_t>(random(5)));
    bench.feed(input::MessageReceived{from, MessageRef(std::move(message))});
  }
  EXPECT_EQ(bench.engine_->counters().evidence, 0U);
  EXPECT_EQ(bench.engine_->status().committed, Height(0));
  EXPECT_LT(bench.engine_->memory().count(), memory.count() + (1U << 20U));
}

TEST(TendermintContract, ACloneDecidesAsItsOriginal) {
  Bench bench(4);
  bench.decide(1);
  const std::unique_ptr<Engine> copy = bench.engine_->clone();
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  const Input input = input::MessageReceived{ReplicaId(2), bench.proposal(2, Bench::block(2, 2))};
  EffectSink first;
  EffectSink second;
  bench.engine_->step(TimePoint(), std::span(&input, 1), first);
  EXPECT_NE(copy->fingerprint(), bench.engine_->fingerprint());
  copy->step(TimePoint(), std::span(&input, 1), second);
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  EXPECT_EQ(first.effects().size(), second.effects().size());
}

TEST(TendermintContract, HowInputsAreCutIntoStepsDoesNotMatter) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Bench bench(4);
    const std::unique_ptr<Engine> together = bench.engine_->clone();
    const std::unique_ptr<Engine> apart = bench.engine_->clone();
    std::vector<Input> inputs;
    for (uint64_t i = 0; i < 12; ++i) {
      if ((seed * 7 + i) % 3 == 0) {
        inputs.push_back(input::Propose{Bench::block(1, seed * 100 + i)->payloads[0]});
      } else {
        inputs.push_back(input::MessageReceived{
            ReplicaId(2),
            Bench::message(i % 2 == 0 ? MessageType::kPrevote : MessageType::kPrecommit, 2,
                           1 + i % 2, static_cast<Round>(i % 4), Bench::block(1, i)->digest)});
      }
    }
    EffectSink a;
    EffectSink b;
    together->step(TimePoint(), inputs, a);
    for (const Input& input : inputs) apart->step(TimePoint(), std::span(&input, 1), b);
    EXPECT_EQ(together->fingerprint(), apart->fingerprint());
    EXPECT_EQ(a.effects().size(), b.effects().size());
  }
}

// --- pure parts

Membership members(const std::vector<uint64_t>& weights) {
  Membership membership;
  for (uint32_t i = 0; i < weights.size(); ++i) {
    membership.members.push_back({ReplicaId(i), weights[i], {}});
  }
  return membership;
}

TEST(TendermintProposers, TakeTurnsByWeight) {
  ProposerSchedule schedule;
  schedule.build(members({1, 0, 3, 2}));
  std::array<int, 4> turns{};
  for (Round round = 0; round < 6; ++round) {
    ++turns[schedule.proposer(Height(5), round)];
    EXPECT_EQ(schedule.proposer(Height(5), round + 1), schedule.proposer(Height(6), round));
  }
  EXPECT_EQ(turns, (std::array<int, 4>{1, 0, 3, 2}));
}

TEST(TendermintProposers, AreBoundedWhateverTheWeights) {
  ProposerSchedule schedule;
  schedule.build(members({1'000'000'007, 1, 999'999'937}));
  EXPECT_LE(schedule.turns(), ProposerSchedule::kMaxTurns + 3);
  bool light = false;
  for (Round round = 0; round < static_cast<Round>(schedule.turns()); ++round) {
    light |= schedule.proposer(Height(1), round) == 1;
  }
  EXPECT_TRUE(light);
}

TEST(TendermintVotes, OneSenderFillsFewRoundsAhead) {
  VoteKeeper keeper;
  keeper.reset({1, 1, 1, 1}, 3, 2);
  Threshold reached;
  for (Round round = 2; round < 500; ++round) {
    EXPECT_TRUE(keeper.add({VoteType::kPrevote, round, 3, {}, {}}, 0, reached));
  }
  EXPECT_LE(keeper.rounds().size(), VoteKeeper::kFutureRounds + 1U);
  EXPECT_EQ(keeper.rounds().back().round, 499);
  EXPECT_EQ(keeper.skip_target(0), kNoRound);
}

TEST(TendermintVotes, AnEquivocatorCountsForEachOfItsValuesOnce) {
  VoteKeeper keeper;
  keeper.reset({1, 1, 1, 1}, 3, 2);
  Threshold reached;
  Digest value;
  value.bytes[0] = 1;
  EXPECT_TRUE(keeper.add({VoteType::kPrevote, 0, 0, {}, {}}, 0, reached));
  EXPECT_TRUE(keeper.add({VoteType::kPrevote, 0, 1, value, {}}, 0, reached));
  EXPECT_TRUE(keeper.add({VoteType::kPrevote, 0, 2, value, {}}, 0, reached));
  EXPECT_FALSE(keeper.has_polka(0, value));
  EXPECT_FALSE(keeper.add({VoteType::kPrevote, 0, 0, value, {}}, 0, reached));
  EXPECT_TRUE(keeper.add_conflicting({VoteType::kPrevote, 0, 0, value, {}}, 0, reached));
  EXPECT_FALSE(keeper.add_conflicting({VoteType::kPrevote, 0, 0, value, {}}, 0, reached));
  EXPECT_TRUE(keeper.has_polka(0, value));
  EXPECT_EQ(reached.kind, ThresholdKind::kNone);
}

TEST(TendermintMessages, StandingsAreIdentities) {
  Standing standing;
  standing.round = 3;
  standing.polka_wanted = 1;
  add(standing.prevotes, 9);
  std::vector<uint8_t> bytes;
  encode_standing(standing, bytes);
  const std::optional<Standing> read = decode_standing(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->round, 3);
  EXPECT_EQ(read->proposal_wanted, kNoRound);
  EXPECT_TRUE(contains(read->prevotes, 9));
  EXPECT_FALSE(contains(read->prevotes, 8));
  std::vector<uint8_t> again;
  encode_standing(*read, again);
  EXPECT_EQ(again, bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_standing(std::span<const uint8_t>(bytes).first(length)));
  }
}

}  // namespace
}  // namespace govchain::consensus::tendermint::testing
