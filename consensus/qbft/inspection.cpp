// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/fingerprint.h"
#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

std::unique_ptr<Engine> QbftEngine::clone() const { return std::make_unique<QbftEngine>(*this); }

void QbftEngine::describe(EngineStatus& status) const {
  if (bound_) status.proposed = height_;
}

namespace {

uint64_t block_size(const BlockRef& block) {
  if (!block) return 0;
  return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
}

}  // namespace

void QbftEngine::encode_protocol_state(Writer& out) const {
  out.ordinal(height_);
  out.ordinal(round_);
  out.u8(static_cast<uint8_t>((prepared_ ? 1 : 0) | (shown_ ? 2 : 0) | (asked_ ? 4 : 0) |
                              (wanted_body_ ? 8 : 0)));
  if (prepared_) {
    out.ordinal(prepared_->round);
    out.ordinal(prepared_->ticket);
    encode_block(prepared_->block, out);
    encode_proof(prepared_->prepares, out);
  }
  if (wanted_body_) out.digest(*wanted_body_);
  for (const BlockRef& block : {bound_, fetched_body_, left_}) encode_block(block, out);
  for (const MessageRef& message : {proposal_, awaiting_payloads_}) encode_held(message, out);
  out.ordinal(left_round_);
  encode_each(bodies_, out, [&](const LoggedBody& body) {
    encode_block(body.block, out);
    out.ordinal(body.ticket);
  });
  encode_time(waits_since_, out);
  out.ordinal(bound_ticket_);
  out.ordinal(round_change_ticket_);
  out.ordinal(first_record_);
  encode_votes(prepares_, out);
  encode_votes(commits_, out);
  encode_each(round_changes_, out, [&](const RoundChange& round_change) {
    encode_held(round_change.message, out);
    if (round_change.message) encode_proof(round_change.body.prepares, out);
  });
}

Bytes QbftEngine::protocol_memory() const {
  uint64_t total = sizeof(QbftEngine) - sizeof(ChainEngine);
  total += block_size(bound_) + block_size(fetched_body_);
  for (const LoggedBody& body : bodies_) total += block_size(body.block);
  if (prepared_) total += block_size(prepared_->block) + prepared_->prepares->signers.size() * 68;
  for (const MessageRef& message : {proposal_, awaiting_payloads_}) {
    if (message) total += message->wire_size.count() + 256;
  }
  total += uint64_t{members()} * (2 * sizeof(MessageRef) + sizeof(RoundChange));
  for (const RoundChange& round_change : round_changes_) {
    if (round_change.message) total += 2 * round_change.message->wire_size.count() + 256;
  }
  return Bytes(total);
}

bool QbftEngine::is_sent_before_durable() const { return planted(Mutant::kSentBeforeDurable); }
bool QbftEngine::is_checkpoint_unproven() const { return planted(Mutant::kCheckpointUnproven); }
bool QbftEngine::is_duplicate_ordered() const { return planted(Mutant::kDuplicateNotSuppressed); }
bool QbftEngine::is_availability_weak() const {
  return planted(Mutant::kAvailabilityQuorumTooSmall);
}
bool QbftEngine::is_version_active_at_once() const { return planted(Mutant::kVersionActiveAtOnce); }

}  // namespace govchain::consensus::qbft
