// Proposals that name their payloads: EngineConfig::proposal_bodies.

#include <string>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/protocols.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

std::vector<Protocol> naming_protocols() {
  std::vector<Protocol> found;
  for (const ProtocolTraits* traits : protocols()) {
    if (traits->proposes_by_digest) found.push_back(traits->protocol);
  }
  return found;
}

class Bodies : public ::testing::TestWithParam<Protocol> {
 protected:
  static constexpr uint32_t kReplicas = 4;

  Bodies() : cluster_(traits_of(GetParam()), config()) {
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_.add(std::to_string(i), ReplicaId(i));
    for (uint32_t i = 0; i < kReplicas; ++i) cluster_.start(std::to_string(i));
  }
  static EngineConfig config() {
    EngineConfig config;
    config.chain = ChainId(1);
    config.proposal_bodies = ProposalBodies::kByDigest;
    config.genesis.version = kProposalsByDigestSince;
    config.batch_delay = Duration::milliseconds(1);
    config.base_timeout = Duration::milliseconds(200);
    config.max_timeout = Duration::seconds(2);
    config.checkpoint_interval = 8;
    for (uint32_t i = 0; i < kReplicas; ++i) {
      Member member;
      member.id = ReplicaId(i);
      member.key =
          make_signer(SignatureScheme::kModelled, 1, config.chain, member.id)->public_key();
      config.genesis.members.push_back(member);
    }
    return config;
  }
  void propose(const std::string& at, const std::string& name) {
    cluster_.find(at)->give(input::Propose{cluster_.payload(name)});
  }
  [[nodiscard]] Height committed(uint32_t replica) {
    return cluster_.find(std::to_string(replica))->engine().status().committed;
  }

  Cluster cluster_;
};

TEST_P(Bodies, BlocksAreCommittedWholeEverywhere) {
  propose("0", "first");
  cluster_.run_for(Duration::seconds(1));
  propose("2", "second");
  cluster_.run_for(Duration::seconds(1));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    const std::string chain = cluster_.describe_chain(*cluster_.find(std::to_string(i)));
    EXPECT_NE(chain.find("first"), std::string::npos) << i << ": " << chain;
    EXPECT_NE(chain.find("second"), std::string::npos) << i << ": " << chain;
  }
}

TEST_P(Bodies, AReplicaThatLacksAPayloadAsksForIt) {
  cluster_.run_for(Duration::seconds(1));  // where one is elected, there is a leader: Raft's is 3
  // What clients' replicas send never reaches replica 2.
  cluster_.lose({{}, {"2"}, {"request", "forward"}});
  cluster_.set_trace(true);
  propose("0", "unheard-of");
  cluster_.run_for(Duration::seconds(3));
  EXPECT_NE(cluster_.take_output().find("payload-query"), std::string::npos);
  for (uint32_t i = 0; i < kReplicas; ++i) EXPECT_GT(committed(i), Height(0)) << i;
}

TEST_P(Bodies, NobodyWaitsForeverForAPayloadThatIsNowhere) {
  // Three of four never hear of it and are never told: its proposer cannot get it ordered, and the
  // chain goes on with what the others have.
  cluster_.lose({{}, {}, {"payload-reply"}});
  cluster_.lose({{"0"}, {}, {"request", "forward"}});
  propose("0", "nowhere");
  propose("1", "everywhere");
  cluster_.run_for(Duration::seconds(20));
  for (uint32_t i = 0; i < kReplicas; ++i) {
    const std::string chain = cluster_.describe_chain(*cluster_.find(std::to_string(i)));
    EXPECT_NE(chain.find("everywhere"), std::string::npos) << i << ": " << chain;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Bodies, ::testing::ValuesIn(naming_protocols()),
                         [](const auto& engine) {
                           return std::string(traits_of(engine.param).name);
                         });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Bodies);

TEST(BlockByDigest, SurvivesTheWireWithoutBytes) {
  const std::vector<uint8_t> bytes(100, 7);
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(5);
  block->payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, 3));
  seal_block(HashAlgorithm::kSha256, *block);
  const BlockRef sealed(std::move(block));
  Ref<Message> message = Ref<Message>::make();
  message->protocol = Protocol::kPbft;
  message->type = 1;
  message->block = sealed;
  message->by_digest = true;
  seal_message(*message);
  std::vector<uint8_t> wire;
  encode_message(ChainId(1), *message, wire);
  EXPECT_EQ(message->wire_size, Bytes(wire.size()));
  const Result<MessageRef> decoded = decode_message(ChainId(1), HashAlgorithm::kSha256, wire);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE((*decoded)->by_digest);
  EXPECT_EQ((*decoded)->block->digest, sealed->digest);
  EXPECT_EQ((*decoded)->block->payload_size(), Bytes(100));
  EXPECT_TRUE((*decoded)->block->payloads[0]->bytes.empty());
  std::vector<uint8_t> again;
  encode_message(ChainId(1), **decoded, again);
  EXPECT_EQ(again, wire);
  // A size that no message could bring.
  const size_t size_at = wire.size() - 4 - 4 - 8;
  for (size_t i = 0; i < 8; ++i) wire[size_at + i] = 0xFF;
  EXPECT_FALSE(decode_message(ChainId(1), HashAlgorithm::kSha256, wire).ok());
}

}  // namespace
}  // namespace govchain::consensus::testing
