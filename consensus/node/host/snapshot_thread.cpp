#include "consensus/node/host/snapshot_thread.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "consensus/node/host/thread_name.h"

namespace govchain::consensus::node {

namespace {

// What is read and written between two looks at what else is asked for.
constexpr size_t kPieceBytes = 256U << 10U;
// Parts of states that peers wait for at most; a fetch has a few under way.
constexpr size_t kMostWaiting = 256;

}  // namespace

SnapshotThread::SnapshotThread(std::unique_ptr<SnapshotFolder> folder, const SnapshotPolicy& policy,
                               SnapshotListener& listener)
    : listener_(listener), policy_(policy), folder_(std::move(folder)) {
  if (!folder_->heights().empty()) {
    const Result<SnapshotFolder::Part> newest = folder_->read_part(folder_->heights().back(), 0, 0);
    if (newest) size_ = Bytes(newest->header.size);
  }
  thread_ = std::thread([this] {
    name_this_thread("snapshots");
    run();
  });
}

SnapshotThread::~SnapshotThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  posted_.notify_one();
  thread_.join();
}

void SnapshotThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  posted_.notify_one();
}

void SnapshotThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return ending_ || !tasks_.empty() || writing_; });
    if (ending_) return;
    std::optional<Task> task;
    if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    lock.unlock();
    if (task) {
      (*task)();
    } else {
      go_on();
    }
    if (!writing_) begin_next();
    lock.lock();
  }
}

void SnapshotThread::hold(Height height, const Digest& root, std::unique_ptr<StateStream> state,
                          Bytes executed) {
  // A task can be copied, so what it carries must be, too.
  auto held = std::make_shared<Held>(Held{height, root, std::move(state), false});
  post([this, held, executed] { hold_now(std::move(*held), executed); });
}

void SnapshotThread::write(Height height, const Digest& root, std::vector<uint8_t> state,
                           Taker taker) {
  post([this, height, root, state = std::move(state), taker = std::move(taker)] {
    // What is half-written has been overtaken.
    if (writing_) give_up();
    const Status written = folder_->write(height, root, state);
    if (written) {
      size_ = Bytes(state.size());
      executed_ = Bytes();
    } else if (written.error().code != ErrorCode::kExhausted) {
      fail(written.error());
    }
    taker(written);
  });
}

void SnapshotThread::read_part(Height height, uint64_t offset, uint64_t count, PartTaker taker) {
  post([this, height, offset, count, taker = std::move(taker)] {
    read_now(Waiting{height, offset, count, taker});
  });
}

void SnapshotThread::release_below(Height height) {
  post([this, height] {
    std::erase_if(held_, [&](const Held& held) { return held.height < height && !held.wanted; });
  });
}

void SnapshotThread::remove_below(Height height) {
  post([this, height] {
    const Status removed = folder_->remove_below(height);
    if (!removed) fail(removed.error());
  });
}

SnapshotThread::Held* SnapshotThread::find(Height height) {
  const auto found = std::find_if(held_.begin(), held_.end(),
                                  [&](const Held& held) { return held.height == height; });
  return found == held_.end() ? nullptr : &*found;
}

void SnapshotThread::hold_now(Held held, Bytes executed) {
  executed_ += executed;
  const bool due = policy_.is_due(executed_, size_);
  held.wanted = due;
  if (due) executed_ = Bytes();
  held_.push_back(std::move(held));
  if (held_.size() <= policy_.held) return;
  const Height oldest = held_.front().height;
  held_.pop_front();
  answer_waiting(oldest);
}

void SnapshotThread::read_now(Waiting part) {
  if (folder_->holds(part.height)) {
    return part.taker(folder_->read_part(part.height, part.offset, part.count));
  }
  const bool being_written = writing_ && writing_->height == part.height;
  Held* const held = find(part.height);
  if ((!being_written && held == nullptr) || failed_ || waiting_.size() >= kMostWaiting) {
    return part.taker(Error{ErrorCode::kNotFound, "that state is not here", {}});
  }
  if (held != nullptr) held->wanted = true;
  waiting_.push_back(std::move(part));
}

void SnapshotThread::begin_next() {
  const auto wanted =
      std::find_if(held_.begin(), held_.end(), [](const Held& held) { return held.wanted; });
  if (wanted == held_.end() || failed_) return;
  writing_ = std::move(*wanted);
  held_.erase(wanted);
  const Status begun = folder_->begin(writing_->height, writing_->root);
  if (!begun) ended(begun);
}

void SnapshotThread::go_on() {
  piece_.clear();
  writing_->state->read(kPieceBytes, piece_);
  if (!piece_.empty()) {
    const Status appended = folder_->append(piece_);
    if (!appended) ended(appended);
    return;
  }
  const uint64_t size = folder_->written();
  const Status finished = folder_->finish();
  if (finished) size_ = Bytes(size);
  ended(finished);
}

// Without room there is none of this height; a later one is tried.
void SnapshotThread::ended(const Status& status) {
  const Height height = writing_->height;
  give_up();
  if (status) return listener_.on_snapshot(height);
  if (status.error().code != ErrorCode::kExhausted) fail(status.error());
}

void SnapshotThread::give_up() {
  const Height height = writing_->height;
  writing_.reset();
  answer_waiting(height);
}

void SnapshotThread::answer_waiting(Height height) {
  std::vector<Waiting> answered;
  // In the order in which they were asked for, which is the order in which a fetch wants them.
  const auto others = std::stable_partition(
      waiting_.begin(), waiting_.end(), [&](const Waiting& part) { return part.height != height; });
  std::move(others, waiting_.end(), std::back_inserter(answered));
  waiting_.erase(others, waiting_.end());
  for (Waiting& part : answered) read_now(std::move(part));
}

void SnapshotThread::fail(const Error& error) {
  if (!std::exchange(failed_, true)) listener_.on_snapshots_failed(error);
}

}  // namespace govchain::consensus::node
