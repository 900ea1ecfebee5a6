// What peers and hosts may throw at a replica, and what it promises about itself: no allocation per
// message, equal decisions however inputs are cut into steps, faithful clones.

#include <algorithm>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/qbft/engine.h"
#include "consensus/qbft/messages.h"
#include "consensus/quorum.h"
#include "tests/consensus/allocation_counter.h"

namespace govchain::consensus::qbft::testing {
namespace {

// One replica, driven by hand; all others say what a test wants.
class Bench {
 public:
  explicit Bench(uint32_t replicas, uint32_t self = 1) : replicas_(replicas) {
    config_.chain = ChainId(7);
    config_.self = ReplicaId(self);
    config_.base_timeout = Duration::seconds(1'000);
    config_.max_timeout = Duration::seconds(1'000);
    config_.checkpoint_interval = 8;
    config_.batch_delay = Duration::zero();
    for (uint32_t i = 0; i < replicas; ++i) {
      config_.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
    }
    engine_ = make_qbft(config_, {}, {});
    EffectSink sink;
    engine_->step(TimePoint(), {}, sink);
  }

  [[nodiscard]] ReplicaId leader(uint64_t height) const {
    return ReplicaId(static_cast<uint32_t>((height + replicas_ - 1) % replicas_));
  }
  [[nodiscard]] BlockRef block(uint64_t height, uint64_t number) const {
    Ref<Block> block = Ref<Block>::make();
    block->height = Height(height);
    block->proposer = leader(height);
    const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(number),
                                          static_cast<uint8_t>(number >> 8U)};
    block->payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, 1));
    seal_block(HashAlgorithm::kSha256, *block);
    return BlockRef(std::move(block));
  }
  [[nodiscard]] MessageRef message(MessageType type, uint32_t sender, uint64_t height,
                                   const Digest& digest, BlockRef block = {}) const {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kQbft;
    message->type = static_cast<uint8_t>(type);
    message->sender = ReplicaId(sender);
    message->epoch = Epoch();
    message->view = View();
    message->height = Height(height);
    message->digest = digest;
    message->block = std::move(block);
    seal_message(*message);
    return MessageRef(std::move(message));
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
  // The leader proposes, which may be this replica itself.
  Digest propose(uint64_t height) {
    const BlockRef proposed = block(height, height);
    if (leader(height) == config_.self) {
      feed(input::Propose{proposed->payloads[0]});
      return proposed_;
    }
    receive(message(MessageType::kPrePrepare, leader(height).value(), height, proposed->digest,
                    proposed));
    return proposed->digest;
  }
  void decide(uint64_t height) {
    const Digest digest = propose(height);
    for (const MessageType type : {MessageType::kPrepare, MessageType::kCommit}) {
      for (uint32_t i = 0; i < replicas_; ++i) {
        if (i != config_.self.value()) receive(message(type, i, height, digest));
      }
    }
  }

  EngineConfig config_;
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
      if (sign->statement.type == static_cast<uint8_t>(MessageType::kPrePrepare)) {
        proposed_ = sign->statement.digest;
      }
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
  Digest proposed_;
  std::vector<Input> inputs_;
  EffectSink sink_;
};

TEST(QbftHotPath, AVoteCostsNoAllocation) {
  Bench bench(128, 100);
  for (uint64_t height = 1; height <= 5; ++height) bench.decide(height);
  const Digest digest = bench.propose(6);
  std::vector<MessageRef> votes;
  // One short of the quorum of 86, of which this replica is one.
  for (uint32_t i = 0; i < 84; ++i) {
    votes.push_back(bench.message(MessageType::kPrepare, i, 6, digest));
  }
  ::govchain::consensus::testing::AllocationCounter counter;
  for (const MessageRef& vote : votes) bench.receive(vote);
  EXPECT_EQ(counter.count(), 0U);
}

TEST(QbftHotPath, AWholeDecisionAllocatesNothingOncePoolsAreWarm) {
  Bench bench(16, 15);
  const auto checkpoint = [&](uint64_t height) {
    for (uint32_t i = 0; i < 15; ++i) {
      bench.receive(bench.message(MessageType::kCheckpoint, i, height, Digest{}));
    }
  };
  for (uint64_t height = 1; height <= 64; ++height) {
    bench.decide(height);
    if (height % 8 == 0) checkpoint(height);
  }
  EXPECT_EQ(bench.engine_->status().stable_checkpoint, Height(64));
  // What each decision allocates shows in each; tables that double, and pooled objects that grow to
  // the size of what they hold now, show in some.
  uint64_t least = UINT64_MAX;
  for (uint64_t height = 65; height <= 71; ++height) {
    std::vector<MessageRef> votes;
    const BlockRef block = bench.block(height, height);
    const auto leader = static_cast<uint32_t>((height - 1) % 16);
    if (leader == 15) continue;  // this replica's own turn
    const MessageRef proposal =
        bench.message(MessageType::kPrePrepare, leader, height, block->digest, block);
    for (const MessageType type : {MessageType::kPrepare, MessageType::kCommit}) {
      for (uint32_t i = 0; i < 15; ++i) {
        votes.push_back(bench.message(type, i, height, block->digest));
      }
    }
    ::govchain::consensus::testing::AllocationCounter counter;
    bench.receive(proposal);
    for (const MessageRef& vote : votes) bench.receive(vote);
    EXPECT_EQ(bench.engine_->status().committed, Height(height));
    least = std::min(least, counter.count());
  }
  // The claims of a proposal are looked for in a pooled list.
  EXPECT_LE(least, 4U);
}

TEST(QbftInput, AVoteIsVerifiedOnceAndNotAfterTheDecision) {
  Bench bench(4, 3);
  bench.decide(1);
  const uint64_t before = bench.verifications_;
  const BlockRef block = bench.block(1, 1);
  bench.receive(bench.message(MessageType::kCommit, 2, 1, block->digest));
  EXPECT_EQ(bench.verifications_, before);
  EXPECT_GT(bench.engine_->counters().stale, 0U);
}

TEST(QbftInput, ForgedVotesDoNotCountAndDoNotBlockTheRealOnes) {
  Bench bench(4);
  const BlockRef block = bench.block(1, 1);
  bench.receive(bench.message(MessageType::kPrePrepare, 0, 1, block->digest, block));
  bench.valid_ = false;
  for (uint32_t i = 0; i < 4; ++i) {
    if (i != 1) bench.receive(bench.message(MessageType::kCommit, i, 1, block->digest));
  }
  EXPECT_EQ(bench.engine_->counters().forged, 3U);
  EXPECT_EQ(bench.engine_->status().committed, Height(0));
  bench.valid_ = true;
  for (uint32_t i = 0; i < 4; ++i) {
    if (i != 1) bench.receive(bench.message(MessageType::kCommit, i, 1, block->digest));
  }
  EXPECT_EQ(bench.engine_->status().committed, Height(1));
}

TEST(QbftInput, VotesOfStrangersAndProposalsOfOthersThanTheLeaderAreDropped) {
  Bench bench(4);
  const BlockRef block = bench.block(1, 1);
  bench.receive(bench.message(MessageType::kPrepare, 9, 1, block->digest));
  bench.receive(bench.message(MessageType::kPrePrepare, 2, 1, block->digest, block));
  EXPECT_EQ(bench.engine_->counters().unauthorised, 2U);
  EXPECT_EQ(bench.verifications_, 0U);
}

TEST(QbftInput, ABlockWithAPayloadTwiceOrOrderedBeforeIsNotAccepted) {
  Bench bench(4);
  for (const bool within : {true, false}) {
    Ref<Block> block = Ref<Block>::make();
    block->height = Height(2);
    block->proposer = ReplicaId(1);
    block->payloads.push_back(bench.block(1, within ? 50 : 1)->payloads[0]);
    if (within) block->payloads.push_back(block->payloads[0]);
    seal_block(HashAlgorithm::kSha256, *block);
    Bench fresh(4, 3);
    fresh.decide(1);
    const BlockRef sealed(std::move(block));
    fresh.receive(fresh.message(MessageType::kPrePrepare, 1, 2, sealed->digest, sealed));
    EXPECT_EQ(fresh.engine_->status().proposed, Height(1));
  }
}

TEST(QbftInput, ABlockFarFromOwnWallClockIsNotVotedFor) {
  Bench bench(4);
  bench.feed(input::WallTime{1'000'000'000'000});
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(1);
  block->proposer = ReplicaId(0);
  block->wall_time = 1'000'000'000'000 + Duration::seconds(31).nanoseconds();
  seal_block(HashAlgorithm::kSha256, *block);
  const BlockRef sealed(std::move(block));
  bench.receive(bench.message(MessageType::kPrePrepare, 0, 1, sealed->digest, sealed));
  EXPECT_EQ(bench.engine_->status().proposed, Height(0));
}

TEST(QbftEvidence, TwoCommitsOfOneSignerAreReportedOnce) {
  Bench bench(4);
  const Digest a = bench.block(1, 1)->digest;
  const Digest b = bench.block(1, 2)->digest;
  for (int i = 0; i < 3; ++i) {
    bench.receive(bench.message(MessageType::kCommit, 2, 1, a));
    bench.receive(bench.message(MessageType::kCommit, 2, 1, b));
  }
  ASSERT_EQ(bench.evidence_.size(), 1U);
  EXPECT_EQ(bench.evidence_[0].first.signer, ReplicaId(2));
}

TEST(QbftEvidence, VotesOfDifferentKindsOrViewsAreNone) {
  Bench bench(4);
  const Digest a = bench.block(1, 1)->digest;
  const Digest b = bench.block(1, 2)->digest;
  bench.receive(bench.message(MessageType::kPrepare, 2, 1, a));
  bench.receive(bench.message(MessageType::kCommit, 2, 2, b));
  Ref<Message> later = Ref<Message>::make();
  later->protocol = Protocol::kQbft;
  later->type = static_cast<uint8_t>(MessageType::kPrepare);
  later->sender = ReplicaId(2);
  later->view = View(1);
  later->height = Height(1);
  later->digest = b;
  bench.receive(MessageRef(std::move(later)));
  EXPECT_TRUE(bench.evidence_.empty());
}

// Any header with any body, of any sender: counted, and nothing worse.
TEST(QbftInput, RubbishIsCountedAndDropped) {
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
    message->type = static_cast<uint8_t>(random(20) == 0 ? 255 : random(7) + random(2) * 128);
    message->protocol = Protocol::kQbft;
    message->sender = ReplicaId(static_cast<uint32_t>(random(5)));
    message->view = View(random(3));
    message->height = Height(random(40));
    message->digest.bytes[0] = static_cast<uint8_t>(random(3));
    message->body.resize(random(200));
    for (uint8_t& byte : message->body)
      byte = static_cast<uint8_t>(random(4) == 0 ? random(256) : 0);
    if (random(3) == 0) message->digest = hash(HashAlgorithm::kSha256, message->body);
    if (random(4) == 0) message->block = bench.block(random(40), random(9));
    seal_message(*message);
    const ReplicaId from(static_cast<uint32_t>(random(5)));
    bench.feed(input::MessageReceived{from, MessageRef(std::move(message))});
  }
  EXPECT_EQ(bench.engine_->counters().accepted, 0U);
  EXPECT_EQ(bench.engine_->counters().evidence, 0U);
  EXPECT_EQ(bench.engine_->status().view, View(0));
  EXPECT_EQ(bench.engine_->status().committed, Height(0));
  EXPECT_LT(bench.engine_->memory().count(), memory.count() + (1U << 20U));
}

TEST(QbftContract, ACloneDecidesAsItsOriginal) {
  Bench bench(4, 3);
  bench.decide(1);
  const std::unique_ptr<Engine> copy = bench.engine_->clone();
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  const BlockRef block = bench.block(2, 2);
  const MessageRef proposal = bench.message(MessageType::kPrePrepare, 1, 2, block->digest, block);
  const Input input = input::MessageReceived{ReplicaId(1), proposal};
  EffectSink first;
  EffectSink second;
  bench.engine_->step(TimePoint(), std::span(&input, 1), first);
  EXPECT_NE(copy->fingerprint(), bench.engine_->fingerprint());
  copy->step(TimePoint(), std::span(&input, 1), second);
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  EXPECT_EQ(first.effects().size(), second.effects().size());
}

TEST(QbftContract, HowInputsAreCutIntoStepsDoesNotMatter) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Bench bench(4, 0);
    const std::unique_ptr<Engine> together = bench.engine_->clone();
    const std::unique_ptr<Engine> apart = bench.engine_->clone();
    std::vector<Input> inputs;
    for (uint64_t i = 0; i < 12; ++i) {
      if ((seed * 7 + i) % 3 == 0) {
        inputs.push_back(input::Propose{bench.block(1, seed * 100 + i)->payloads[0]});
      } else {
        inputs.push_back(input::MessageReceived{
            ReplicaId(2), bench.message(i % 2 == 0 ? MessageType::kPrepare : MessageType::kCommit,
                                        2, 1 + i % 4, bench.block(1, i)->digest)});
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

}  // namespace
}  // namespace govchain::consensus::qbft::testing
