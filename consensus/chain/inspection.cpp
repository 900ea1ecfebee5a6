// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

Bytes ChainEngine::credit() const {
  if (stopped_) return Bytes(0);
  return mempool_.credit(config_.self);
}

EngineStatus ChainEngine::status() const {
  EngineStatus status;
  status.view = view();
  status.epoch = membership_.epoch;
  status.in_view_change = in_view_change();
  const uint32_t leads = leader();
  status.leader_known = !status.in_view_change && !stopped_ && leads != kNobody;
  if (leads != kNobody) status.leader = id_of(leads);
  status.is_leader = status.leader_known && leads == self_;
  status.proposed = committed_;
  status.committed = committed_;
  status.executed = executed_;
  status.stable_checkpoint = stable_.height;
  status.mempool = mempool_.bytes();
  status.version = version();
  status.outdated_since = outdated_since_;
  describe(status);
  return status;
}

namespace {

void encode_vote(const Message& message, Writer& out) {
  out.u8(message.type);
  out.ordinal(message.view);
  out.ordinal(message.height);
  out.digest(message.digest);
  out.signature(message.signature);  // one that is not verified yet may be forged
}

void encode_votes(const VoteTable& votes, Writer& out) {
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    const MessageRef& message = votes.messages[i];
    out.u8(message ? (votes.verified.contains(i) ? 2 : 1) : 0);
    if (message) encode_vote(*message, out);
  }
}

void encode_time(const std::optional<TimePoint>& time, Writer& out) {
  out.i64(time ? time->nanoseconds() : -1);
}

}  // namespace

void ChainEngine::encode_positions(const PositionSet& positions, Writer& out) const {
  for (uint32_t i = 0; i < members(); ++i) out.u8(positions.contains(i) ? 1 : 0);
}

void ChainEngine::encode_reads(Writer& out) const {
  out.u64(reads_waiting_.size());
  for (const Token token : reads_waiting_) out.ordinal(token);
  out.u64(reads_asked_.size());
  for (const Token token : reads_asked_) out.ordinal(token);
  for (const ReadyAt& read : reads_confirmed_) {
    out.ordinal(read.token);
    out.ordinal(read.height);
    out.i64(read.asked.nanoseconds());
  }
  out.u64(read_round_);
  out.i64(read_round_at_.nanoseconds());
  out.u64(read_weight_);
  out.ordinal(read_height_);
  // Those who answered the last round matter no more.
  if (!reads_asked_.empty()) encode_positions(read_repliers_, out);
}

// What others said, and what is under way.
void ChainEngine::encode_news(Writer& out) const {
  if (wanted_) encode_membership(*wanted_, out);
  if (transfer_) {
    out.ordinal(transfer_->checkpoint.height);
    out.u8(static_cast<uint8_t>((transfer_->fetched ? 1 : 0) | (transfer_->installing ? 2 : 0)));
    for (const Digest& digest : transfer_->ordered) out.digest(digest);
  }
  for (const OrderedNotice& notice : ordered_notices_) {
    out.digest(notice.digest);
    encode_positions(notice.peers, out);
  }
  for (const Blamed& blamed : blamed_) {
    out.replica(blamed.culprit);
    out.u8(blamed.type);
    out.ordinal(blamed.view);
    out.ordinal(blamed.height);
  }
  out.ordinal(committed_at_tick_);
  out.u32(farewell_ticks_);
  out.ordinal(window_high_);
  out.u32(window_chunk_);
  out.u64(window_blocks_);
}

std::vector<StoredBlock> ChainEngine::membership_changes() const {
  std::vector<StoredBlock> changes;
  for (const EpochStart& start : epochs_) {
    if (start.change.block) changes.push_back(start.change);
  }
  return changes;
}

void ChainEngine::encode_state(Writer& out) const {
  out.ordinal(membership_.epoch);
  out.u8(static_cast<uint8_t>((disk_full_ ? 1 : 0) | (stopped_ ? 2 : 0) | (wall_known_ ? 4 : 0) |
                              (transfer_ ? 8 : 0) | (wanted_ ? 16 : 0) | (approved_ ? 32 : 0)));
  out.ordinal(committed_);
  out.ordinal(executed_);
  out.digest(executed_root_);
  out.ordinal(stable_.height);
  out.ordinal(proven_.height);
  out.ordinal(last_ticket_);
  out.ordinal(durable_ticket_);
  out.u64(next_token_);
  out.u64(random_position_);
  out.u32(responder_);
  out.u32(quiet_ticks_);
  out.u8(asked_soon_ ? 1 : 0);
  out.u32(offers_);
  out.i64(offer_due_.nanoseconds());
  out.i64(last_commit_at_.nanoseconds());
  out.i64(last_block_time_);
  out.i64(wall_base_ - wall_base_at_.nanoseconds());
  for (const std::optional<TimePoint>& timer : timers_) encode_time(timer, out);
  for (const CheckpointEntry& entry : checkpoints_) {
    out.ordinal(entry.height);
    encode_votes(entry.votes, out);
  }
  encode_votes(approvals_, out);
  for (const Peer& peer : peers_) {
    out.ordinal(peer.committed);
    out.ordinal(peer.epoch);
    out.ordinal(peer.served);
    out.u8(peer.loading ? 1 : 0);
    out.u32(peer.verifications);
    encode_time(peer.served_at, out);
    for (const MessageRef& message : peer.future) encode_vote(*message, out);
  }
  for (const FormerMember& former : former_) {
    out.u32(former.replica.value());
    out.ordinal(former.served);
    encode_time(former.served_at, out);
  }
  for (const NamedProposal& named : named_) out.digest(named.message->digest);
  for (const PayloadRef& payload : fetched_) out.digest(payload->digest);
  for (const BlockRef& block : held_blocks_) out.digest(block->digest);
  batches_.encode_state(out);
  out.u8(resumes_batches_ ? 1 : 0);
  for (const PayloadRef& payload : unbatched_) out.digest(payload->digest);
  for (const DoubtfulPayload& doubtful : doubtful_) {
    out.digest(doubtful.digest);
    out.ordinal(doubtful.epoch);
    out.i64(doubtful.since.nanoseconds());
  }
  for (const MissingBatch& missing : missing_) {
    out.digest(missing.batch);
    out.u32(missing.asked);
    out.i64(missing.due.nanoseconds());
    for (const PayloadRef& payload : missing.payloads) out.u8(payload->named ? 1 : 0);
  }
  if (waiting_commit_) out.digest(waiting_commit_->block->digest);
  for (const PendingVerification& pending : verifying_) out.ordinal(pending.token);
  for (const PendingSign& pending : signing_) out.ordinal(pending.token);
  for (const PendingLoad& pending : loads_) out.ordinal(pending.token);
  for (const CatchUpBlock& held : catch_up_) out.digest(held.stored.block->digest);
  encode_reads(out);
  encode_news(out);
  mempool_.encode_state(out);
}

Digest ChainEngine::fingerprint() const {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_state(out);
  encode_protocol_state(out);
  return hash(config_.hash, bytes);
}

Bytes ChainEngine::memory() const {
  uint64_t total = sizeof(ChainEngine) + mempool_.memory().count() + seen_.memory();
  const auto block_size = [](const BlockRef& block) {
    return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
  };
  for (const StoredBlock& stored : recent_) {
    total += block_size(stored.block) + stored.certificate->signers.size() * 68;
  }
  for (const CatchUpBlock& held : catch_up_) total += block_size(held.stored.block);
  for (const Peer& peer : peers_) {
    for (const MessageRef& message : peer.future) total += message->wire_size.count() + 256;
  }
  for (const NamedProposal& named : named_) total += named.message->wire_size.count() + 256;
  for (const BlockRef& block : held_blocks_) total += block_size(block);
  total += batches_.memory() + unbatched_.size() * sizeof(PayloadRef);
  total += doubtful_.size() * sizeof(DoubtfulPayload);
  for (const MissingBatch& missing : missing_) {
    for (const PayloadRef& payload : missing.payloads) {
      total += sizeof(Payload) + (payload->named ? 0 : payload->size.count());
    }
  }
  for (const PayloadRef& payload : fetched_) total += payload->size.count() + sizeof(Payload);
  total += verifying_.size() * sizeof(PendingVerification);
  total += checkpoints_.size() * (sizeof(CheckpointEntry) + membership_.size() * 8);
  total += committed_tickets_.size() * sizeof(CommittedTicket) + ordered_.size() * sizeof(Digest);
  for (const EpochStart& start : epochs_) total += start.membership.size() * sizeof(Member);
  return Bytes(total) + protocol_memory();
}

}  // namespace govchain::consensus::chain
