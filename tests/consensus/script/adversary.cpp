// What a liar says (Cluster::say): statements that no engine would make, under a replica's key.

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/hotstuff/link.h"
#include "consensus/qbft/messages.h"
#include "consensus/tendermint/messages.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

constexpr uint64_t kKeySeed = 1;  // as in node.cpp

Error refuse(const std::string& what) { return Error{ErrorCode::kInvalid, what, "say"}; }

std::optional<uint8_t> type_called(const ProtocolTraits& protocol, const std::string& name) {
  for (int type = 0; type <= UINT8_MAX; ++type) {
    const auto number = static_cast<uint8_t>(type);
    if (protocol.message_name(number) == name) return number;
  }
  return std::nullopt;
}

}  // namespace

const BlockNames::Known* Cluster::block_of(const Saying& saying) const {
  return saying.block == "nil" ? nullptr : blocks_.find(saying.block);
}

Status Cluster::say_tendermint(const Saying& saying, Message& message) const {
  const BlockNames::Known* const known = block_of(saying);
  if (known != nullptr) message.digest = known->block->digest;
  if (message.type != static_cast<uint8_t>(tendermint::MessageType::kProposal)) return success();
  if (known == nullptr) return refuse("a proposal needs a block");
  const tendermint::Round valid_round = saying.valid_round.value_or(tendermint::kNoRound);
  message.lane = Lane::kBody;
  message.block = known->block;
  message.digest = tendermint::proposal_digest(config_.hash, known->block->digest, valid_round);
  tendermint::encode_valid_round(valid_round, message.body);
  return success();
}

// A proposal comes without justification; a ROUND-CHANGE's PREPAREs are the liar's own alone.
void Cluster::say_qbft(const Saying& saying, Message& message) const {
  const BlockNames::Known* const known = block_of(saying);
  const auto type = static_cast<qbft::MessageType>(message.type);
  if (type == qbft::MessageType::kPrePrepare && known != nullptr) {
    message.lane = Lane::kBody;
    message.block = known->block;
  }
  if (type != qbft::MessageType::kRoundChange) return;
  qbft::RoundChangeBody body;
  if (known != nullptr && saying.prepared) {
    Ref<Certificate> prepares = Ref<Certificate>::make();
    prepares->statement =
        Statement{config_.chain,       message.epoch,
                  Protocol::kQbft,     static_cast<uint8_t>(qbft::MessageType::kPrepare),
                  *saying.prepared,    message.height,
                  known->block->digest};
    prepares->signers.push_back(message.sender);
    prepares->signatures.push_back(
        make_signer(SignatureScheme::kModelled, kKeySeed, config_.chain, message.sender)
            ->sign(prepares->statement));
    body.prepared = qbft::Prepared{*saying.prepared, known->block->digest};
    body.prepares = CertificateRef(std::move(prepares));
  }
  qbft::encode_body(body, message.body);
  message.digest = qbft::round_change_digest(config_.hash, body.prepared);
}

// A node with a new block, on a certificate that somebody has shown, or on the root; with all
// TIMEOUTs of the view before that were sent, if it needs them.
Status Cluster::say_hotstuff(const Saying& saying, Message& message) {
  if (message.type != static_cast<uint8_t>(hotstuff::MessageType::kProposal)) return success();
  hotstuff::ProposalBody body;
  body.parent = hotstuff::root_digest(config_.hash, message.epoch, Height(0));
  message.height = Height(1);
  if (saying.on != View(0)) {
    body.justify = certificates_.find(saying.on);
    if (!body.justify) return refuse("nobody has shown a certificate of that view");
    body.parent = body.justify->statement.digest;
    message.height = body.justify->statement.height.next();
  }
  if (saying.on.next() != saying.view) {
    body.timeout = certificates_.timeouts(View(saying.view.value() - 1));
  }
  Ref<Block> block = Ref<Block>::make();
  block->height = message.height;
  block->view = saying.view;
  block->epoch = message.epoch;
  block->proposer = message.sender;
  block->payloads.push_back(payload(saying.block));
  seal_block(config_.hash, *block);
  message.digest = hotstuff::node_digest(
      config_.hash, {block->digest, body.parent, saying.view, body.parent_view()});
  message.block = BlockRef(std::move(block));
  message.lane = Lane::kBody;
  hotstuff::encode_body(body, message.body);
  return success();
}

Status Cluster::say_about(const Saying& saying, const Node& liar, Message& message) {
  const std::optional<uint8_t> type = type_called(*protocol_, saying.type);
  if (!type) return refuse("no message is called " + saying.type);
  message.protocol = protocol_->protocol;
  message.type = *type;
  message.sender = liar.id();
  message.epoch = liar.members().epoch;
  message.view = saying.view;
  message.height = saying.height;
  const bool new_block = message.protocol == Protocol::kHotstuff && saying.type == "proposal";
  const BlockNames::Known* const known = block_of(saying);
  if (known == nullptr && saying.block != "nil" && !new_block) {
    return refuse("nobody has proposed " + saying.block);
  }
  if (known != nullptr) message.digest = known->statement;
  if (message.protocol == Protocol::kTendermint) return say_tendermint(saying, message);
  if (message.protocol == Protocol::kHotstuff) return say_hotstuff(saying, message);
  if (message.protocol == Protocol::kQbft) say_qbft(saying, message);
  return success();
}

Status Cluster::say(const Saying& saying) {
  const Node* const liar = find(saying.from);
  if (liar == nullptr) return refuse("there is no replica " + saying.from);
  Ref<Message> message = Ref<Message>::make();
  const Status about = say_about(saying, *liar, *message);
  if (!about) return about;
  Statement statement = message->statement(config_.chain);
  if (saying.forged) statement.view = statement.view.next();
  message->signature =
      make_signer(SignatureScheme::kModelled, kKeySeed, config_.chain, liar->id())->sign(statement);
  seal_message(*message);
  const MessageRef sealed(std::move(message));
  if (saying.to.empty()) {
    send(saying.from, std::nullopt, liar->members(), sealed);
    return success();
  }
  for (const std::string& label : saying.to) {
    const Node* const receiver = find(label);
    if (receiver == nullptr) return refuse("there is no replica " + label);
    send(saying.from, receiver->id(), liar->members(), sealed);
  }
  return success();
}

}  // namespace govchain::consensus::testing
