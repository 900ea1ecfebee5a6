// A look at the engine from outside: status, fingerprint, memory.

#include <algorithm>

#include "consensus/fingerprint.h"
#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

void HotstuffEngine::describe(EngineStatus& status) const {
  const Node* const aimed = tree_.find(aim_);
  if (aimed != nullptr) status.proposed = std::max(status.proposed, aimed->height);
}

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
  encode_proof(highest_, out);
  out.ordinal(announced_);
  out.digest(aim_);
  out.digest(tree_.root().digest);
  encode_each(tree_.nodes(), out, [&](const Node& node) {
    out.digest(node.digest);
    out.ordinal(node.ticket);
    encode_proof(node.justify, out);
    out.u8(static_cast<uint8_t>((node.proposal ? 1 : 0) | (node.attached ? 2 : 0) |
                                (node.refused ? 4 : 0) | (node.payloads_asked ? 8 : 0) |
                                (node.payloads_good ? 16 : 0) | (node.said_again ? 32 : 0)));
  });
  encode_each(wanted_, out, [&](const Wanted& wanted) { out.digest(wanted.digest); });
  encode_each(incoming_, out,
              [&](const Incoming& incoming) { encode_held(incoming.message, out); });
  for (const Own* own : {&carrier_, &own_vote_, &own_timeout_}) {
    encode_held(own->message, out);
    out.ordinal(own->ticket);
  }
  out.ordinal(counted_view_);
  out.digest(counted_);
  encode_each(helped_at_, out,
              [&](const std::optional<TimePoint>& last) { encode_time(last, out); });
  encode_votes(votes_, out);
  encode_votes(timeouts_, out);
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
