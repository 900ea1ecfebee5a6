// A proof from a node's endpoint to `govchain verify-block`: made by the desk and the ledger,
// signed by the members of a chain, put into a file, and checked against a network's file. Then
// every field of it is changed, and it must not hold any more.

#include "analysis/node/block_proof.h"

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/node/ledger_chain.h"
#include "analysis/node/ledger_queries.h"
#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "consensus/hotstuff/link.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/proofs.h"
#include "consensus/node/config/network_file.h"
#include "consensus/protocols.h"
#include "models/ledger/batch.h"
#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "tests/analysis/program_fixture.h"
#include "tests/consensus/node/client/fake_replica.h"

namespace govchain::analysis {
namespace {

using namespace consensus;
using nlohmann::json;
using node::NetworkFile;

constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;
constexpr ChainId kChain{7};
constexpr int64_t kStart = 1'704'067'200'000'000'000;
constexpr uint32_t kMembers = 4;

std::unique_ptr<Signer> signer_of(uint32_t member) {
  return make_signer(SignatureScheme::kEd25519, 11, kChain, ReplicaId(member));
}

class BlockProof : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    set_protocol(Protocol::kPbft);
  }

  void set_protocol(Protocol protocol) {
    network_ = NetworkFile{};
    network_.protocol = protocol;
    network_.engine.chain = kChain;
    network_.engine.checkpoint_interval = 2;
    for (uint32_t i = 0; i < kMembers; ++i) {
      network_.engine.genesis.members.push_back(
          Member{ReplicaId(i), 1, signer_of(i)->public_key()});
      network_.addresses.push_back(
          {ReplicaId(i), "127.0.0.1", static_cast<uint16_t>(7'000 + i), {}});
    }
    models::LedgerConfig config = models::standard_chain(kChain, 3, 1);
    config.proof_interval = 2;
    config.proof_states = 2;
    ledger_ = std::make_unique<models::Ledger>(config);
    desk_ = std::make_unique<node::ClientDesk>(node::DeskSettings{});
    desk_->attach(replica_, Checkpoint{});
    proofs_ = std::make_unique<node::Proofs>(*desk_, queries_, Duration::seconds(5));
  }

  Ref<Certificate> certify(const Statement& statement, uint32_t signers, uint32_t first = 0) const {
    auto certificate = Ref<Certificate>::make();
    certificate->statement = statement;
    for (uint32_t i = first; i < first + signers; ++i) {
      certificate->signers.push_back(ReplicaId(i));
      certificate->signatures.push_back(signer_of(i)->sign(statement));
    }
    return certificate;
  }
  [[nodiscard]] Statement statement(uint8_t type, Height height, const Digest& digest) const {
    Statement made;
    made.chain = kChain;
    made.protocol = network_.protocol;
    made.type = type;
    made.height = height;
    made.digest = digest;
    return made;
  }
  [[nodiscard]] CertificateRef commit_of(const Block& block, uint32_t signers,
                                         MessageRole role = MessageRole::kFinalVote) const {
    const MessageRoles& roles = traits_of(network_.protocol).roles;
    if (network_.protocol == Protocol::kRaft) return {};
    if (network_.protocol != Protocol::kHotstuff) {
      return certify(statement(*roles.type_of(role), block.height, block.digest), signers);
    }
    // The block's node and one on top of it, in consecutive views: the two-chain rule.
    using hotstuff::NodeHeader;
    const Digest root = hotstuff::root_digest(kHash, Epoch(0), Height(0));
    const NodeHeader below{block.digest, root, View(1), View(0)};
    const NodeHeader head{Digest{}, hotstuff::node_digest(kHash, below), View(2), View(1)};
    Statement vote = statement(*roles.type_of(MessageRole::kVote), block.height.next(),
                               hotstuff::node_digest(kHash, head));
    vote.view = View(2);
    Ref<Certificate> certificate = certify(vote, signers);
    hotstuff::encode_link({hotstuff::CommitRule::kTwoChain, {head, below}}, certificate->link);
    return certificate;
  }
  Checkpoint checkpoint_at(Height height, const Digest& root, uint32_t signers) const {
    return {height, root, Epoch(0),
            certify(statement(kCheckpointStatement, height, root), signers)};
  }

  PayloadRef batch() {
    std::vector<models::Transaction> calls(3);
    for (size_t i = 0; i < calls.size(); ++i) {
      calls[i].chain = kChain;
      calls[i].sender = models::DepartmentId(1);
      calls[i].nonce = i;
      calls[i].expiry = kStart + 60'000'000'000;
      calls[i].contract = models::sharing::kContractId;
      calls[i].method = static_cast<uint16_t>(models::sharing::Method::kRegister);
      calls[i].arguments = models::encode_fields(models::sharing::RegisterResource{
          .resource = models::sharing::ResourceId(1 + i),
          .data_class = models::sharing::DataClass::kUnconditional,
          .answer_days = 10,
          .description = {}});
    }
    calls[2].method = 99;  // no such method
    payload_ = make_payload(kHash, models::sign_batch(kHash, *signer_of(9), calls), 3);
    id_ = models::transaction_id(kHash, calls[1]);
    return payload_;
  }

  // Block 1 holds a batch of three, block 2 nothing; a checkpoint stands at 2.
  void run_chain(uint32_t commit_signers = 3, uint32_t checkpoint_signers = 3,
                 MessageRole role = MessageRole::kFinalVote) {
    (void)batch();
    for (uint64_t height = 1; height <= 2; ++height) {
      auto block = Ref<Block>::make();
      block->height = Height(height);
      block->wall_time = kStart;
      if (height == 1) {
        block->payloads = {make_payload(kHash, std::vector<uint8_t>{1, 2}, 1), payload_};
      }
      seal_block(kHash, *block);
      ExecutionResult result;
      ledger_->execute(*block, result);
      desk_->on_final({block, commit_of(*block, commit_signers, role)}, result.receipts);
      root_ = result.state_root;
    }
    desk_->on_checkpoint(checkpoint_at(Height(2), root_, checkpoint_signers));
    // The chain goes on: what is proven is the state at the checkpoint.
    auto block = Ref<Block>::make();
    block->height = Height(3);
    block->wall_time = kStart + 1;
    seal_block(kHash, *block);
    ExecutionResult result;
    ledger_->execute(*block, result);
  }

  json answer(const std::function<void(node::HttpHandler::Respond)>& ask, unsigned status = 200) {
    std::optional<node::HttpResponse> response;
    ask([&](node::HttpResponse given) { response = std::move(given); });
    for (const auto& query : replica_.take_queries()) query(*ledger_, ledger_->height());
    EXPECT_TRUE(response.has_value());
    if (!response) return {};
    EXPECT_EQ(response->status, status) << response->body;
    return json::parse(response->body);
  }
  json proof_of_transaction(uint32_t index = 1, unsigned status = 200) {
    return answer([&](auto respond) { proofs_->of_transaction(payload_->digest, index, respond); },
                  status);
  }
  json proof_of_record(const models::StateKey& key) {
    const std::span<const uint8_t> bytes = key.bytes();
    return answer([&](auto respond) { proofs_->of_record({bytes.begin(), bytes.end()}, respond); });
  }

  ProgramOutput verify(const json& proof, bool as_json = false) const {
    std::ofstream(path("network.json")) << node::encode_network_file(network_);
    std::ofstream(path("proof.json")) << proof.dump();
    std::vector<std::string> words = {"verify-block", path("proof.json"), "--network",
                                      path("network.json")};
    if (as_json) words.emplace_back("--json");
    return run_typed(words);
  }
  // Every value in it, changed in every place: it holds no longer, or is no proof any more.
  void expect_every_change_is_noticed(const json& proof, const std::string& but_for = {}) const {
    const json flat = proof.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      if (pointer == but_for) continue;
      std::vector<json> changes;
      if (value.is_string()) {
        const std::string text = value;
        // In some places of it, from end to end.
        for (size_t i = 0; i < text.size(); i += 1 + text.size() / 24) {
          std::string changed = text;
          changed[i] = text[i] == '1' ? '2' : '1';
          changes.emplace_back(changed);
        }
        changes.emplace_back(text.substr(0, text.size() - 2));
        changes.emplace_back(text + "00");
        changes.emplace_back(nullptr);
      } else if (value.is_null()) {
        changes.emplace_back("00");
      } else {
        changes.emplace_back(value.get<uint64_t>() + 1);
        changes.emplace_back("1");
      }
      for (const json& change : changes) {
        json changed = flat;
        changed[pointer] = change;
        ASSERT_NE(verify(changed.unflatten()).code, 0) << pointer << " became " << change;
      }
      json less = proof;
      less[json::json_pointer(pointer).parent_pointer()].erase(json::json_pointer(pointer).back());
      if (!json::json_pointer(pointer).parent_pointer().empty()) {
        ASSERT_EQ(verify(less).code, 2) << "without " << pointer;
      }
    }
  }

  NetworkFile network_;
  std::unique_ptr<models::Ledger> ledger_;
  node::testing::FakeReplica replica_;
  std::unique_ptr<node::ClientDesk> desk_;
  LedgerQueries queries_;
  std::unique_ptr<node::Proofs> proofs_;
  PayloadRef payload_;
  Digest id_;
  Digest root_;
};

TEST_F(BlockProof, OfATransactionHoldsUnderEveryProtocolAndSaysWhatItShows) {
  for (const ProtocolTraits* const traits : protocols()) {
    SCOPED_TRACE(traits->name);
    set_protocol(traits->protocol);
    run_chain();
    const json proof = proof_of_transaction();
    const bool has_block = traits->faults == FaultModel::kByzantine;
    EXPECT_EQ(proof.contains("block"), has_block);
    const ProgramOutput said = verify(proof, true);
    ASSERT_EQ(said.code, 0) << said.out << said.err;
    const json report = json::parse(said.out);
    EXPECT_EQ(report["holds"], true);
    std::vector<std::string> shown;
    for (const json& check : report["checks"]) shown.push_back(check["what"]);
    EXPECT_EQ(shown, has_block ? (std::vector<std::string>{"block", "payload", "transaction",
                                                           "checkpoint", "receipt"})
                               : (std::vector<std::string>{"checkpoint", "receipt"}));
    const std::string last = report["checks"].back()["explanation"];
    EXPECT_EQ(last.find(node::to_hex(id_.bytes) + " was applied"), 0U) << last;
    EXPECT_EQ(verify(proof).out.find("NO"), std::string::npos);
  }
}

TEST_F(BlockProof, OfATransactionNoticesEveryChange) {
  run_chain();
  expect_every_change_is_noticed(proof_of_transaction());
}

TEST_F(BlockProof, UnderHotstuffAndRaftNoticesEveryChangeToo) {
  for (const Protocol protocol : {Protocol::kHotstuff, Protocol::kRaft}) {
    set_protocol(protocol);
    run_chain();
    expect_every_change_is_noticed(proof_of_transaction());
  }
}

TEST_F(BlockProof, OfARecordThatIsThereOrIsNotNoticesEveryChange) {
  run_chain();
  const json present = proof_of_record(models::department_key(models::DepartmentId(2)));
  EXPECT_EQ(verify(present).code, 0);
  expect_every_change_is_noticed(present);
  const json absent = proof_of_record(models::department_key(models::DepartmentId(99)));
  EXPECT_TRUE(absent["record"]["value"].is_null());
  EXPECT_EQ(verify(absent).code, 0);
  // The same leaf shows that other keys are absent, too: then the proof is one of theirs.
  expect_every_change_is_noticed(absent, "/record/key");
}

TEST_F(BlockProof, TellsARefusedTransactionFromAnAppliedOne) {
  run_chain();
  const std::string refused = verify(proof_of_transaction(2)).out;
  EXPECT_NE(refused.find("was refused with code 9"), std::string::npos) << refused;
  (void)proof_of_transaction(3, 400);
}

// Replica 4 takes the place of replica 0 after height 2: block 1 says so, and what is proven stands
// in block 3, under the checkpoint at 4.
class LaterProof : public BlockProof {
 protected:
  void run_over_an_epoch() {
    std::vector<Member> members = network_.engine.genesis.members;
    members.erase(members.begin());
    members.push_back(Member{ReplicaId(4), 1, signer_of(4)->public_key()});
    Membership target{Epoch(1), members, network_.engine.genesis.version};
    Statement approval;
    approval.chain = kChain;
    approval.protocol = network_.protocol;
    approval.type = static_cast<uint8_t>(chain::CommonType::kApproval);
    std::vector<uint8_t> encoded;
    chain::encode_target(target, encoded);
    approval.digest = hash(kHash, encoded);
    auto block = Ref<Block>::make();
    block->height = Height(1);
    block->wall_time = kStart;
    chain::encode_control({target, certify(approval, 3)}, block->control);
    seal_block(kHash, *block);
    change_ = {block, commit_of(*block, 3)};
    ExecutionResult result;
    ledger_->execute(*block, result);
    desk_->on_final(change_, {});
    for (uint64_t height = 2; height <= 4; ++height) {
      block = Ref<Block>::make();
      block->height = Height(height);
      block->epoch = Epoch(height <= 2 ? 0 : 1);
      block->wall_time = kStart;
      if (height == 3) block->payloads = {batch()};
      seal_block(kHash, *block);
      ledger_->execute(*block, result);
      desk_->on_final({block, certify_in(*block)}, result.receipts);
    }
    Statement state = statement(kCheckpointStatement, Height(4), result.state_root);
    state.epoch = Epoch(1);
    desk_->on_checkpoint({Height(4), result.state_root, Epoch(1), certify(state, 3, 1)});
  }
  [[nodiscard]] CertificateRef certify_in(const Block& block) const {
    const MessageRoles& roles = traits_of(network_.protocol).roles;
    Statement final =
        statement(*roles.type_of(MessageRole::kFinalVote), block.height, block.digest);
    final.epoch = block.epoch;
    return certify(final, 3, block.epoch == Epoch(0) ? 0 : 2);
  }
  // What the desk gives once its replica has told of the changes.
  json later_proof() {
    std::optional<node::HttpResponse> response;
    proofs_->of_transaction(payload_->digest, 1,
                            [&](node::HttpResponse given) { response = std::move(given); });
    for (const auto& taker : replica_.take_history_takers()) taker({change_});
    for (const auto& query : replica_.take_queries()) query(*ledger_, ledger_->height());
    EXPECT_TRUE(response && response->status == 200);
    return response ? json::parse(response->body) : json();
  }

  StoredBlock change_;
};

TEST_F(LaterProof, LeadsFromTheGenesisToWhoSigned) {
  run_over_an_epoch();
  const json proof = later_proof();
  const ProgramOutput said = verify(proof);
  EXPECT_EQ(said.code, 0) << said.out << said.err;
  EXPECT_NE(said.out.find("of epoch 1, from height 3 on, by 1 changes since the genesis"),
            std::string::npos)
      << said.out;
  expect_every_change_is_noticed(proof);
}

TEST_F(LaterProof, WithoutTheChangesDoesNotHold) {
  run_over_an_epoch();
  json proof = later_proof();
  proof.erase("memberships");
  const ProgramOutput said = verify(proof);
  EXPECT_EQ(said.code, 6);
  EXPECT_NE(said.out.find("leads from the members that are trusted to those of epoch 0"),
            std::string::npos)
      << said.out;
}

// Members whose time is over prove nothing about later heights, and those to come nothing before.
TEST_F(LaterProof, ByMembersOfAnotherTimeDoesNotHold) {
  run_over_an_epoch();
  const json proof = later_proof();
  for (const uint64_t height : {2U, 3U}) {
    auto block = Ref<Block>::make();
    block->height = Height(height);
    block->epoch = Epoch(height == 2 ? 1 : 0);
    block->wall_time = kStart + 7;
    seal_block(kHash, *block);
    std::vector<uint8_t> encoded;
    std::vector<uint8_t> certificate;
    Writer block_out(encoded);
    Writer certificate_out(certificate);
    encode_block_by_digest(*block, block_out);
    encode_certificate(*certify_in(*block), certificate_out);
    json other{{"govchain_proof", 1}, {"memberships", proof["memberships"]}};
    other["block"] = {{"encoded", node::to_hex(encoded)},
                      {"certificate", node::to_hex(certificate)}};
    const ProgramOutput said = verify(other);
    EXPECT_EQ(said.code, 6);
    EXPECT_NE(said.out.find("height " + std::to_string(height) + " is none of epoch"),
              std::string::npos)
        << said.out;
  }
}

TEST_F(BlockProof, WithTooFewSignaturesDoesNotHold) {
  run_chain(2, 3);
  EXPECT_EQ(verify(proof_of_transaction()).code, 6);
  set_protocol(Protocol::kPbft);
  run_chain(3, 2);
  const ProgramOutput said = verify(proof_of_transaction());
  EXPECT_EQ(said.code, 6);
  EXPECT_NE(said.out.find("weight 2 of the 3 that are needed"), std::string::npos) << said.out;
}

// A quorum that prepared a block has signed its height and digest, and the block may never commit.
TEST_F(BlockProof, OfAnEarlierPhaseDoesNotHold) {
  for (const Protocol protocol : {Protocol::kPbft, Protocol::kTendermint, Protocol::kQbft}) {
    set_protocol(protocol);
    run_chain(4, 3, MessageRole::kVote);
    const ProgramOutput said = verify(proof_of_transaction());
    EXPECT_EQ(said.code, 6);
    EXPECT_NE(said.out.find("not that this block is final"), std::string::npos) << said.out;
  }
}

TEST_F(BlockProof, ByAnotherRuleOfHotstuffThanTheChainsDoesNotHold) {
  set_protocol(Protocol::kHotstuff);
  network_.settings.hotstuff.commit_rule = hotstuff::CommitRule::kThreeChain;
  run_chain();
  EXPECT_EQ(verify(proof_of_transaction()).code, 6);
}

TEST_F(BlockProof, DoesNotHoldForWhoTrustsOtherMembers) {
  run_chain();
  const json proof = proof_of_transaction();
  NetworkFile others = network_;
  network_.engine.genesis.members[0].key = signer_of(8)->public_key();
  EXPECT_EQ(verify(proof).code, 6);
  network_ = others;
  network_.engine.chain = ChainId(8);
  EXPECT_EQ(verify(proof).code, 6);
  network_ = others;
  network_.protocol = Protocol::kQbft;
  EXPECT_EQ(verify(proof).code, 6);
  network_ = others;
  network_.engine.hash = HashAlgorithm::kSm3;
  EXPECT_NE(verify(proof).code, 0);
}

TEST_F(BlockProof, ThatIsNoneIsTheUsersMistake) {
  run_chain();
  for (const char* text : {"{}", "[]", "{\"govchain_proof\": 1}", "{\"govchain_proof\": 2}",
                           "{\"error\": \"no final payload of this id here\"}"}) {
    EXPECT_EQ(verify(json::parse(text)).code, 2) << text;
  }
  json proof = proof_of_transaction();
  proof["more"] = 1;
  EXPECT_EQ(verify(proof).code, 2);
  EXPECT_EQ(run_typed({"verify-block", path("none"), "--network", path("network.json")}).code, 2);
  EXPECT_EQ(run_typed({"verify-block", path("proof.json")}).code, 2);
}

TEST_F(BlockProof, HasNoReceiptBeforeACheckpointCoversTheBlock) {
  run_chain();
  desk_ = std::make_unique<node::ClientDesk>(node::DeskSettings{});
  desk_->attach(replica_, Checkpoint{});
  proofs_ = std::make_unique<node::Proofs>(*desk_, queries_, Duration::seconds(5));
  auto block = Ref<Block>::make();
  block->height = Height(1);
  block->payloads = {payload_};
  seal_block(kHash, *block);
  desk_->on_final({block, commit_of(*block, 3)}, std::vector<Receipt>(3));
  const json proof = proof_of_transaction();
  EXPECT_FALSE(proof.contains("receipt"));
  EXPECT_FALSE(proof.contains("checkpoint"));
  EXPECT_EQ(verify(proof).code, 0);
}

}  // namespace
}  // namespace govchain::analysis
