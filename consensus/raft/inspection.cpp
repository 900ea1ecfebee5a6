// A replica as seen from outside: status, fingerprint, memory.

#include <algorithm>
#include <vector>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/fingerprint.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

Bytes RaftEngine::credit() const {
  return stopped_ || witness_ ? Bytes() : mempool_.credit(config_.self);
}

EngineStatus RaftEngine::status() const {
  EngineStatus status;
  status.view = term_;
  status.epoch = configurations_.at(commit_).members.epoch;
  status.leader = leader_.value_or(ReplicaId());
  status.leader_known = leader_.has_value();
  status.is_leader = is_leader();
  status.in_view_change = !leader_ && !stopped_;
  status.proposed = log_.last();
  status.committed = commit_;
  status.executed = executed_;
  status.stable_checkpoint = stable_.height;
  status.mempool = mempool_.bytes();
  status.version = configurations_.at(commit_).members.version;
  status.outdated_since = outdated_since_;
  return status;
}

RaftStatus raft_status(const Engine& engine) {
  const auto* raft = dynamic_cast<const RaftEngine*>(&engine);
  GOVCHAIN_ASSERT(raft != nullptr);
  return raft->raft_status();
}

RaftStatus RaftEngine::raft_status() const {
  RaftStatus status;
  status.role = role_;
  status.votes = configuration().votes(self_node());
  status.votes_as_committed = configurations_.at(commit_).configuration.votes(self_node());
  status.witness = witness_;
  status.first = log_.base().next();
  status.last = log_.last();
  status.durable = durable_height_;
  for (const auto& [node, progress] : progress_) {
    PeerStatus peer;
    peer.id = replica_id(node);
    const bool self = node == self_node();
    peer.match = self ? durable_height_ : Height(progress.match);
    peer.next = self ? durable_height_.next() : Height(progress.next);
    // What follows the state, whatever was sent before it.
    if (!self && progress.state == ProgressState::kSnapshot) {
      peer.next = Height(std::max(progress.match, progress.snapshot) + 1);
    }
    peer.state = self ? ProgressState::kReplicate : progress.state;
    peer.learner = progress.learner;
    peer.witness = progress.witness;
    peer.paused = !self && progress.is_paused();
    // The grace of a leader's first period (fresh_progress) is not an answer.
    peer.active = self || (progress.recent_active && (progress.heard || progress.introduced));
    peer.in_flight = progress.in_flight.count();
    peer.window_full = progress.in_flight.full();
    peer.snapshot = Height(progress.snapshot);
    status.peers.push_back(peer);
  }
  return status;
}

Bytes RaftEngine::memory() const {
  uint64_t total = sizeof(RaftEngine);
  total += log_.memory().count() + mempool_.memory().count() + uncommitted_.memory();
  total += configurations_.memory().count() + checkpoint_votes_.memory().count();
  total += reads_.capacity() * sizeof(PendingRead);
  total += forwarded_reads_.capacity() * sizeof(ForwardedRead);
  for (const auto& [node, progress] : progress_) {
    total += sizeof(ProgressMap::Item) + progress.in_flight.count() * sizeof(uint64_t) * 2;
  }
  for (const MessageRef& named : named_) {
    total += sizeof(MessageRef) + sizeof(Message) + sizeof(Block) +
             named->block->payloads.size() * (sizeof(PayloadRef) + sizeof(Payload));
  }
  if (transfer_) total += transfer_->committed.capacity() * sizeof(Digest);
  return Bytes(total);
}

Digest RaftEngine::fingerprint() const {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_state(out);
  return hash(config_.hash, bytes);
}

void RaftEngine::encode_state(Writer& out) const {
  out.ordinal(term_);
  out.u64(vote_ ? node_id(*vote_) : 0);
  out.u64(leader_ ? node_id(*leader_) : 0);
  out.u8(static_cast<uint8_t>(role_));
  out.u8(static_cast<uint8_t>((disk_full_ ? 1U : 0U) | (stopped_ ? 2U : 0U) | (begun_ ? 4U : 0U) |
                              (wall_known_ ? 8U : 0U) | (transfer_sent_ ? 16U : 0U) |
                              (witness_ ? 32U : 0U)));
  out.ordinal(last_ticket_);
  out.ordinal(durable_ticket_);
  out.ordinal(hard_state_ticket_);
  out.ordinal(self_vote_ticket_);
  out.ordinal(failed_ticket_);
  log_.encode_state(out);
  configurations_.encode_state(out);
  for (const Height height :
       {durable_height_, verified_, commit_, emitted_, execute_sent_, executed_, term_start_,
        announced_commit_, stable_.height, proven_.height, window_from_, window_low_}) {
    out.ordinal(height);
  }
  if (has_witnesses_) out.ordinal(copied_);
  out.digest(executed_root_);
  encode_each(votes_, out,
              [&](const auto& vote) { out.u64(vote.first * 2 + (vote.second ? 1 : 0)); });
  encode_each(progress_, out, [&](const ProgressMap::Item& item) {
    out.u64(item.first);
    item.second.encode_state(out);
  });
  for (const std::optional<TimePoint>& timer : timers_) encode_time(timer, out);
  out.i64(election_deadline_.nanoseconds());
  encode_time(leader_heard_, out);
  out.i64(last_block_time_);
  out.i64(wall_base_ - wall_base_at_.nanoseconds());
  out.u64(random_position_);
  out.u32(failed_elections_);
  mempool_.encode_state(out);
  encode_each(named_, out, [&](const MessageRef& named) {
    encode_held(named, out);
    encode_block(named->block, out);
  });
  checkpoint_votes_.encode_state(out);
  encode_each(reads_, out, [&](const PendingRead& read) {
    out.u64(read.sequence);
    out.ordinal(read.token);
    out.u64(read.round);
    out.ordinal(read.index);
  });
  encode_each(forwarded_reads_, out, [&](const ForwardedRead& read) {
    out.u64(read.sequence);
    out.ordinal(read.token);
    out.i64(read.sent.nanoseconds());
  });
  out.u64(read_sequence_);
  out.i64(drawn_timeout_.nanoseconds());
  out.i64(transfer_deadline_.nanoseconds());
  out.ordinal(wanted_epoch_);
  for (const Height height : {settle_refusals_, window_bottom_, window_chunk_, store_from_}) {
    out.ordinal(height);
  }
  out.ordinal(window_load_);
  out.ordinal(base_ticket_);
  encode_each(verifications_, out, [&](const PendingVerification& pending) {
    out.ordinal(pending.token);
    out.u8(static_cast<uint8_t>(pending.kind));
    out.ordinal(pending.height);
    out.replica(pending.signer);
  });
  encode_each(signings_, out, [&](const PendingSignature& pending) {
    out.ordinal(pending.token);
    out.ordinal(pending.statement.height);
    out.digest(pending.statement.digest);
  });
  encode_each(own_roots_, out, [&](const OwnRoot& own) {
    out.ordinal(own.height);
    out.digest(own.root);
  });
  encode_proof(stable_.certificate, out);
  encode_proof(proven_.certificate, out);
  out.u64(read_round_);
  out.u64(confirmed_round_);
  out.i64(promised_until_.nanoseconds());
  out.u8(lease_given_up_ ? 1 : 0);
  encode_each(rounds_sent_, out, [&](TimePoint sent) { out.i64(sent.nanoseconds()); });
  out.u64(next_token_);
  out.u64(transfer_target_ ? node_id(*transfer_target_) : 0);
  if (transfer_) {
    out.u8(static_cast<uint8_t>(transfer_->stage));
    out.ordinal(transfer_->checkpoint.height);
  }
  if (catch_up_) {
    out.u32(catch_up_->round);
    out.ordinal(catch_up_->target);
    out.i64(catch_up_->began.nanoseconds());
    out.u8(catch_up_->over ? 1 : 0);
  }
  if (wanted_change_) {
    for (const Member& member : wanted_change_->target) {
      out.replica(member.id);
      out.u64(member.weight);
    }
    if (wanted_change_->version > kOldestProtocolVersion) {
      out.u16(number_of(wanted_change_->version));
    }
    if (wanted_change_->transfer_leadership_to) {
      out.u64(node_id(*wanted_change_->transfer_leadership_to));
    }
  }
  if (version_poll_) {
    out.i64(version_poll_->began.nanoseconds());
    out.i64(version_poll_->asked ? version_poll_->asked->nanoseconds() : -1);
    for (const NodeId node : version_poll_->ready) out.u64(node);
  }
}

}  // namespace govchain::consensus::raft
