// What the wire does to messages of a Cluster: delays, losses, repetitions, and what a liar
// changes.

#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::pbft::testing {

// What an equivocating replica tells the other half: the same, about another block.
MessageRef Cluster::twin_of(uint32_t from, const Message& message) {
  Ref<Message> twin = Ref<Message>::make();
  twin->protocol = message.protocol;
  twin->type = message.type;
  twin->lane = message.lane;
  twin->sender = message.sender;
  twin->epoch = message.epoch;
  twin->view = message.view;
  twin->height = message.height;
  twin->body = message.body;
  if (role_of(message) == MessageRole::kProposal && message.block) {
    Ref<Block> block = Ref<Block>::make();
    block->height = message.block->height;
    block->view = message.block->view;
    block->epoch = message.block->epoch;
    block->proposer = message.block->proposer;
    block->wall_time = message.block->wall_time;
    block->payloads = message.block->payloads;
    block->payloads.push_back(payload_of(1'000'000 + message.height.value(), 16));
    seal_block(HashAlgorithm::kSha256, *block);
    twin->digest = block->digest;
    twin->block = BlockRef(std::move(block));
  } else {
    twin->digest = hash_pair(HashAlgorithm::kSha256, message.digest, message.digest);
  }
  twin->signature = sign(from, twin->statement(ChainId(7)));
  seal_message(*twin);
  return MessageRef(std::move(twin));
}

Signature Cluster::sign(uint32_t replica, const Statement& statement) {
  return replicas_[replica].signer->sign(statement);
}

void Cluster::transmit(uint32_t from, uint32_t to, const MessageRef& message) {
  check_statement(from, *message);
  const MessageRole role = role_of(*message);
  if (!is_honest(from) && is_vote(role)) {
    if (role != MessageRole::kProposal) {
      put_on_wire(from, to, message);
      put_on_wire(from, to, twin_of(from, *message));
    } else {
      put_on_wire(from, to, to % 2 == 0 ? message : twin_of(from, *message));
    }
    return;
  }
  put_on_wire(from, to, message);
}

void Cluster::put_on_wire(uint32_t from, uint32_t to, const MessageRef& message) {
  ++totals_.messages;
  totals_.bytes += message->wire_size.count();
  if (filter_ && !filter_(from, to, *message)) return;
  const uint32_t copies = random(100) < options_.duplicate_percent ? 2 : 1;
  for (uint32_t i = 0; i < copies; ++i) {
    if (random(100) < options_.loss_percent) continue;
    const auto spread =
        static_cast<uint64_t>((options_.most_delay - options_.least_delay).nanoseconds()) + 1;
    const Duration delay =
        options_.least_delay + Duration::nanoseconds(static_cast<int64_t>(random(spread)));
    schedule(delay, to, [this, to, from, message] { deliver(to, from, message); });
  }
}

void Cluster::deliver(uint32_t to, uint32_t from, MessageRef message) {
  input(to, input::MessageReceived{ReplicaId(from), std::move(message)});
}

}  // namespace govchain::consensus::pbft::testing
