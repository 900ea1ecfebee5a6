// Linearizable reads without ordering anything. A block whose effects a client has seen was
// committed somewhere, so a quorum had prepared it and said so in its COMMITs, from its logs. Any
// other quorum shares an honest replica with that one. So a replica asks everybody for the highest
// height prepared there, takes the highest answer of a quorum, and answers its reads when its own
// state has reached that height. A faulty replica can name a height that never comes: then the
// reads are refused in the end, and never answered wrongly.

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::on(const input::ReadRequested& input) {
  dirty_ = true;
  if (reads_waiting_.size() + reads_asked_.size() + reads_confirmed_.size() >= kMaxPendingReads) {
    sink_->emit(effect::ReadRefused{input.token});
    return;
  }
  reads_waiting_.push_back(input.token);
  if (reads_asked_.empty()) start_read_round();
}

void PbftEngine::start_read_round() {
  if (reads_waiting_.empty()) return;
  std::swap(reads_asked_, reads_waiting_);
  ++read_round_;
  read_round_at_ = now_;
  read_repliers_.clear();
  read_repliers_.add(self_);
  read_weight_ = weight_of(self_);
  read_height_ = highest_prepared_;
  if (read_weight_ >= quorum_.quorum()) return finish_read_round();
  Ref<Message> query = new_message(MessageType::kReadQuery, Lane::kVote);
  Writer out(query->body);
  out.u64(read_round_);
  seal_message(*query);
  sink_->emit(effect::Broadcast{MessageRef(std::move(query)), Ticket()});
}

void PbftEngine::receive_read_query(uint32_t peer, const Message& message) {
  Reader in(message.body);
  const uint64_t round = in.u64();
  if (!in.finished()) {
    ++counters_.malformed;
    return;
  }
  Ref<Message> reply = new_message(MessageType::kReadReply, Lane::kVote);
  reply->height = highest_prepared_;
  Writer out(reply->body);
  out.u64(round);
  send(id_of(peer), std::move(reply));
}

void PbftEngine::receive_read_reply(uint32_t peer, const Message& message) {
  Reader in(message.body);
  const uint64_t round = in.u64();
  if (!in.finished()) {
    ++counters_.malformed;
    return;
  }
  if (round != read_round_ || reads_asked_.empty() || read_repliers_.contains(peer)) {
    ++counters_.stale;
    return;
  }
  // Nothing that far can be committed while this replica is here; if it lags, it has to catch up
  // before it can answer anyway.
  if (message.height > high() + window_) {
    ++counters_.future;
    return;
  }
  read_repliers_.add(peer);
  read_weight_ += weight_of(peer);
  read_height_ = std::max(read_height_, message.height);
  if (read_weight_ >= quorum_.quorum()) finish_read_round();
}

void PbftEngine::finish_read_round() {
  for (const Token token : reads_asked_) {
    reads_confirmed_.push_back({token, read_height_, read_round_at_});
  }
  reads_asked_.clear();
  answer_reads();
  start_read_round();
}

void PbftEngine::answer_reads() {
  size_t kept = 0;
  for (const ReadyAt& read : reads_confirmed_) {
    if (read.height <= executed_) {
      sink_->emit(effect::ReadReady{read.token, executed_, TimePoint::max()});
    } else {
      reads_confirmed_[kept++] = read;
    }
  }
  reads_confirmed_.resize(kept);
}

void PbftEngine::refuse_old_reads() {
  const Duration patience = config_.base_timeout * 4;
  size_t kept = 0;
  for (const ReadyAt& read : reads_confirmed_) {
    if (now_ - read.asked > patience) {
      sink_->emit(effect::ReadRefused{read.token});
    } else {
      reads_confirmed_[kept++] = read;
    }
  }
  reads_confirmed_.resize(kept);
  if (reads_asked_.empty()) return;
  if (now_ - read_round_at_ > patience) {
    for (const Token token : reads_asked_) sink_->emit(effect::ReadRefused{token});
    reads_asked_.clear();
    return start_read_round();
  }
  Ref<Message> query = new_message(MessageType::kReadQuery, Lane::kVote);
  Writer out(query->body);
  out.u64(read_round_);
  seal_message(*query);
  sink_->emit(effect::Broadcast{MessageRef(std::move(query)), Ticket()});
}

}  // namespace govchain::consensus::pbft
