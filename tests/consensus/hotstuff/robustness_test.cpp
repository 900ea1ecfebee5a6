// What peers and hosts may throw at a replica, and what it promises about itself: no allocation per
// message, equal decisions however inputs are cut into steps, faithful clones.

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/hotstuff/link.h"
#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/hotstuff/cluster.h"

namespace govchain::consensus::hotstuff::testing {
namespace {

// One replica and the keys of everybody, driven by hand. Under a stable leader replica 0 leads.
class Bench {
 public:
  explicit Bench(uint32_t replicas, uint32_t self, HotstuffConfig settings = {})
      : replicas_(replicas) {
    settings.leader = LeaderPolicy::kStable;
    config_.chain = ChainId(7);
    config_.self = ReplicaId(self);
    config_.base_timeout = Duration::seconds(1'000);
    config_.max_timeout = Duration::seconds(1'000);
    config_.batch_delay = Duration::zero();
    config_.checkpoint_interval = 1'000;
    for (uint32_t i = 0; i < replicas; ++i) {
      config_.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
    }
    engine_ = make_hotstuff(config_, settings, {});
    EffectSink sink;
    engine_->step(TimePoint(), {}, sink);
    parent_ = root_digest(HashAlgorithm::kSha256, Epoch(), Height(0));
  }

  [[nodiscard]] static BlockRef block(uint64_t height, uint64_t view, uint64_t number,
                                      int64_t wall_time = 0) {
    Ref<Block> block = Ref<Block>::make();
    block->height = Height(height);
    block->view = View(view);
    block->proposer = ReplicaId(0);
    block->wall_time = wall_time;
    const std::array<uint8_t, 2> bytes = {static_cast<uint8_t>(number),
                                          static_cast<uint8_t>(number >> 8U)};
    block->payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, 1));
    seal_block(HashAlgorithm::kSha256, *block);
    return BlockRef(std::move(block));
  }
  [[nodiscard]] static MessageRef message(MessageType type, uint32_t sender, uint64_t view,
                                          uint64_t height, const Digest& digest,
                                          std::vector<uint8_t> body = {}, BlockRef block = {}) {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kHotstuff;
    message->type = static_cast<uint8_t>(type);
    message->sender = ReplicaId(sender);
    message->epoch = Epoch();
    message->view = View(view);
    message->height = Height(height);
    message->digest = digest;
    message->body = std::move(body);
    message->block = std::move(block);
    seal_message(*message);
    return MessageRef(std::move(message));
  }
  [[nodiscard]] CertificateRef certificate(uint64_t view, uint64_t height, const Digest& node,
                                           uint32_t signers) const {
    Ref<Certificate> certificate = Ref<Certificate>::make();
    certificate->statement = Statement{config_.chain,
                                       Epoch(),
                                       Protocol::kHotstuff,
                                       static_cast<uint8_t>(MessageType::kVote),
                                       View(view),
                                       Height(height),
                                       node};
    for (uint32_t i = 0; i < signers; ++i) {
      certificate->signers.push_back(ReplicaId(i));
      certificate->signatures.push_back(Signature{});
    }
    return CertificateRef(std::move(certificate));
  }
  // Of a block on the last one proposed here.
  [[nodiscard]] MessageRef proposal(const BlockRef& block, uint32_t signers) {
    ProposalBody body;
    body.parent = parent_;
    const uint64_t view = block->view.value();
    if (view > 1) body.justify = certificate(view - 1, block->height.value() - 1, parent_, signers);
    std::vector<uint8_t> bytes;
    encode_body(body, bytes);
    const Digest node = node_digest(HashAlgorithm::kSha256,
                                    {block->digest, parent_, block->view, body.parent_view()});
    return message(MessageType::kProposal, 0, view, block->height.value(), node, std::move(bytes),
                   block);
  }
  // The next view with a block of its own, certified by a quorum.
  MessageRef propose() {
    ++view_;
    MessageRef next = proposal(block(view_, view_, view_), quorum());
    parent_ = next->digest;
    receive(next);
    return next;
  }
  [[nodiscard]] uint32_t quorum() const { return replicas_ - (replicas_ - 1) / 3; }
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

  EngineConfig config_;
  std::unique_ptr<Engine> engine_;
  TimePoint now_;
  bool valid_ = true;
  uint64_t verifications_ = 0;
  uint64_t votes_ = 0;
  uint64_t view_ = 0;
  Digest parent_;
  MessageRef proposed_;  // by this replica
  std::vector<effect::EvidenceFound> evidence_;

 private:
  void answer(Effect& effect) {
    if (auto* verify = std::get_if<effect::Verify>(&effect)) {
      ++verifications_;
      inputs_.push_back(input::Verified{verify->token, valid_, verify->message});
    } else if (auto* claims = std::get_if<effect::VerifyClaims>(&effect)) {
      verifications_ += claims->claims->claims.size();
      inputs_.push_back(input::Verified{claims->token, valid_, {}});
    } else if (auto* sign = std::get_if<effect::Sign>(&effect)) {
      inputs_.push_back(input::Signed{sign->token, {}});
    } else if (auto* persist = std::get_if<effect::Persist>(&effect)) {
      inputs_.push_back(input::Persisted{persist->ticket});
    } else if (auto* execute = std::get_if<effect::Execute>(&effect)) {
      inputs_.push_back(input::Executed{execute->block->height, Digest{}});
    } else if (auto* evidence = std::get_if<effect::EvidenceFound>(&effect)) {
      evidence_.push_back(*evidence);
    } else if (auto* send = std::get_if<effect::Send>(&effect)) {
      if (static_cast<MessageType>(send->message->type) == MessageType::kVote) ++votes_;
    } else if (auto* all = std::get_if<effect::Broadcast>(&effect)) {
      if (static_cast<MessageType>(all->message->type) == MessageType::kProposal) {
        proposed_ = all->message;
      }
    }
  }
  uint32_t replicas_;
  std::vector<Input> inputs_;
  EffectSink sink_;
};

// The leader of n = 128: one of these for each member and block.
TEST(HotstuffHotPath, AVoteCostsNoAllocation) {
  Bench bench(128, 0);
  uint64_t view = 0;
  const auto votes_for_proposal = [&](uint32_t from, uint32_t to) {
    std::vector<MessageRef> votes;
    for (uint32_t i = from; i < to; ++i) {
      votes.push_back(Bench::message(MessageType::kVote, i, view, bench.proposed_->height.value(),
                                     bench.proposed_->digest));
    }
    return votes;
  };
  for (view = 1; view <= 6; ++view) {
    bench.feed(input::Propose{Bench::block(1, 1, view)->payloads[0]});
    ASSERT_TRUE(bench.proposed_ && bench.proposed_->view == View(view)) << view;
    // One short of the quorum of 86, of which this replica is one.
    const std::vector<MessageRef> votes = votes_for_proposal(1, 85);
    const ::govchain::consensus::testing::AllocationCounter counter;
    for (const MessageRef& vote : votes) bench.receive(vote);
    if (view == 6) {
      EXPECT_EQ(counter.count(), 0U);
    }
    for (const MessageRef& vote : votes_for_proposal(85, 86)) bench.receive(vote);
  }
  EXPECT_GE(bench.engine_->status().committed, Height(4));
}

// A backup: every view a proposal with a certificate, a vote, and a block that becomes final.
TEST(HotstuffHotPath, AWholeViewAllocatesAlmostNothingOncePoolsAreWarm) {
  Bench bench(16, 1);
  for (int i = 0; i < 200; ++i) bench.propose();
  ASSERT_EQ(bench.engine_->status().committed, Height(198));
  ++bench.view_;
  const MessageRef next =
      bench.proposal(Bench::block(bench.view_, bench.view_, bench.view_), bench.quorum());
  const ::govchain::consensus::testing::AllocationCounter counter;
  bench.receive(next);
  EXPECT_EQ(bench.engine_->status().committed, Height(199));
  // Lists of what one commit consists of, and tables that grow, doubling, until they hold their
  // window: a handful for each block, none for each message.
  EXPECT_LE(counter.count(), 16U);
}

TEST(HotstuffInput, ACertificateIsVerifiedOnce) {
  Bench bench(4, 1);
  bench.propose();
  bench.propose();
  EXPECT_EQ(bench.verifications_, 1U + 1U + 3U);
  // The same certificate again, in a timeout: the signature of the timeout alone is new.
  std::vector<uint8_t> body;
  encode_certificate_body(bench.certificate(1, 1, Digest{}, 3), body);
  const uint64_t before = bench.verifications_;
  bench.receive(Bench::message(MessageType::kTimeout, 2, 1'000'002, 0, timeout_digest(View(1)),
                               std::move(body)));
  EXPECT_EQ(bench.verifications_, before + 1);
}

TEST(HotstuffInput, ForgedProposalsAndCertificatesCountForNothing) {
  Bench bench(4, 1);
  bench.valid_ = false;
  bench.propose();
  EXPECT_EQ(bench.engine_->counters().forged, 1U);
  EXPECT_EQ(bench.votes_, 0U);
  bench.valid_ = true;
  bench.view_ = 0;
  bench.parent_ = root_digest(HashAlgorithm::kSha256, Epoch(), Height(0));
  bench.propose();
  EXPECT_EQ(bench.votes_, 1U);
}

TEST(HotstuffInput, ACertificateOfLessThanAQuorumIsMalformed) {
  Bench bench(4, 1);
  bench.propose();
  const MessageRef thin = bench.proposal(Bench::block(2, 2, 2), 2);
  bench.receive(thin);
  EXPECT_EQ(bench.engine_->counters().malformed, 1U);
  EXPECT_EQ(bench.engine_->status().view, View(1));
}

TEST(HotstuffInput, OnlyTheLeaderProposesAndNobodyTwice) {
  Bench bench(4, 1);
  const MessageRef genuine = bench.proposal(Bench::block(1, 1, 1), 3);
  Ref<Message> stolen = Ref<Message>::make();
  stolen->protocol = genuine->protocol;
  stolen->type = genuine->type;
  stolen->sender = ReplicaId(2);
  stolen->view = genuine->view;
  stolen->height = genuine->height;
  stolen->digest = genuine->digest;
  stolen->body = genuine->body;
  stolen->block = genuine->block;
  seal_message(*stolen);
  bench.receive(MessageRef(std::move(stolen)));
  EXPECT_EQ(bench.engine_->counters().malformed, 1U);
  bench.receive(genuine);
  bench.receive(bench.proposal(Bench::block(1, 1, 2), 3));
  EXPECT_EQ(bench.votes_, 1U);
  ASSERT_EQ(bench.evidence_.size(), 1U);
  EXPECT_EQ(bench.evidence_[0].first.signer, ReplicaId(0));
}

// Jolteon, Fig. 2, "Vote": without consecutive views only a certificate of timeouts entitles, and
// not below what it reports.
TEST(HotstuffInput, AProposalAfterTimeoutsMustBuildOnTheHighestCertificateTold) {
  for (const uint64_t told : {1U, 2U}) {
    Bench bench(4, 2);
    const MessageRef first = bench.propose();
    bench.propose();
    bench.propose();
    const uint64_t votes = bench.votes_;
    const View failed(1'000'002);
    ProposalBody body;
    body.parent = first->digest;
    body.justify = bench.certificate(1, 1, first->digest, 3);
    body.timeout = TimeoutCertificate{failed, {}};
    for (uint32_t i = 0; i < 3; ++i)
      body.timeout->entries.push_back({ReplicaId(i), View(told), {}});
    Ref<Block> block = Ref<Block>::make();
    block->height = Height(2);
    block->view = failed.next();
    block->proposer = ReplicaId(1);
    seal_block(HashAlgorithm::kSha256, *block);
    const Digest node =
        node_digest(HashAlgorithm::kSha256, {block->digest, body.parent, block->view, View(1)});
    std::vector<uint8_t> bytes;
    encode_body(body, bytes);
    bench.receive(Bench::message(MessageType::kProposal, 1, failed.value() + 1, 2, node,
                                 std::move(bytes), BlockRef(std::move(block))));
    EXPECT_EQ(bench.engine_->status().view, failed.next());
    EXPECT_EQ(bench.votes_ - votes, told == 1 ? 1U : 0U);
  }
}

TEST(HotstuffInput, APayloadOfAnUnfinalAncestorIsNotOrderedAgain) {
  Bench bench(4, 1);
  bench.propose();
  const uint64_t votes = bench.votes_;
  bench.receive(bench.proposal(Bench::block(2, 2, 1), 3));
  EXPECT_EQ(bench.votes_, votes);
}

TEST(HotstuffInput, ABlockFarFromOwnWallClockIsNotVotedFor) {
  Bench bench(4, 1);
  bench.feed(input::WallTime{1'000'000'000'000});
  bench.receive(bench.proposal(
      Bench::block(1, 1, 1, 1'000'000'000'000 + Duration::seconds(31).nanoseconds()), 3));
  EXPECT_EQ(bench.votes_, 0U);
}

TEST(HotstuffEvidence, TwoVotesOfOneViewAreReportedOnceWhateverTheirHeights) {
  Bench bench(4, 0);
  const Digest a = Bench::block(1, 1, 1)->digest;
  const Digest b = Bench::block(1, 1, 2)->digest;
  for (int i = 0; i < 3; ++i) {
    bench.receive(Bench::message(MessageType::kVote, 2, 1, 1, a));
    bench.receive(Bench::message(MessageType::kVote, 2, 1, 5, b));
  }
  ASSERT_EQ(bench.evidence_.size(), 1U);
  EXPECT_EQ(bench.evidence_[0].first.signer, ReplicaId(2));
}

TEST(HotstuffEvidence, VotesOfDifferentViewsAreNone) {
  Bench bench(4, 0);
  bench.receive(Bench::message(MessageType::kVote, 2, 1, 1, Bench::block(1, 1, 1)->digest));
  bench.receive(Bench::message(MessageType::kVote, 2, 2, 1, Bench::block(1, 1, 2)->digest));
  EXPECT_TRUE(bench.evidence_.empty());
}

// Any header with any body, of any sender: counted, and nothing worse.
TEST(HotstuffInput, RubbishIsCountedAndDropped) {
  uint64_t state = 99;
  const auto random = [&state](uint64_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % bound;
  };
  Bench bench(4, 0);
  bench.valid_ = false;
  const auto memory = bench.engine_->memory();
  for (int i = 0; i < 20'000; ++i) {
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kHotstuff;
    message->type = static_cast<uint8_t>(random(20) == 0 ? 255 : random(6));
    message->sender = ReplicaId(static_cast<uint32_t>(random(5)));
    message->view = View(random(3));
    message->height = Height(random(40));
    message->digest.bytes[0] = static_cast<uint8_t>(random(3));
    message->body.resize(random(200));
    for (uint8_t& byte : message->body) {
      byte = static_cast<uint8_t>(random(4) == 0 ? random(256) : 0);
    }
    if (random(4) == 0) message->block = Bench::block(random(40), random(3), random(9));
    seal_message(*message);
    const ReplicaId from(static_cast<uint32_t>(random(5)));
    bench.feed(input::MessageReceived{from, MessageRef(std::move(message))});
  }
  EXPECT_EQ(bench.engine_->counters().accepted, 0U);
  EXPECT_EQ(bench.engine_->counters().evidence, 0U);
  EXPECT_EQ(bench.engine_->status().view, View(1));
  EXPECT_EQ(bench.engine_->status().committed, Height(0));
  EXPECT_LT(bench.engine_->memory().count(), memory.count() + (1U << 20U));
}

TEST(HotstuffContract, ACloneDecidesAsItsOriginal) {
  Bench bench(4, 1);
  bench.propose();
  const std::unique_ptr<Engine> copy = bench.engine_->clone();
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  const MessageRef proposal = bench.proposal(Bench::block(2, 2, 2), 3);
  const Input input = input::MessageReceived{ReplicaId(0), proposal};
  EffectSink first;
  EffectSink second;
  bench.engine_->step(TimePoint(), std::span(&input, 1), first);
  EXPECT_NE(copy->fingerprint(), bench.engine_->fingerprint());
  copy->step(TimePoint(), std::span(&input, 1), second);
  EXPECT_EQ(copy->fingerprint(), bench.engine_->fingerprint());
  EXPECT_EQ(first.effects().size(), second.effects().size());
}

TEST(HotstuffContract, HowInputsAreCutIntoStepsDoesNotMatter) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Bench bench(4, 0);
    const std::unique_ptr<Engine> together = bench.engine_->clone();
    const std::unique_ptr<Engine> apart = bench.engine_->clone();
    std::vector<Input> inputs;
    for (uint64_t i = 0; i < 12; ++i) {
      if ((seed * 7 + i) % 3 == 0) {
        inputs.push_back(input::Propose{Bench::block(1, 1, seed * 100 + i)->payloads[0]});
      } else {
        inputs.push_back(input::MessageReceived{
            ReplicaId(2), Bench::message(MessageType::kVote, 2, 1 + i % 4, 1 + i % 4,
                                         Bench::block(1, 1, i)->digest)});
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
}  // namespace govchain::consensus::hotstuff::testing
