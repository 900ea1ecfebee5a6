// The rule about versions is shown histories that keep it, and some that break it.

#include <string>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "sim/checkers/versions.h"

namespace govchain::sim {
namespace {

using consensus::Block;
using consensus::Certificate;
using consensus::Epoch;
using consensus::Height;
using consensus::Message;
using consensus::ProtocolVersion;
using consensus::Ref;
using consensus::ReplicaId;

class Versions : public testing::Test {
 protected:
  static constexpr auto kOld = ProtocolVersion::k1;
  static constexpr auto kNew = ProtocolVersion::k2;

  // Epoch 0 has version 1 and epoch 1 has version 2; a checkpoint every four heights.
  explicit Versions(consensus::Protocol protocol = consensus::Protocol::kTendermint) {
    world_.chains.resize(1);
    world_.chains[0].name = "chain";
    world_.chains[0].protocol = protocol;
    world_.chains[0].replicas.resize(4);
    world_.chains[0].engine.checkpoint_interval = 4;
    consensus::Membership members;
    for (uint32_t i = 0; i < 4; ++i) members.members.push_back({ReplicaId(i), 1, {}});
    context_.begin(world_, std::span(&members, 1));
    rule_.begin();
    for (uint32_t i = 0; i < 4; ++i) rule_.software(replica(i), kNew);
    members.epoch = Epoch(1);
    members.version = kNew;
    EXPECT_EQ(context_.learn(replica(0), members, {}), CheckContext::Learnt::kNew);
  }

  static ReplicaAddress replica(uint32_t index) { return {0, index}; }
  static Ref<Block> block(uint64_t height, uint64_t epoch) {
    auto made = Ref<Block>::make();
    made->height = Height(height);
    made->epoch = Epoch(epoch);
    return made;
  }
  void commit(uint64_t height, uint64_t epoch, ProtocolVersion agreed_by) {
    auto certificate = Ref<Certificate>::make();
    certificate->statement.version = agreed_by;
    rule_.commit(replica(0), {}, *block(height, epoch), certificate.get());
  }
  static Ref<Message> message(uint64_t epoch, ProtocolVersion version, bool is_signed) {
    auto made = Ref<Message>::make();
    made->epoch = Epoch(epoch);
    made->version = version;
    if (is_signed) made->signature.bytes.fill(1);
    return made;
  }
  [[nodiscard]] size_t broken() const { return context_.violations().size(); }

  WorldSpec world_;
  CheckContext context_;
  VersionRule rule_{context_};
};

TEST_F(Versions, ChangeWithTheFirstHeightAfterACheckpoint) {
  for (uint64_t height = 1; height <= 4; ++height) commit(height, 0, kOld);
  for (uint64_t height = 5; height <= 9; ++height) commit(height, 1, kNew);
  EXPECT_EQ(broken(), 0U);
}

TEST_F(Versions, ChangeAtNoOtherHeight) {
  commit(2, 0, kOld);
  commit(3, 1, kNew);
  EXPECT_EQ(broken(), 1U);
  EXPECT_EQ(context_.violations()[0].rule, "version");
}

TEST_F(Versions, ChangeAtNoOtherHeightWhicheverIsSeenFirst) {
  commit(3, 1, kNew);
  commit(2, 0, kOld);
  EXPECT_EQ(broken(), 1U);
}

TEST_F(Versions, NeverGoBack) {
  commit(4, 1, kNew);
  commit(5, 0, kOld);
  EXPECT_EQ(broken(), 1U);
}

TEST_F(Versions, ChangeOnlyIfAQuorumHasHadTheSoftware) {
  VersionRule rule(context_);
  rule.begin();
  const auto go = [&] { rule.membership(replica(0), {}, *context_.membership(0, Epoch(1))); };
  for (uint32_t i = 0; i < 4; ++i) rule.software(replica(i), i < 2 ? kNew : kOld);
  rule.software(replica(2), kNew);
  rule.software(replica(2), kOld);  // taken back
  go();
  EXPECT_EQ(broken(), 0U);
  rule.begin();
  for (uint32_t i = 0; i < 4; ++i) rule.software(replica(i), i < 2 ? kNew : kOld);
  go();
  EXPECT_EQ(broken(), 1U);
}

class RaftVersions : public Versions {
 protected:
  RaftVersions() : Versions(consensus::Protocol::kRaft) {}
};

TEST_F(RaftVersions, ChangeAtAnyHeight) {
  rule_.commit(replica(0), {}, *block(2, 0), nullptr);
  rule_.commit(replica(0), {}, *block(3, 1), nullptr);
  EXPECT_EQ(broken(), 0U);
}

TEST_F(Versions, OfABlocksCertificateAreThoseOfItsEpoch) {
  commit(5, 1, kOld);
  EXPECT_EQ(broken(), 1U);
  commit(1, 0, kNew);
  EXPECT_EQ(broken(), 2U);
}

TEST_F(Versions, OfWhatIsSignedAreThoseOfItsEpoch) {
  rule_.sent(replica(0), {}, *message(0, kOld, true));
  rule_.sent(replica(0), {}, *message(1, kNew, true));
  rule_.sent(replica(0), {}, *message(1, kOld, false));  // shows something of an earlier epoch
  EXPECT_EQ(broken(), 0U);
  rule_.sent(replica(0), {}, *message(1, kOld, true));
  EXPECT_EQ(broken(), 1U);
  rule_.sent(replica(0), {}, *message(0, kNew, true));
  EXPECT_EQ(broken(), 2U);
}

TEST_F(Versions, ThatSoftwareDoesNotKnowAreNotActedUpon) {
  rule_.software(replica(2), kOld);
  rule_.sent(replica(2), {}, *message(0, kOld, true));
  rule_.executed(replica(2), {}, *block(4, 0));
  rule_.executed(replica(1), {}, *block(5, 1));
  EXPECT_EQ(broken(), 0U);
  rule_.sent(replica(2), {}, *message(1, kNew, false));
  EXPECT_EQ(broken(), 1U);
  rule_.executed(replica(2), {}, *block(5, 1));
  EXPECT_EQ(broken(), 2U);
  rule_.commit(replica(2), {}, *block(5, 1), nullptr);
  EXPECT_EQ(broken(), 3U);
  rule_.software(replica(2), kNew);
  rule_.executed(replica(2), {}, *block(6, 1));
  EXPECT_EQ(broken(), 3U);
}

TEST_F(Versions, ForNamingPayloadsBeginWithTwo) {
  const Ref<Message> proposal = message(0, kOld, true);
  proposal->by_digest = true;
  rule_.sent(replica(0), {}, *proposal);
  EXPECT_EQ(broken(), 1U);
}

}  // namespace
}  // namespace govchain::sim
