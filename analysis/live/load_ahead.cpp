#include "analysis/live/load_ahead.h"

#include <utility>

namespace govchain::analysis::live {

using consensus::Bytes;

namespace {

Bytes held_by(const Offered& offered) {
  return Bytes(sizeof(Offered) + offered.bytes.size() +
               offered.record.transactions.size() * sizeof(TransactionRecord));
}

}  // namespace

LoadAhead::LoadAhead(Maker maker, Bytes room)
    : maker_(std::move(maker)), room_(room), thread_([this] { make(); }) {}

LoadAhead::~LoadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LoadAhead::make() {
  for (;;) {
    std::optional<Offered> next = maker_();
    std::unique_lock lock(mutex_);
    if (next) changed_.wait(lock, [this] { return !is_full() || stopped_; });
    if (!next || stopped_) {
      complete_ = true;
      break;
    }
    waiting_bytes_ += held_by(*next);
    waiting_.push_back(std::move(*next));
    if (is_full()) changed_.notify_all();
  }
  changed_.notify_all();
}

void LoadAhead::await_ready() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return complete_ || is_full(); });
}

bool LoadAhead::take(std::deque<Offered>& to, size_t most) {
  const std::lock_guard lock(mutex_);
  const bool was_full = is_full();
  for (size_t i = 0; i < most && !waiting_.empty(); ++i) {
    waiting_bytes_ -= held_by(waiting_.front());
    to.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (was_full && !is_full()) changed_.notify_all();
  return !complete_ || !waiting_.empty();
}

}  // namespace govchain::analysis::live
