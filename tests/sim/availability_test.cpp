// The rule "availability" and the adversary that breaks it if it can: histories that keep the rule
// and histories that do not, and what the adversary lets leave.

#include "consensus/chain/availability.h"

#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/chain/messages.h"
#include "consensus/chain/records.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "sim/adversary/interceptor.h"
#include "sim/checkers/availability.h"
#include "sim/random.h"

namespace govchain::sim {
namespace {

using consensus::Block;
using consensus::BlockRef;
using consensus::Message;
using consensus::MessageRef;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::Ticket;
using consensus::chain::CommonType;

constexpr consensus::HashAlgorithm kHash = consensus::HashAlgorithm::kSha256;

BlockRef batch(uint8_t content) {
  return consensus::chain::make_batch(
      kHash, {}, ReplicaId(1), consensus::Height(50),
      {consensus::make_payload(kHash, std::vector<uint8_t>{content}, 1)});
}

class AvailabilityRuleTest : public testing::Test {
 protected:
  static constexpr ReplicaAddress kFirst{0, 0};
  static constexpr ReplicaAddress kSecond{0, 1};

  AvailabilityRuleTest() : rule_(context_, Duration::seconds(5)) {
    world_.chains.resize(1);
    world_.chains[0].protocol = consensus::Protocol::kTendermint;
    world_.chains[0].replicas.resize(4);
    world_.chains[0].engine.proposal_bodies = consensus::ProposalBodies::kCertified;
    consensus::Membership genesis;
    genesis.version = consensus::kProposalsByDigestSince;
    for (uint32_t i = 0; i < 4; ++i) genesis.members.push_back({ReplicaId(i), 1, {}});
    context_.begin(world_, std::span(&genesis, 1));
    rule_.begin(world_);
  }
  static TimePoint at(int64_t milliseconds) {
    return TimePoint::since_start(Duration::milliseconds(milliseconds));
  }
  void persist(ReplicaAddress who, uint64_t ticket, Ref<consensus::LogRecord> record) {
    rule_.persist(who, at(1), {Ticket(ticket), consensus::LogRecordRef(std::move(record))});
  }
  void acknowledge(ReplicaAddress who, const Block& what) {
    Message message;
    message.type = static_cast<uint8_t>(CommonType::kAcknowledgement);
    message.sender = ReplicaId(who.replica);
    message.digest = what.digest;
    rule_.sent(who, at(2), message);
  }
  // A proposal that names the batch's payload, as it stands in the log.
  void bind(ReplicaAddress who, uint64_t ticket, const Block& what) {
    Ref<Block> named = Ref<Block>::make();
    named->height = consensus::Height(1);
    named->payloads = what.payloads;
    named->availability = {1};
    Ref<consensus::LogRecord> record = Ref<consensus::LogRecord>::make();
    record->type = 1;
    record->block = BlockRef(std::move(named));
    persist(who, ticket, std::move(record));
  }
  [[nodiscard]] size_t broken() const { return context_.violations().size(); }

  WorldSpec world_;
  CheckContext context_;
  AvailabilityRule rule_;
};

TEST_F(AvailabilityRuleTest, ABatchIsAcknowledgedWhenTheDiskHasIt) {
  const BlockRef one = batch(1);
  persist(kFirst, 3, consensus::chain::make_batch_record(one));
  rule_.released(kFirst, Ticket(3));
  acknowledge(kFirst, *one);
  EXPECT_EQ(broken(), 0U);
}

TEST_F(AvailabilityRuleTest, AnAcknowledgementBeforeThatIsSeen) {
  const BlockRef one = batch(1);
  persist(kFirst, 3, consensus::chain::make_batch_record(one));
  rule_.released(kFirst, Ticket(2));
  acknowledge(kFirst, *one);
  EXPECT_EQ(broken(), 1U);
  rule_.released(kSecond, Ticket(9));
  acknowledge(kSecond, *one);  // which it never wrote
  EXPECT_EQ(broken(), 2U);
}

TEST_F(AvailabilityRuleTest, WhatABlockNamesSomebodyHonestHasWritten) {
  persist(kSecond, 1, consensus::chain::make_batch_record(batch(1)));
  bind(kFirst, 1, *batch(1));
  EXPECT_EQ(broken(), 0U);
  bind(kFirst, 2, *batch(2));
  EXPECT_EQ(broken(), 1U);
}

TEST_F(AvailabilityRuleTest, NobodyCommitsOrExecutesNames) {
  Ref<Block> named = Ref<Block>::make();
  Ref<consensus::Payload> name = Ref<consensus::Payload>::make();
  name->named = true;
  named->payloads.emplace_back(std::move(name));
  rule_.committed(kFirst, at(1), *batch(1));
  rule_.executed(kFirst, at(1), *batch(1));
  EXPECT_EQ(broken(), 0U);
  rule_.committed(kFirst, at(1), *named);
  rule_.executed(kFirst, at(1), *named);
  EXPECT_EQ(broken(), 2U);
}

class StillEngine final : public consensus::Engine {
 public:
  void step(TimePoint, std::span<const consensus::Input>, consensus::EffectSink&) override {}
  [[nodiscard]] Bytes credit() const override { return {}; }
  [[nodiscard]] consensus::EngineStatus status() const override { return {}; }
  [[nodiscard]] const consensus::EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override { return nullptr; }
  [[nodiscard]] consensus::Digest fingerprint() const override { return {}; }
  [[nodiscard]] Bytes memory() const override { return {}; }

 private:
  consensus::EngineCounters counters_;
};

TEST_F(AvailabilityRuleTest, WhatIsFinalIsExecutedByEverybodyInTime) {
  rule_.committed(kFirst, at(1), *batch(1));
  ChainPulse calm;
  calm.now = at(100);
  calm.calm_since = at(100);
  rule_.pulse(calm);
  for (int64_t now = 100; now <= 5'000; now += 100) rule_.sample(kSecond, at(now), StillEngine());
  EXPECT_EQ(broken(), 0U);
  for (int64_t now = 5'100; now <= 6'000; now += 100) rule_.sample(kSecond, at(now), StillEngine());
  EXPECT_EQ(broken(), 1U);
}

class RecordingOutbox final : public Outbox {
 public:
  RecordingOutbox()
      : signer_(consensus::make_signer(consensus::SignatureScheme::kModelled, 1,
                                       consensus::ChainId(1), ReplicaId(0))),
        stream_(1, RandomPurpose::kTest, 0) {
    for (uint32_t i = 0; i < 4; ++i) members_.members.push_back({ReplicaId(i), 1, {}});
  }
  [[nodiscard]] TimePoint now() const override { return {}; }
  [[nodiscard]] consensus::ChainId chain() const override { return consensus::ChainId(1); }
  [[nodiscard]] ReplicaId self() const override { return ReplicaId(0); }
  [[nodiscard]] consensus::HashAlgorithm hash_algorithm() const override { return kHash; }
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
  void broadcast(MessageRef message) override { sent.emplace_back(ReplicaId(9), message); }
  void send_raw(ReplicaId /*to*/, std::span<const uint8_t> /*bytes*/) override {}

  std::vector<std::pair<ReplicaId, MessageRef>> sent;

 private:
  consensus::Membership members_;
  std::unique_ptr<consensus::Signer> signer_;
  RandomStream stream_;
};

MessageRef batch_message(uint8_t content) {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = consensus::Protocol::kTendermint;
  message->type = static_cast<uint8_t>(CommonType::kBatch);
  message->sender = ReplicaId(1);
  message->height = consensus::Height(50);
  message->digest = batch(content)->digest;
  message->payloads = batch(content)->payloads;
  return MessageRef(std::move(message));
}

TEST(WithholdingOrigin, AcknowledgesWhatItThrowsAwayAndShowsItsOwnToFewerThanAll) {
  const auto adversary = make_interceptor({AdversarySpec::Kind::kWithholdingOrigin, 0, 0, {}},
                                          consensus::Protocol::kTendermint);
  RecordingOutbox out;
  uint32_t thrown_away = 0;
  uint32_t acknowledged = 0;
  uint32_t certificates = 0;
  for (uint8_t i = 0; i < 40; ++i) {
    out.sent.clear();
    const MessageRef message = batch_message(i);
    if (!adversary->on_receive(ReplicaId(1), message, out)) ++thrown_away;
    uint32_t shown = 0;
    for (const auto& [to, sent] : out.sent) {
      if (sent->type == static_cast<uint8_t>(CommonType::kBatch)) ++shown;
      if (sent->type == static_cast<uint8_t>(CommonType::kAvailability)) ++certificates;
      if (sent->type != static_cast<uint8_t>(CommonType::kAcknowledgement)) continue;
      EXPECT_EQ(sent->digest, message->digest);
      EXPECT_EQ(to, ReplicaId(1));
      ++acknowledged;
    }
    EXPECT_LE(shown, 1U);  // f of four
  }
  EXPECT_GT(thrown_away, 5U);
  EXPECT_EQ(acknowledged, thrown_away);
  EXPECT_GT(certificates, 0U);
}

TEST(WithholdingOrigin, AnswersNobodyWhoAsksForBytes) {
  const auto adversary = make_interceptor({AdversarySpec::Kind::kWithholdingOrigin, 0, 0, {}},
                                          consensus::Protocol::kTendermint);
  RecordingOutbox out;
  Ref<Message> reply = Ref<Message>::make();
  reply->protocol = consensus::Protocol::kTendermint;
  reply->type = static_cast<uint8_t>(CommonType::kPayloadReply);
  adversary->on_send(nullptr, MessageRef(std::move(reply)), out);
  EXPECT_TRUE(out.sent.empty());
  adversary->on_send(nullptr, batch_message(1), out);
  EXPECT_EQ(out.sent.size(), 1U);
}

}  // namespace
}  // namespace govchain::sim
