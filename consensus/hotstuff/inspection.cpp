// A look at the engine from outside: status, fingerprint, memory.

#include <algorithm>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

void HotstuffEngine::describe(EngineStatus& status) const {
  const Node* const aimed = tree_.find(aim_);
  if (aimed != nullptr) status.proposed = std::max(status.proposed, aimed->height);
}

namespace {

void encode_newest(const VoteTable& table, Writer& out) {
  for (const MessageRef& message : table.messages) {
    out.u8(message ? 1 : 0);
    if (!message) continue;
    out.ordinal(message->view);
    out.digest(message->digest);
    out.signature(message->signature);
  }
}

}  // namespace

void HotstuffEngine::encode_protocol_state(Writer& out) const {
  out.ordinal(view_);
  out.u8(
      static_cast<uint8_t>((failed_ ? 1 : 0) | (carrier_.message ? 2 : 0) | (replay_due_ ? 4 : 0)));
  if (failed_) out.ordinal(failed_->highest());
  out.u32(attempts_);
  out.ordinal(promise_.voted);
  out.ordinal(promise_.given_up);
  out.ordinal(promise_.given_up_highest);
  out.ordinal(promise_.locked_view);
  out.digest(promise_.locked);
  out.ordinal(promise_.may_be_final);
  out.ordinal(promise_.may_be_final_view);
  out.ordinal(promise_ticket_);
  out.ordinal(highest_view());
  if (highest_) out.digest(highest_->statement.digest);
  out.ordinal(announced_);
  out.digest(aim_);
  out.digest(tree_.root().digest);
  for (const Node& node : tree_.nodes()) {
    out.digest(node.digest);
    out.ordinal(node.ticket);
    out.u8(static_cast<uint8_t>((node.proposal ? 1 : 0) | (node.attached ? 2 : 0) |
                                (node.refused ? 4 : 0) | (node.payloads_asked ? 8 : 0) |
                                (node.payloads_good ? 16 : 0) | (node.said_again ? 32 : 0)));
  }
  for (const Wanted& wanted : wanted_) out.digest(wanted.digest);
  out.ordinal(counted_view_);
  out.digest(counted_);
  out.u64(votes_.weight);
  for (const std::optional<TimePoint>& last : helped_at_) {
    out.i64(last ? last->nanoseconds() : -1);
  }
  encode_newest(votes_, out);
  encode_newest(timeouts_, out);
}

Bytes HotstuffEngine::protocol_memory() const {
  uint64_t total = sizeof(HotstuffEngine) + ancestors_.memory();
  const auto certificate_size = [](const CertificateRef& certificate) {
    return certificate ? certificate->signers.size() * 72 + 128 : 0;
  };
  for (const Node& node : tree_.nodes()) {
    total += sizeof(Node) + sizeof(Block) + node.block->payload_size().count() +
             node.block->payloads.size() * 128 + certificate_size(node.justify);
    // Its block is counted above.
    if (node.proposal) total += node.proposal->body.size() + sizeof(Message);
    if (node.timeout) total += node.timeout->entries.size() * sizeof(TimeoutCertificate::Entry);
  }
  for (const Incoming& incoming : incoming_) {
    if (incoming.message) total += incoming.message->wire_size.count() + 256;
  }
  total += 2 * members() * (sizeof(MessageRef) + sizeof(Message) + certificate_size(highest_));
  return Bytes(total);
}

}  // namespace govchain::consensus::hotstuff
