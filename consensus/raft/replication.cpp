// Replication of the log: §5.3 of the paper, pipelined with flow control as in etcd-io/raft
// (tracker/), the leader's own write beside the followers' (dissertation §10.2.1). One block per
// append: a block is already a batch.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

// --- Leader

Progress RaftEngine::fresh_progress() const {
  Progress progress;
  progress.recent_active = true;
  progress.in_flight = InFlightWindow(raft_.max_append_messages, raft_.max_append_bytes);
  return progress;
}

void RaftEngine::replicate_to_all() {
  for (auto& [node, progress] : progress_) {
    if (node != self_node()) replicate_to(node, progress);
  }
}

void RaftEngine::replicate_to(NodeId node, Progress& progress) {
  while (!progress.is_paused() && send_next(node, progress)) {
  }
}

// Sends what the peer needs next. False if there is nothing, or it must be fetched first.
bool RaftEngine::send_next(NodeId node, Progress& progress) {
  const Height next(progress.next);
  const bool probe = progress.state == ProgressState::kProbe;
  const Height last = sendable(progress);
  if (next > last) {
    if (probe && progress.match < last.value()) send_append(node, progress, {}, false);
    return false;
  }
  if (!log_.term_at(Height(next.value() - 1))) {
    send_snapshot(node, progress);
    return false;
  }
  BlockRef block = log_.block_at(next);
  if (!block && probe) {
    // Whether the logs agree there at all is asked before anything is read back for it.
    send_append(node, progress, {}, false);
    return false;
  }
  if (!block) {
    load_for(progress);
    return false;
  }
  send_append(node, progress, std::move(block), false);
  return true;
}

// `bare`: a question that neither pauses a probe nor counts in the window.
void RaftEngine::send_append(NodeId node, Progress& progress, BlockRef block, bool bare) {
  const Height previous(progress.next - 1);
  const std::optional<View> previous_term = log_.term_at(previous);
  if (!previous_term) {
    send_snapshot(node, progress);
    return;
  }
  const bool names = block && is_sent_by_names(progress, *block);
  const bool bodies = block && !progress.witness && !names;
  const Bytes size = bodies ? block->payload_size() : Bytes();
  const ProtocolVersion version = block ? version_at(block->height) : kUniversalVersion;
  auto& [shared, shared_commit] = shared_appends_[names ? 2 : progress.witness ? 1 : 0];
  const bool reusable = shared && shared->height == previous && shared->block == block &&
                        shared->view == term_ && shared->version == version &&
                        shared_commit == commit_;
  if (!reusable) {
    const MessageType type = names ? MessageType::kAppendNames : MessageType::kAppend;
    Ref<Message> message = new_message(type, Lane::kBody, previous);
    encode_body(AppendBody{*previous_term, commit_}, *message);
    message->block = block;
    message->version = version;
    message->by_digest = block && !bodies;
    seal_message(*message);
    shared = MessageRef(std::move(message));
    shared_commit = commit_;
  }
  sink_->emit(effect::Send{replica_id(node), shared, hard_state_ticket_});
  if (!bare) progress.sent(previous.value() + (block ? 1 : 0), size);
}

void RaftEngine::load_for(Progress& progress) {
  const uint64_t wanted = std::min<uint64_t>(
      {log_.last().value() - progress.next + 1, kLoadBlocks, raft_.max_append_messages});
  progress.load = new_token();
  sink_->emit(effect::Load{progress.load, Height(progress.next), static_cast<uint32_t>(wanted),
                           raft_.max_append_bytes});
}

void RaftEngine::on_loaded_for_peer(const input::Loaded& input) {
  for (auto& [node, progress] : progress_) {
    if (progress.load != input.token || input.token == Token()) continue;
    progress.load = Token();
    if (!is_leader() || progress.state == ProgressState::kSnapshot) return;
    bool usable = false;
    for (const StoredBlock& stored : input.blocks) {
      if (!stored.block || stored.block->height != Height(progress.next)) continue;
      if (log_.term_at(stored.block->height) != stored.block->view) continue;
      usable = true;
      if (progress.is_paused()) break;
      send_append(node, progress, stored.block, false);
    }
    // The store no longer has what the log still knows of: the peer needs a snapshot.
    if (!usable && !log_.block_at(Height(progress.next)) && Height(progress.next) <= commit_) {
      send_snapshot(node, progress);
      return;
    }
    replicate_to(node, progress);
    return;
  }
}

void RaftEngine::broadcast_heartbeat() {
  Ref<Message> message = new_message(MessageType::kHeartbeat, Lane::kVote, commit_);
  encode_body(RoundBody{read_round_}, *message);
  announced_commit_ = commit_;
  broadcast(std::move(message), hard_state_ticket_);
}

void RaftEngine::on_heartbeat_timer() {
  if (!is_leader()) return;
  // With leases every heartbeat is a round, so that its answers renew the lease.
  if (raft_.lease_reads) begin_round();
  broadcast_heartbeat();
  for (auto& [node, progress] : progress_) {
    if (node == self_node()) continue;
    if (progress.match >= sendable(progress).value()) continue;
    if (progress.silent_beats < UINT8_MAX) ++progress.silent_beats;
    const bool fetching = progress.state == ProgressState::kSnapshot;
    if (progress.silent_beats < (fetching ? kSnapshotRepeatBeats : kMaxUnheardBeats)) continue;
    progress.silent_beats = 0;
    if (progress.state == ProgressState::kReplicate) {
      // Something may be lost. A bare question in the appends' own lane tells: it comes behind
      // them, so that a peer that is only slow has them by then.
      if (!progress.blocked && progress.load == Token()) send_append(node, progress, {}, true);
    } else if (progress.state == ProgressState::kSnapshot) {
      send_snapshot(node, progress);
    } else {
      progress.paused = false;
      replicate_to(node, progress);
    }
  }
  set_timer(TimerKind::kHeartbeat, now_ + heartbeat_);
  if (catch_up_ || version_poll_) try_reconfigure();
}

// Followers answer their own clients when they know that an entry is committed, so they are told at
// once and not with the next heartbeat.
void RaftEngine::announce_commit() {
  if (!is_leader() || announced_commit_ >= commit_) return;
  announced_commit_ = commit_;
  if (progress_.begin() == progress_.end() || configurations_.latest().reachable.size() < 2) return;
  Ref<Message> message = new_message(MessageType::kCommitNotice, Lane::kVote, commit_);
  encode_body(RoundBody{}, *message);
  broadcast(std::move(message), hard_state_ticket_);
}

void RaftEngine::on_append_reply(ReplicaId from, const Message& message) {
  AppendReplyBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  const NodeId node = node_id(from);
  Progress* progress = progress_.find(node);
  if (!is_leader() || progress == nullptr || message.height > log_.last()) {
    ++counters_.stale;
    return;
  }
  progress->recent_active = progress->heard = true;
  ++counters_.accepted;
  if (body.refused) {
    on_append_refused(node, *progress, message.height, body);
    return;
  }
  const uint64_t acknowledged = message.height.value();
  const bool news = progress->acknowledge(acknowledged);
  switch (progress->state) {
    case ProgressState::kProbe:
      progress->become_replicate();
      break;
    case ProgressState::kSnapshot:
      // It is back within what we can send (etcd-io/raft, stepLeader).
      if (log_.term_at(Height(progress->match))) {
        progress->become_probe();
        progress->become_replicate();
      }
      break;
    case ProgressState::kReplicate:
      progress->in_flight.free_to(acknowledged);
      break;
  }
  if (news) {
    commit_by_counting();
    if (!is_leader()) return;  // the commit may have removed us
    progress = progress_.find(node);
    if (progress == nullptr) return;
    continue_transfer();
    if (catch_up_) {
      try_reconfigure();
      progress = is_leader() ? progress_.find(node) : nullptr;
      if (progress == nullptr) return;
    }
  }
  replicate_to(node, *progress);
}

void RaftEngine::on_append_refused(NodeId node, Progress& progress, Height height,
                                   const AppendReplyBody& body) {
  if (progress.state == ProgressState::kSnapshot) {
    // It gave the state up, because nobody could give it: announced again with the next heartbeat.
    if (height.value() == progress.snapshot) progress.silent_beats = kSnapshotRepeatBeats;
    return;
  }
  if (progress.state == ProgressState::kReplicate) {
    if (height.value() <= progress.match)
      return;  // an old refusal, overtaken by an acknowledgement
    progress.become_probe();
    replicate_to(node, progress);
    return;
  }
  if (progress.next - 1 != height.value()) return;  // of an older probe
  // Where its log can agree with ours at best; skips whole terms (paper §5.3, end).
  const Height agreed = log_.agreement(body.hint, body.hint_term);
  const uint64_t back = std::min(height.value(), agreed.value() + 1);
  const uint64_t before = progress.next;
  progress.next = std::max<uint64_t>(back, progress.match + 1);
  if (agreed == log_.base() && body.hint < log_.base()) progress.next = body.hint.value() + 1;
  // A peer that refuses what it had acknowledged has lost its disk. Asking again at once would go
  // on at the speed of the network; the next heartbeat is soon enough.
  if (progress.next == before) return;
  progress.paused = false;
  replicate_to(node, progress);
}

void RaftEngine::on_heartbeat_reply(ReplicaId from, const Message& message) {
  RoundBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  const NodeId node = node_id(from);
  Progress* progress = progress_.find(node);
  if (!is_leader() || progress == nullptr || body.round > read_round_) {
    ++counters_.stale;
    return;
  }
  progress->recent_active = progress->heard = true;
  ++counters_.accepted;
  if (progress->state == ProgressState::kProbe) {
    // Who has everything and answers need not be asked where our logs agree (etcd-io/raft asks).
    if (progress->match == sendable(*progress).value()) progress->become_replicate();
    progress->paused = false;
    replicate_to(node, *progress);
  }
  confirm_round(node, body.round);
}

// --- Follower

bool RaftEngine::is_ordered(const Message& message, AppendBody& body) {
  return decode_body(message, body) && body.previous_term <= message.view &&
         (!message.block ||
          (message.block->height == message.height.next() && message.block->view <= message.view &&
           message.block->view >= body.previous_term));
}

// Step 2 of AppendEntries (P figure 2).
bool RaftEngine::agrees_at(Height height, View term) const {
  const std::optional<View> own_term = log_.term_at(height);
  return height <= commit_ || own_term == term ||
         (planted(Mutant::kPreviousTermNotCompared) && own_term.has_value());
}

// Between the announcement of a snapshot and its installation the log stands still.
bool RaftEngine::is_log_closed() {
  if (!transfer_ || transfer_->stage < SnapshotTransfer::Stage::kPersisting) return false;
  ++counters_.future;
  return true;
}

void RaftEngine::on_append(ReplicaId from, const Message& message) {
  AppendBody body;
  if (!is_ordered(message, body) || (message.by_digest && !accepts_as_witness())) {
    ++counters_.malformed;
    return;
  }
  if (is_log_closed()) return;
  append_from_leader(from, message, message.block, body);
  if (!named_.empty()) take_named();
}

void RaftEngine::append_from_leader(ReplicaId from, const Message& message, const BlockRef& block,
                                    const AppendBody& body) {
  const Height previous = message.height;
  const Height end = block ? block->height : previous;
  if (end <= commit_) {
    // Committed entries agree with every leader's, compared or not.
    ++counters_.duplicate;
    answer_append(from, commit_);
    return;
  }
  const std::optional<View> own_term = log_.term_at(previous);
  if (!agrees_at(previous, body.previous_term)) {
    ++counters_.accepted;
    refuse_append(from, previous, body.previous_term);
    return;
  }
  if (block && own_term && block->view < *own_term) {
    ++counters_.malformed;  // terms never fall along a log: no leader sends this
    return;
  }
  if (block) {
    if (!take_entry(message, block, body.commit)) return;
  } else {
    ++counters_.accepted;
  }
  verified_ = std::max(verified_, end);
  answer_append(from, end);
  commit_to(planted(Mutant::kCommitBeyondVerified) ? std::min(body.commit, log_.last())
                                                   : std::min(body.commit, verified_));
}

// Step 3 and 4 of AppendEntries (P figure 2). False if the entry is malformed.
bool RaftEngine::take_entry(const Message& message, const BlockRef& block, Height leader_commit) {
  const Height height = block->height;
  // Who leads by other rules than those in force there does not know the chain.
  if (message.version != version_at(height)) {
    ++counters_.malformed;
    return false;
  }
  if (!block->control.empty()) {
    const std::optional<ProtocolVersion> next =
        configurations_.version_after(height, block->control);
    if (!next) {
      ++counters_.malformed;
      return false;
    }
    if (!knows(*next)) {
      refuse_upgrade(height, leader_commit, *next);
      return false;
    }
  }
  const std::optional<View> present = log_.term_at(height);
  if (present == block->view) {
    ++counters_.duplicate;
    return true;
  }
  if (present) truncate_log(height);
  if (height <= leader_commit) ++counters_.block_catch_ups;
  append_to_log(block);
  ++counters_.accepted;
  return true;
}

void RaftEngine::answer_append(ReplicaId to, Height height) {
  Ref<Message> reply = new_message(MessageType::kAppendReply, Lane::kVote, height);
  encode_body(AppendReplyBody{}, *reply);
  Ticket after = std::max(hard_state_ticket_, log_.ticket_at(height));
  // What a witness knows as committed is in the record that its log begins with.
  if (witness_) after = std::max(after, base_ticket_);
  send(to, std::move(reply), planted(Mutant::kAcknowledgeBeforeDurable) ? Ticket() : after);
}

void RaftEngine::refuse_append(ReplicaId to, Height previous, View previous_term) {
  const Height hint = log_.agreement(std::min(previous, log_.last()), previous_term);
  Ref<Message> reply = new_message(MessageType::kAppendReply, Lane::kVote, previous);
  encode_body(AppendReplyBody{true, hint, log_.term_at(hint).value_or(View())}, *reply);
  send(to, std::move(reply), hard_state_ticket_);
}

void RaftEngine::on_heartbeat(ReplicaId from, const Message& message) {
  RoundBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  if (static_cast<MessageType>(message.type) == MessageType::kHeartbeat) {
    Ref<Message> reply = new_message(MessageType::kHeartbeatReply, Lane::kVote, Height());
    encode_body(body, *reply);
    send(from, std::move(reply), hard_state_ticket_);
  }
  if (transfer_ && transfer_->stage >= SnapshotTransfer::Stage::kPersisting) return;
  const Height known = planted(Mutant::kCommitBeyondVerified) ? log_.last() : verified_;
  commit_to(std::min(message.height, known));
}

}  // namespace govchain::consensus::raft
