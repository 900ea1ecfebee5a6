// Linearizable reads without ordering anything. A block whose effects a client has seen was
// committed somewhere, so a quorum had said that it may be, from their logs. Any other quorum
// shares an honest replica with that one. So a replica asks everybody for the highest height that
// may be committed, takes the highest answer of a quorum, and answers its reads when its own state
// has reached that height. A faulty replica can name a height that never comes: then the reads are
// refused in the end, and never answered wrongly.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

void ChainEngine::on(const input::ReadRequested& input) {
  dirty_ = true;
  const size_t waiting = reads_waiting_.size() + reads_asked_.size() + reads_confirmed_.size();
  if (waiting >= kMaxPendingReads || !is_member()) {
    sink_->emit(effect::ReadRefused{input.token});
    return;
  }
  reads_waiting_.push_back(input.token);
  if (reads_asked_.empty()) start_read_round();
}

void ChainEngine::start_read_round() {
  if (reads_waiting_.empty()) return;
  std::swap(reads_asked_, reads_waiting_);
  ++read_round_;
  read_round_at_ = now_;
  read_repliers_.clear();
  read_repliers_.add(self_);
  read_weight_ = weight_of(self_);
  read_height_ = std::max(committed_, may_be_committed());
  if (read_weight_ >= quorum_.quorum()) return finish_read_round();
  ask_reads();
}

void ChainEngine::ask_reads() {
  Ref<Message> query = new_common(CommonType::kReadQuery, Lane::kVote);
  Writer out(query->body);
  out.u64(read_round_);
  broadcast(std::move(query));
}

void ChainEngine::receive_read_query(uint32_t peer, const Message& message) {
  Reader in(message.body);
  const uint64_t round = in.u64();
  if (!in.finished()) {
    ++counters_.malformed;
    return;
  }
  // Of another epoch: neither of the two could tell what its answer weighs there.
  if (message.epoch != epoch()) {
    ++(message.epoch < epoch() ? counters_.stale : counters_.future);
    return;
  }
  Ref<Message> reply = new_common(CommonType::kReadReply, Lane::kVote);
  reply->height = std::max(committed_, may_be_committed());
  Writer out(reply->body);
  out.u64(round);
  send(peer, std::move(reply));
}

void ChainEngine::receive_read_reply(uint32_t peer, const Message& message) {
  Reader in(message.body);
  const uint64_t round = in.u64();
  if (!in.finished()) {
    ++counters_.malformed;
    return;
  }
  if (round != read_round_ || reads_asked_.empty() || read_repliers_.contains(peer) ||
      message.epoch != epoch()) {
    ++counters_.stale;
    return;
  }
  // A replica that lags further than this has to catch up before it can answer anyway.
  if (message.height > committed_ + 4 * config_.checkpoint_interval + config_.max_in_flight) {
    ++counters_.future;
    return;
  }
  read_repliers_.add(peer);
  read_weight_ += weight_of(peer);
  read_height_ = std::max(read_height_, message.height);
  if (read_weight_ >= quorum_.quorum()) finish_read_round();
}

void ChainEngine::finish_read_round() {
  for (const Token token : reads_asked_) {
    reads_confirmed_.push_back({token, read_height_, read_round_at_});
  }
  reads_asked_.clear();
  answer_reads();
  start_read_round();
}

void ChainEngine::answer_reads() {
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

void ChainEngine::refuse_old_reads() {
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
  ask_reads();
}

}  // namespace govchain::consensus::chain
