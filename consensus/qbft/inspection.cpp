// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

std::unique_ptr<Engine> QbftEngine::clone() const { return std::make_unique<QbftEngine>(*this); }

void QbftEngine::describe(EngineStatus& status) const {
  if (bound_) status.proposed = height_;
}

namespace {

void encode_votes(const VoteTable& votes, Writer& out) {
  for (const MessageRef& message : votes.messages) {
    out.u8(message ? 1 : 0);
    if (!message) continue;
    out.ordinal(message->view);
    out.digest(message->digest);
    out.signature(message->signature);
  }
  out.u64(votes.weight);
}

uint64_t block_size(const BlockRef& block) {
  if (!block) return 0;
  return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
}

}  // namespace

void QbftEngine::encode_protocol_state(Writer& out) const {
  out.ordinal(height_);
  out.ordinal(round_);
  out.u8(static_cast<uint8_t>((bound_ ? 1 : 0) | (proposal_ ? 2 : 0) | (prepared_ ? 4 : 0) |
                              (awaiting_payloads_ ? 8 : 0) | (shown_ ? 16 : 0) | (asked_ ? 32 : 0) |
                              (wanted_body_ ? 64 : 0) | (fetched_body_ ? 128 : 0)));
  if (bound_) out.digest(bound_->digest);
  if (prepared_) {
    out.ordinal(prepared_->round);
    out.digest(prepared_->block->digest);
  }
  if (awaiting_payloads_) out.digest(awaiting_payloads_->digest);
  if (wanted_body_) out.digest(*wanted_body_);
  if (fetched_body_) out.digest(fetched_body_->digest);
  out.i64(waits_since_ ? waits_since_->nanoseconds() : -1);
  out.ordinal(bound_ticket_);
  out.ordinal(round_change_ticket_);
  out.ordinal(first_record_);
  encode_votes(prepares_, out);
  encode_votes(commits_, out);
  for (const RoundChange& round_change : round_changes_) {
    out.u8(round_change.message ? 1 : 0);
    if (!round_change.message) continue;
    out.ordinal(round_change.message->view);
    out.digest(round_change.message->digest);
  }
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
