// What each adversary lets leave, seen at its outbox.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/pbft/messages.h"
#include "consensus/protocols.h"
#include "sim/adversary/conspirators.h"
#include "sim/adversary/interceptor.h"
#include "sim/random.h"

namespace govchain::sim {
namespace {

using consensus::Message;
using consensus::MessageRef;
using consensus::Protocol;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::pbft::MessageType;

constexpr consensus::ChainId kChain{1};
constexpr ReplicaId kSelf{0};

class RecordingOutbox final : public Outbox {
 public:
  RecordingOutbox()
      : signer_(consensus::make_signer(consensus::SignatureScheme::kModelled, 1, kChain, kSelf)),
        stream_(1, RandomPurpose::kTest, 0) {
    for (uint32_t i = 0; i < 4; ++i) members_.members.push_back({ReplicaId(i), 1, {}});
  }
  [[nodiscard]] TimePoint now() const override { return {}; }
  [[nodiscard]] consensus::ChainId chain() const override { return kChain; }
  [[nodiscard]] ReplicaId self() const override { return kSelf; }
  [[nodiscard]] consensus::HashAlgorithm hash_algorithm() const override {
    return consensus::HashAlgorithm::kSha256;
  }
  [[nodiscard]] const consensus::Membership& members() const override { return members_; }
  [[nodiscard]] uint64_t random() override { return stream_.next(); }
  [[nodiscard]] consensus::Signature sign(const consensus::Statement& statement) override {
    return signer_->sign(statement);
  }
  [[nodiscard]] std::unique_ptr<consensus::Engine> another_engine(uint64_t /*life*/) override {
    return nullptr;
  }
  [[nodiscard]] std::unique_ptr<consensus::Application> another_application() override {
    return nullptr;
  }
  [[nodiscard]] bool verify(const consensus::SignedStatement& /*claim*/) override { return true; }
  void send(ReplicaId to, MessageRef message) override { sent.emplace_back(to, message); }
  void broadcast(MessageRef message) override {
    for (uint32_t i = 1; i < 4; ++i) sent.emplace_back(ReplicaId(i), message);
  }
  void send_raw(ReplicaId /*to*/, std::span<const uint8_t> bytes) override {
    raw.emplace_back(bytes.begin(), bytes.end());
  }
  [[nodiscard]] bool genuine(const Message& message) const {
    const auto verifier = consensus::make_verifier(consensus::SignatureScheme::kModelled);
    return verifier->verify(signer_->public_key(), message.statement(kChain), message.signature);
  }

  std::vector<std::pair<ReplicaId, MessageRef>> sent;
  std::vector<std::vector<uint8_t>> raw;

 private:
  consensus::Membership members_;
  std::unique_ptr<consensus::Signer> signer_;
  RandomStream stream_;
};

MessageRef message_of(MessageType type, RecordingOutbox& out, uint64_t height = 1) {
  auto message = Ref<Message>::make();
  message->protocol = Protocol::kPbft;
  message->type = static_cast<uint8_t>(type);
  message->sender = kSelf;
  message->height = consensus::Height(height);
  if (type == MessageType::kPrePrepare) {
    auto block = Ref<consensus::Block>::make();
    block->height = message->height;
    block->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256,
                                                      std::vector<uint8_t>{1, 2, 3}, 1));
    consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
    message->block = block;
    message->digest = block->digest;
  }
  message->signature = out.sign(message->statement(kChain));
  consensus::seal_message(*message);
  return message;
}

std::unique_ptr<Interceptor> make(AdversarySpec::Kind kind, Protocol protocol = Protocol::kPbft) {
  return make_interceptor({kind, 0, 0, {}}, protocol);
}

TEST(Adversary, ASilentLeaderVotesButProposesNothing) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kSilentLeader);
  adversary->on_send(nullptr, message_of(MessageType::kPrePrepare, out), out);
  EXPECT_TRUE(out.sent.empty());
  adversary->on_send(nullptr, message_of(MessageType::kCommit, out), out);
  EXPECT_EQ(out.sent.size(), 3U);
}

TEST(Adversary, ASilentRaftReplicaSaysNothing) {
  RecordingOutbox out;
  make(AdversarySpec::Kind::kSilentLeader, Protocol::kRaft)
      ->on_send(nullptr, message_of(MessageType::kCommit, out), out);
  EXPECT_TRUE(out.sent.empty());
}

TEST(Adversary, EveryProtocolThatBearsLiesHasConspirators) {
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    const bool lies = traits->faults == consensus::FaultModel::kByzantine;
    EXPECT_EQ(conspirators_of(traits->protocol) != nullptr, lies) << traits->name;
    EXPECT_EQ(applies(AdversarySpec::Kind::kHidingPrimary, traits->protocol), lies) << traits->name;
  }
}

TEST(Adversary, WhereOnlyCrashesAreToleratedNobodyLies) {
  using Kind = AdversarySpec::Kind;
  for (const Kind kind :
       {Kind::kEquivocatingLeader, Kind::kDoubleVoter, Kind::kForger, Kind::kHidingPrimary}) {
    EXPECT_FALSE(applies(kind, Protocol::kRaft));
    EXPECT_TRUE(applies(kind, Protocol::kPbft));
  }
  EXPECT_TRUE(applies(Kind::kSilentLeader, Protocol::kRaft));
  EXPECT_TRUE(applies(Kind::kMalformedSender, Protocol::kRaft));
}

TEST(Adversary, AHidingPrimaryLeavesMessagesOfOtherProtocolsAlone) {
  RecordingOutbox out;
  auto message = Ref<Message>::make();
  message->protocol = Protocol::kRaft;
  message->type = static_cast<uint8_t>(MessageType::kCommit);
  message->sender = kSelf;
  message->view = consensus::View(1);  // led by somebody else
  make(AdversarySpec::Kind::kHidingPrimary)->on_send(nullptr, message, out);
  EXPECT_EQ(out.sent.size(), 3U);
}

TEST(Adversary, AnEquivocatingLeaderTellsEachOneOfTwoBlocksUnderItsOwnSignature) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kEquivocatingLeader);
  bool two = false;
  for (uint64_t height = 1; height <= 20; ++height) {
    out.sent.clear();
    adversary->on_send(nullptr, message_of(MessageType::kPrePrepare, out, height), out);
    ASSERT_EQ(out.sent.size(), 3U);
    for (const auto& [to, message] : out.sent) {
      EXPECT_TRUE(out.genuine(*message));
      EXPECT_EQ(message->block->digest, message->digest);
      EXPECT_EQ(message->height, consensus::Height(height));
      two = two || message->digest != out.sent[0].second->digest;
    }
  }
  EXPECT_TRUE(two);
}

TEST(Adversary, ADoubleVoterVotesForWhatItSeesAndForMore) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kDoubleVoter);
  const MessageRef proposal = message_of(MessageType::kPrePrepare, out);
  EXPECT_TRUE(adversary->on_receive(ReplicaId(1), proposal, out));
  ASSERT_EQ(out.sent.size(), 6U);  // prepare and commit, to three others
  for (const auto& [to, message] : out.sent) {
    EXPECT_TRUE(out.genuine(*message));
    EXPECT_EQ(message->sender, kSelf);
    EXPECT_EQ(message->digest, proposal->digest);
  }
  out.sent.clear();
  for (int i = 0; i < 20; ++i) {
    adversary->on_send(nullptr, message_of(MessageType::kPrepare, out), out);
  }
  EXPECT_GT(out.sent.size(), 60U);
}

TEST(Adversary, ASelectiveLeaderShowsEachProposalToSomeAndSaysNothingElseThanItsEngine) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kSelectiveLeader);
  std::set<ReplicaId> shown;
  constexpr size_t kProposals = 50;
  for (size_t i = 0; i < kProposals; ++i) {
    const MessageRef proposal = message_of(MessageType::kPrePrepare, out, i + 1);
    adversary->on_send(nullptr, proposal, out);
    for (const auto& [to, message] : out.sent) {
      EXPECT_EQ(message, proposal);
      shown.insert(to);
    }
    EXPECT_LE(out.sent.size(), 3U);
    out.sent.clear();
  }
  EXPECT_EQ(shown.size(), 3U);
  const MessageRef vote = message_of(MessageType::kPrepare, out);
  adversary->on_send(nullptr, vote, out);
  EXPECT_EQ(out.sent.size(), 3U);
}

TEST(Adversary, ACensorIsDeafToSomePayloadsAndTakesEveryBlock) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kCensor);
  size_t heard = 0;
  constexpr uint8_t kPayloads = 100;
  for (uint8_t i = 0; i < kPayloads; ++i) {
    auto message = Ref<Message>::make();
    message->protocol = Protocol::kPbft;
    message->type = static_cast<uint8_t>(MessageType::kPrepare);
    message->payloads.push_back(consensus::make_payload(consensus::HashAlgorithm::kSha256,
                                                        std::vector<uint8_t>{i, 1, 2}, 1));
    const bool taken = adversary->on_receive(ReplicaId(1), message, out);
    adversary->on_send(nullptr, message, out);
    EXPECT_EQ(taken, !out.sent.empty()) << "what it does not hear it does not pass on";
    out.sent.clear();
    heard += taken ? 1 : 0;
    EXPECT_TRUE(
        adversary->on_receive(ReplicaId(1), message_of(MessageType::kPrePrepare, out), out));
  }
  EXPECT_GT(heard, kPayloads / 4U);
  EXPECT_LT(heard, kPayloads * 3U / 4U);
}

TEST(Adversary, AFloodersWordsAreItsOwnAndBoundedInASecond) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kFlooder);
  constexpr size_t kMessages = 4'000;
  for (size_t i = 0; i < kMessages; ++i) {
    adversary->on_send(nullptr, message_of(MessageType::kPrepare, out, i + 1), out);
  }
  const size_t own = kMessages * 3;
  EXPECT_GT(out.sent.size(), own + 3'000) << "it says far more than it has to";
  EXPECT_LE(out.sent.size(), own + 1'500 * 3) << "all of this was one moment";
  for (const auto& [to, message] : out.sent) EXPECT_TRUE(out.genuine(*message));
  for (const std::vector<uint8_t>& bytes : out.raw) {
    EXPECT_FALSE(consensus::decode_message(kChain, consensus::HashAlgorithm::kSha256, bytes));
  }
}

TEST(Adversary, AForgerNeverMakesAnotherReplicasSignature) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kForger);
  for (int i = 0; i < 200; ++i) {
    adversary->on_send(nullptr, message_of(MessageType::kCommit, out), out);
  }
  EXPECT_GT(out.sent.size(), 600U);
  size_t bad = 0;
  for (const auto& [to, message] : out.sent) {
    if (message->sender != kSelf || !out.genuine(*message)) ++bad;
  }
  EXPECT_GT(bad, 0U);
}

TEST(Adversary, MalformedBytesNeverDecodeInACrashFaultProtocol) {
  RecordingOutbox out;
  const auto adversary = make(AdversarySpec::Kind::kMalformedSender, Protocol::kRaft);
  for (int i = 0; i < 500; ++i) {
    adversary->on_send(nullptr, message_of(MessageType::kPrePrepare, out), out);
  }
  EXPECT_GT(out.raw.size(), 100U);
  for (const std::vector<uint8_t>& bytes : out.raw) {
    EXPECT_FALSE(consensus::decode_message(kChain, consensus::HashAlgorithm::kSha256, bytes).ok());
  }
}

}  // namespace
}  // namespace govchain::sim
