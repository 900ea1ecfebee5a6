// What a liar says (Cluster::say): statements that no engine would make, under a replica's key.

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/qbft/messages.h"
#include "consensus/tendermint/messages.h"
#include "tests/consensus/script/cluster.h"

namespace govchain::consensus::testing {
namespace {

Error refuse(const std::string& what) { return Error{ErrorCode::kInvalid, what, "say"}; }

std::optional<uint8_t> type_called(const ProtocolTraits& protocol, const std::string& name) {
  for (int type = 0; type <= UINT8_MAX; ++type) {
    const auto number = static_cast<uint8_t>(type);
    if (protocol.message_name(number) == name) return number;
  }
  return std::nullopt;
}

}  // namespace

Status Cluster::say(const Saying& saying) {
  const Node* const liar = find(saying.from);
  if (liar == nullptr) return refuse("there is no replica " + saying.from);
  const std::optional<uint8_t> type = type_called(*protocol_, saying.type);
  if (!type) return refuse("no message is called " + saying.type);
  const BlockNames::Known* const known =
      saying.block == "nil" ? nullptr : blocks_.find(saying.block);
  if (known == nullptr && saying.block != "nil") {
    return refuse("nobody has proposed " + saying.block);
  }
  Ref<Message> message = Ref<Message>::make();
  message->protocol = protocol_->protocol;
  message->type = *type;
  message->sender = liar->id();
  message->epoch = liar->members().epoch;
  message->view = saying.view;
  message->height = saying.height;
  if (known != nullptr) message->digest = known->statement;
  if (protocol_->protocol == Protocol::kTendermint) {
    if (known != nullptr) message->digest = known->block->digest;
    if (*type == static_cast<uint8_t>(tendermint::MessageType::kProposal)) {
      if (known == nullptr) return refuse("a proposal needs a block");
      const tendermint::Round valid_round = saying.valid_round.value_or(tendermint::kNoRound);
      message->lane = Lane::kBody;
      message->block = known->block;
      message->digest =
          tendermint::proposal_digest(config_.hash, known->block->digest, valid_round);
      tendermint::encode_valid_round(valid_round, message->body);
    }
  }
  if (protocol_->protocol == Protocol::kQbft && known != nullptr &&
      *type == static_cast<uint8_t>(qbft::MessageType::kPrePrepare)) {
    message->lane = Lane::kBody;
    message->block = known->block;
  }
  const auto signer = make_signer(SignatureScheme::kModelled, 1, config_.chain, liar->id());
  Statement statement = message->statement(config_.chain);
  if (saying.forged) statement.view = statement.view.next();
  message->signature = signer->sign(statement);
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
