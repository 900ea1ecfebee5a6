// A look at the engine from outside: status, fingerprint, memory.

#include <algorithm>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

Bytes PbftEngine::credit() const {
  if (stopped_) return Bytes(0);
  return mempool_.credit(config_.self);
}

EngineStatus PbftEngine::status() const {
  EngineStatus status;
  status.view = view_;
  status.epoch = membership_.epoch;
  status.leader = id_of(primary_of(view_));
  status.leader_known = !in_view_change_ && !stopped_;
  status.is_leader = is_primary() && status.leader_known;
  status.in_view_change = in_view_change_;
  status.proposed = accepted_;
  status.committed = committed_;
  status.executed = executed_;
  status.stable_checkpoint = stable_.height;
  status.mempool = mempool_.bytes();
  return status;
}

std::unique_ptr<Engine> PbftEngine::clone() const { return std::make_unique<PbftEngine>(*this); }

namespace {

void encode_votes(const VoteTable& votes, Writer& out) {
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    const MessageRef& message = votes.messages[i];
    out.u8(message ? (votes.verified.contains(i) ? 2 : 1) : 0);
    if (message) out.digest(message->digest);
  }
  out.u64(votes.weight);
}

void encode_slot(const Slot& slot, Writer& out) {
  out.ordinal(slot.height);
  for (const BlockRef& body : slot.bodies) out.digest(body->digest);
  out.u8(static_cast<uint8_t>((slot.bound ? 1 : 0) | (slot.proposal ? 2 : 0) |
                              (slot.proposal_verified ? 4 : 0) | (slot.prepared ? 8 : 0) |
                              (slot.commit_certificate ? 16 : 0) | (slot.proof ? 32 : 0) |
                              (slot.relayed ? 64 : 0) | (slot.payloads_verified ? 128 : 0)));
  out.digest(slot.digest);
  if (slot.proposal) out.digest(slot.proposal->digest);
  if (slot.proof) {
    out.ordinal(slot.proof->view());
    out.digest(slot.proof->digest());
  }
  encode_votes(slot.prepares, out);
  encode_votes(slot.commits, out);
}

}  // namespace

void PbftEngine::encode_state(Writer& out) const {
  out.ordinal(view_);
  out.ordinal(active_view_);
  out.u8(static_cast<uint8_t>((in_view_change_ ? 1 : 0) | (disk_full_ ? 2 : 0) |
                              (stopped_ ? 4 : 0) | (new_view_made_ ? 8 : 0) |
                              (escalated_ ? 16 : 0) | (wall_known_ ? 32 : 0)));
  out.u32(attempts_);
  out.ordinal(low_);
  out.ordinal(accepted_);
  out.ordinal(committed_);
  out.ordinal(executed_);
  out.digest(executed_root_);
  out.ordinal(highest_prepared_);
  out.ordinal(stable_.height);
  out.ordinal(last_ticket_);
  out.ordinal(durable_ticket_);
  out.u64(next_token_);
  out.u64(random_position_);
  for (const std::optional<TimePoint>& timer : timers_) {
    out.i64(timer ? timer->nanoseconds() : -1);
  }
  out.i64(last_progress_.nanoseconds());
  for (const Slot& slot : slots_) encode_slot(slot, out);
  for (const CheckpointEntry& entry : checkpoints_) {
    out.ordinal(entry.height);
    encode_votes(entry.votes, out);
  }
  for (const ViewChange& view_change : view_changes_) {
    if (view_change.message) out.digest(view_change.message->digest);
  }
  if (new_view_) out.digest(new_view_->message->digest);
  for (const PendingVerification& pending : verifying_) out.ordinal(pending.token);
  for (const PendingSign& pending : signing_) out.ordinal(pending.token);
  mempool_.encode_state(out);
}

Digest PbftEngine::fingerprint() const {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_state(out);
  return hash(config_.hash, bytes);
}

Bytes PbftEngine::memory() const {
  uint64_t total = sizeof(PbftEngine) + mempool_.memory().count() + in_flight_.memory();
  const uint64_t members = membership_.size();
  const auto block_size = [](const BlockRef& block) {
    return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
  };
  for (const Slot& slot : slots_) {
    total += sizeof(Slot) + 2 * members * sizeof(MessageRef);
    for (const BlockRef& body : slot.bodies) total += block_size(body);
    if (slot.proof) total += slot.proof->prepares->signers.size() * 68;
    if (slot.commit_certificate) total += slot.commit_certificate->signers.size() * 68;
  }
  for (const CatchUpBlock& held : catch_up_) total += block_size(held.stored.block);
  for (const Peer& peer : peers_) {
    for (const MessageRef& message : peer.future) total += message->wire_size.count() + 256;
  }
  for (const ViewChange& view_change : view_changes_) {
    if (view_change.message) total += 2 * view_change.message->wire_size.count();
  }
  if (new_view_) {
    for (const ViewChange& found : new_view_->found) {
      if (found.message) total += 2 * found.message->wire_size.count();
    }
  }
  total += verifying_.size() * sizeof(PendingVerification);
  total += checkpoints_.size() * (sizeof(CheckpointEntry) + members * sizeof(MessageRef));
  return Bytes(total);
}

}  // namespace govchain::consensus::pbft
