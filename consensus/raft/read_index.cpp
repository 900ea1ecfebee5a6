// Linearizable reads without writing (dissertation §6.4): the leader notes its commit index, makes
// sure by one round of heartbeats that it still leads, and then a state at that index answers.
// Reads that arrive while a round is under way share the next one.

#include <algorithm>
#include <utility>

#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

void RaftEngine::on(const input::ReadRequested& input) {
  if (witness_) {
    sink_->emit(effect::ReadRefused{input.token});  // it has no state to read from
  } else if (is_leader()) {
    start_read(PendingRead{true, config_.self, 0, input.token, Height(), 0});
  } else {
    forward_read(input.token);
  }
}

void RaftEngine::start_read(PendingRead read) {
  if (reads_.size() >= raft_.max_pending_reads) {
    answer_read(read, true);
    return;
  }
  // Before an entry of its own term is committed, a leader does not know the newest commit index.
  read.index = commit_ >= term_start_ ? commit_ : Height();
  if (const std::optional<TimePoint> end = lease_end(); end && read.index != Height()) {
    read.valid_until = *end;
    answer_read(read, false);
    return;
  }
  reads_.push_back(read);
  if (planted(Mutant::kReadWithoutConfirmation)) confirmed_round_ = read_round_ + 1;
  settle_reads();
}

// Answers what is confirmed, and starts a round for what waits if none is under way.
void RaftEngine::settle_reads() {
  if (reads_.empty()) return;
  if (commit_ < term_start_ && !planted(Mutant::kReadBeforeTermBegins)) return;
  bool waiting = false;
  for (PendingRead& read : reads_) {
    if (read.index == Height()) read.index = commit_;
    waiting = waiting || read.round == 0;
  }
  if (waiting && confirmed_round_ >= read_round_) start_read_round();
  std::erase_if(reads_, [this](const PendingRead& read) {
    if (read.round == 0 || read.round > confirmed_round_) return false;
    answer_read(read, false);
    return true;
  });
}

void RaftEngine::start_read_round() {
  begin_round();
  broadcast_heartbeat();
  confirm_round(self_node(), read_round_);
}

void RaftEngine::confirm_round(NodeId node, uint64_t round) {
  if (Progress* progress = progress_.find(node); progress != nullptr) {
    progress->read_round = std::max(progress->read_round, round);
    note_lease(*progress, round);
  }
  if (confirmed_round_ >= read_round_) return;
  const auto answered = [this](NodeId voter) -> std::optional<uint64_t> {
    if (voter == self_node()) return read_round_;
    const Progress* progress = progress_.find(voter);
    return progress == nullptr ? 0 : progress->read_round;
  };
  const uint64_t agreed =
      std::min(configurations_.latest().quorum.committed(answered), read_round_);
  if (agreed <= confirmed_round_) return;
  confirmed_round_ = agreed;
  // The round that was waited for starts the next one, if there are reads for it; started from
  // within start_read_round itself, its caller goes on.
  if (node != self_node()) settle_reads();
}

void RaftEngine::answer_read(const PendingRead& read, bool refused) {
  if (read.local) {
    if (refused) {
      sink_->emit(effect::ReadRefused{read.token});
    } else {
      sink_->emit(effect::ReadReady{read.token, read.index, read.valid_until});
    }
    return;
  }
  Ref<Message> reply = new_message(MessageType::kReadIndexReply, Lane::kVote, read.index);
  encode_body(ReadBody{read.sequence, refused}, *reply);
  send(read.reader, std::move(reply), hard_state_ticket_);
}

void RaftEngine::refuse_reads() {
  for (const PendingRead& read : reads_) answer_read(read, true);
  reads_.clear();
}

// --- At a follower

void RaftEngine::forward_read(Token token) {
  if (!leader_ || forwarded_reads_.size() >= raft_.max_pending_reads) {
    sink_->emit(effect::ReadRefused{token});
    return;
  }
  ++read_sequence_;
  forwarded_reads_.push_back(ForwardedRead{token, read_sequence_, now_});
  Ref<Message> message = new_message(MessageType::kReadIndex, Lane::kVote, Height());
  encode_body(ReadBody{read_sequence_, false}, *message);
  send(*leader_, std::move(message), hard_state_ticket_);
}

void RaftEngine::expire_forwarded_reads(bool all) {
  std::erase_if(forwarded_reads_, [this, all](const ForwardedRead& read) {
    if (!all && now_ - read.sent < election_timeout_) return false;
    sink_->emit(effect::ReadRefused{read.token});
    return true;
  });
}

void RaftEngine::on_read_index(ReplicaId from, const Message& message) {
  ReadBody body;
  if (!decode_body(message, body) || body.refused) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  const PendingRead read{false, from, body.sequence, Token(), Height(), 0};
  if (is_leader()) {
    start_read(read);
  } else {
    answer_read(read, true);
  }
}

void RaftEngine::on_read_index_reply(ReplicaId /*from*/, const Message& message) {
  ReadBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  const auto read = std::find_if(
      forwarded_reads_.begin(), forwarded_reads_.end(),
      [&body](const ForwardedRead& candidate) { return candidate.sequence == body.sequence; });
  if (read == forwarded_reads_.end()) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  if (body.refused) {
    sink_->emit(effect::ReadRefused{read->token});
  } else {
    sink_->emit(effect::ReadReady{read->token, message.height, TimePoint::max()});
  }
  forwarded_reads_.erase(read);
}

}  // namespace govchain::consensus::raft
