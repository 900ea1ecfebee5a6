// A look at the engine from outside: status, fingerprint, memory.

#include "consensus/chain/chain_engine.h"
#include "consensus/fingerprint.h"

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

void ChainEngine::encode_reads(Writer& out) const {
  encode_each(reads_waiting_, out, [&](Token token) { out.ordinal(token); });
  encode_each(reads_asked_, out, [&](Token token) { out.ordinal(token); });
  encode_each(reads_confirmed_, out, [&](const ReadyAt& read) {
    out.ordinal(read.token);
    out.ordinal(read.height);
    out.i64(read.asked.nanoseconds());
  });
  out.u64(read_round_);
  out.i64(read_round_at_.nanoseconds());
  out.u64(read_weight_);
  out.ordinal(read_height_);
  // Those who answered the last round matter no more.
  if (!reads_asked_.empty()) encode_positions(read_repliers_, members(), out);
}

// A token says that something was asked for; which of several things it was for lies in the order
// in which they came.
void ChainEngine::encode_pending(Writer& out) const {
  encode_each(verifying_, out, [&](const PendingVerification& pending) {
    out.ordinal(pending.token);
    out.u8(static_cast<uint8_t>(pending.kind));
    out.u32(pending.peer);
    out.u8(pending.flag ? 1 : 0);
    encode_held(pending.message, out);
    encode_held(pending.other, out);
    encode_proof(pending.certificate, out);
    encode_block(pending.block, out);
  });
  encode_each(signing_, out, [&](const PendingSign& pending) {
    out.ordinal(pending.token);
    out.ordinal(pending.after);
    encode_held(pending.draft, out);
  });
  encode_each(loads_, out, [&](const PendingLoad& pending) {
    out.ordinal(pending.token);
    out.u32(pending.peer);
  });
}

void ChainEngine::encode_payloads(Writer& out) const {
  encode_each(named_, out, [&](const NamedProposal& named) {
    out.u32(named.peer);
    encode_held(named.message, out);
  });
  encode_each(fetched_, out, [&](const PayloadRef& payload) { out.digest(payload->digest); });
  encode_each(held_blocks_, out, [&](const BlockRef& block) { encode_block(block, out); });
  batches_.encode_state(out);
  out.u8(resumes_batches_ ? 1 : 0);
  encode_each(unbatched_, out, [&](const PayloadRef& payload) { out.digest(payload->digest); });
  encode_each(doubtful_, out, [&](const DoubtfulPayload& doubtful) {
    out.digest(doubtful.digest);
    out.ordinal(doubtful.epoch);
    out.i64(doubtful.since.nanoseconds());
  });
  encode_each(missing_, out, [&](const MissingBatch& missing) {
    out.digest(missing.batch);
    out.ordinal(missing.height);
    out.u32(missing.asked);
    out.i64(missing.due.nanoseconds());
    encode_each(missing.payloads, out,
                [&](const PayloadRef& payload) { out.u8(payload->named ? 1 : 0); });
    encode_each(missing.signers, out, [&](ReplicaId signer) { out.replica(signer); });
  });
  out.u8(waiting_commit_ ? 1 : 0);
  if (waiting_commit_) {
    encode_block(waiting_commit_->block, out);
    encode_proof(waiting_commit_->certificate, out);
  }
  mempool_.encode_state(out);
}

// What others said, and what is under way.
void ChainEngine::encode_news(Writer& out) const {
  if (wanted_) encode_membership(*wanted_, out);
  if (transfer_) {
    out.ordinal(transfer_->checkpoint.height);
    out.u8(static_cast<uint8_t>((transfer_->fetched ? 1 : 0) | (transfer_->installing ? 2 : 0)));
    encode_each(transfer_->ordered, out, [&](const Digest& digest) { out.digest(digest); });
  }
  encode_each(ordered_notices_, out, [&](const OrderedNotice& notice) {
    out.digest(notice.digest);
    encode_positions(notice.peers, members(), out);
  });
  encode_each(blamed_, out, [&](const Blamed& blamed) {
    out.replica(blamed.culprit);
    out.u8(blamed.type);
    out.ordinal(blamed.view);
    out.ordinal(blamed.height);
  });
  out.ordinal(committed_at_tick_);
  out.u32(farewell_ticks_);
  out.ordinal(window_high_);
  out.u32(window_chunk_);
  out.u64(window_blocks_);
}

void ChainEngine::encode_peers(Writer& out) const {
  encode_each(peers_, out, [&](const Peer& peer) {
    out.ordinal(peer.committed);
    out.ordinal(peer.epoch);
    out.ordinal(peer.served);
    out.u8(peer.loading ? 1 : 0);
    out.u32(peer.verifications);
    encode_time(peer.served_at, out);
    encode_each(peer.future, out, [&](const MessageRef& message) { encode_held(message, out); });
  });
  encode_each(former_, out, [&](const FormerMember& former) {
    out.replica(former.replica);
    out.ordinal(former.served);
    encode_time(former.served_at, out);
  });
}

// What is final. Equal blocks may have certificates of other members, which this replica shows.
void ChainEngine::encode_chain(Writer& out) const {
  const auto encode_stored = [&](const StoredBlock& stored) {
    encode_block(stored.block, out);
    encode_proof(stored.certificate, out);
  };
  out.ordinal(committed_);
  out.ordinal(executed_);
  out.digest(executed_root_);
  encode_each(recent_, out, encode_stored);
  encode_each(epochs_, out, [&](const EpochStart& start) {
    out.ordinal(start.from);
    encode_stored(start.change);
  });
  encode_each(catch_up_, out, [&](const CatchUpBlock& held) { encode_stored(held.stored); });
  for (const Checkpoint& checkpoint : {stable_, proven_}) {
    out.ordinal(checkpoint.height);
    encode_proof(checkpoint.certificate, out);
  }
  encode_each(checkpoints_, out, [&](const CheckpointEntry& entry) {
    out.ordinal(entry.height);
    encode_votes(entry.votes, out);
  });
  encode_votes(approvals_, out);
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
  encode_chain(out);
  encode_peers(out);
  encode_pending(out);
  encode_payloads(out);
  encode_reads(out);
  encode_news(out);
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
