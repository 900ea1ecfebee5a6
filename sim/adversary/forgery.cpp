#include "sim/adversary/forgery.h"

#include <utility>

#include "consensus/codec.h"
#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/tendermint/messages.h"

namespace govchain::sim {

using consensus::Block;
using consensus::Message;
using consensus::MessageRef;
using consensus::Ref;

Ref<Message> copy_of(const Message& message) {
  auto copy = Ref<Message>::make();
  copy->protocol = message.protocol;
  copy->type = message.type;
  copy->lane = message.lane;
  copy->version = message.version;
  copy->sender = message.sender;
  copy->epoch = message.epoch;
  copy->view = message.view;
  copy->height = message.height;
  copy->digest = message.digest;
  copy->signature = message.signature;
  copy->body = message.body;
  copy->payloads = message.payloads;
  copy->block = message.block;
  copy->by_digest = message.by_digest;
  return copy;
}

MessageRef sign_and_seal(Ref<Message> message, Outbox& out) {
  message->signature = out.sign(message->statement(out.chain()));
  consensus::seal_message(*message);
  return message;
}

consensus::Digest digest_of_proposal(const Message& proposal, Outbox& out) {
  const consensus::Digest& block = proposal.block->digest;
  if (proposal.protocol == consensus::Protocol::kTendermint) {
    const auto valid_round = consensus::tendermint::decode_valid_round(proposal.body);
    return consensus::tendermint::proposal_digest(
        out.hash_algorithm(), block, valid_round.value_or(consensus::tendermint::kNoRound));
  }
  if (proposal.protocol == consensus::Protocol::kHotstuff) {
    const auto body = consensus::hotstuff::decode_proposal(proposal.body);
    if (!body) return block;
    return consensus::hotstuff::node_digest(
        out.hash_algorithm(), {block, body->parent, proposal.view, body->parent_view()});
  }
  return block;
}

consensus::Digest digest_voted_for(const Message& proposal) {
  return proposal.protocol == consensus::Protocol::kHotstuff ? proposal.digest
                                                             : proposal.block->digest;
}

consensus::BlockRef other_block(const Block& block, Outbox& out) {
  auto other = Ref<Block>::make();
  other->height = block.height;
  other->view = block.view;
  other->epoch = block.epoch;
  other->proposer = block.proposer;
  other->wall_time = block.wall_time + 1 + static_cast<int64_t>(out.random() % 1'000);
  other->payloads = block.payloads;
  // With the proofs of availability that it has it must name the same.
  other->availability = block.availability;
  if (block.availability.empty() && !other->payloads.empty()) other->payloads.pop_back();
  other->control = block.control;
  consensus::seal_block(out.hash_algorithm(), *other);
  return other;
}

consensus::Digest random_digest(Outbox& out) {
  consensus::Digest digest;
  for (uint8_t& byte : digest.bytes) byte = static_cast<uint8_t>(out.random());
  return digest;
}

void pass_on(const consensus::ReplicaId* to, const MessageRef& message, Outbox& out) {
  send_like(to, message, out);
}

void send_like(const consensus::ReplicaId* to, MessageRef message, Outbox& out) {
  if (to != nullptr) {
    out.send(*to, std::move(message));
  } else {
    out.broadcast(std::move(message));
  }
}

}  // namespace govchain::sim
