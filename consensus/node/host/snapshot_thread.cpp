#include "consensus/node/host/snapshot_thread.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "consensus/node/host/thread_name.h"

namespace govchain::consensus::node {

namespace {

// What is read and written between two looks at what else is asked for.
constexpr size_t kPieceBytes = 256U << 10U;
// Parts of states that peers wait for at most; a fetch has a few under way.
constexpr size_t kMostWaiting = 256;
// Whole states on the disk at most, and how many states are written before one that nobody reads
// any more goes.
constexpr size_t kMostFiles = 2;
constexpr uint32_t kMostUnread = 4;
// After so long a full disk is tried again.
constexpr std::chrono::milliseconds kRetry{500};

}  // namespace

SnapshotThread::SnapshotThread(SnapshotParts parts, std::shared_ptr<const StateVersion> written,
                               const SnapshotPolicy& policy, SnapshotListener& listener)
    : listener_(listener),
      policy_(policy),
      records_(std::move(parts.records)),
      folder_(std::move(parts.whole)) {
  if (written) {
    const StoredState& current = *records_->current();
    written_ = Held{current.height, current.root, std::move(written), Bytes()};
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
    const auto something = [this] { return ending_ || !tasks_.empty(); };
    if (job_) {
      posted_.wait_until(lock, rest_until_, something);
    } else if (adopt_due_) {
      posted_.wait_for(lock, kRetry, something);
    } else {
      posted_.wait(lock, something);
    }
    if (ending_) return;
    std::optional<Task> task;
    if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    lock.unlock();
    if (task) {
      (*task)();
    } else if (job_) {
      go_on();
    } else {
      adopt_now();
    }
    if (!job_) begin_next();
    lock.lock();
  }
}

void SnapshotThread::hold(Height height, const Digest& root,
                          std::shared_ptr<const StateVersion> state, Bytes executed) {
  post([this, held = Held{height, root, std::move(state), executed}] { hold_now(held); });
}

void SnapshotThread::allow(Height height) {
  post([this, height] { allow_now(height); });
}

void SnapshotThread::stage(Height height, const Digest& root,
                           std::shared_ptr<const StateVersion> state, Taker taker) {
  post([this, staged = Held{height, root, std::move(state), Bytes()}, taker = std::move(taker)] {
    stage_now(staged, taker);
  });
}

void SnapshotThread::adopt() {
  post([this] { adopt_now(); });
}

void SnapshotThread::read_part(Height height, uint64_t offset, uint64_t count, PartTaker taker) {
  post([this, height, offset, count, taker = std::move(taker)] {
    read_now(Waiting{height, offset, count, taker});
  });
}

// One that is due is kept until it may be written.
void SnapshotThread::release_below(Height height) {
  post([this, height] {
    std::erase_if(held_,
                  [&](const Held& held) { return held.height < height && held.height != due_; });
  });
}

const SnapshotThread::Held* SnapshotThread::find(Height height) const {
  if (written_ && written_->height == height) return &*written_;
  const auto found = std::find_if(held_.begin(), held_.end(),
                                  [&](const Held& held) { return held.height == height; });
  return found == held_.end() ? nullptr : &*found;
}

// --- What a replica starts again from

void SnapshotThread::hold_now(Held held) {
  executed_ += held.executed;
  held.executed = executed_;
  const Height height = held.height;
  held_.push_back(std::move(held));
  // The chain went on without what was fetched.
  if (staged_ && !adopt_due_ && height > staged_->height) {
    staged_.reset();
    if (const Status dropped = records_->drop_staged(); !dropped) records_ended(dropped);
  }
  const Bytes written = written_ ? written_->executed : Bytes();
  const bool under_way = due_ || allowed_ || (job_ && job_->changes);
  // What is fetched takes the place of anything that could be written before.
  if (!under_way && !failed_ && !staged_ && policy_.is_due(executed_ - written)) {
    due_ = height;
    listener_.on_snapshot_due(height);
  }
  if (held_.size() <= policy_.held) return;
  const auto oldest = std::find_if(held_.begin(), held_.end(),
                                   [&](const Held& known) { return known.height != due_; });
  const Height gone = oldest->height;
  held_.erase(oldest);
  answer_waiting(gone);
}

void SnapshotThread::allow_now(Height height) {
  if (!due_ || height < *due_) return;
  for (const Held& held : held_) {
    if (held.height >= *due_ && held.height <= height) allowed_ = held;
  }
  due_.reset();
}

// Where the records have no state that can be used, one is made beside them and adopted at once.
Status SnapshotThread::begin_records(const Held& state) {
  return records_->begin(
      written_ ? RocksStateStore::Target::kCurrent : RocksStateStore::Target::kStaged,
      {state.height, state.root});
}

void SnapshotThread::begin_next() {
  if (allowed_ && !failed_) {
    Held state = *std::exchange(allowed_, std::nullopt);
    if (written_ && state.height <= written_->height) return;
    const Status begun = begin_records(state);
    if (!begun) return records_ended(begun);
    std::unique_ptr<StateChanges> changes =
        state.state->changes_since(written_ ? written_->state.get() : nullptr);
    job_ = Job{std::move(state), std::move(changes), nullptr};
    rest_until_ = Clock::now();
    return;
  }
  while (!waiting_.empty()) {
    const Held* const state = find(waiting_.front().height);
    if (state == nullptr || failed_) {
      answer_waiting(waiting_.front().height);
      continue;
    }
    while (files_.size() >= kMostFiles) remove_whole(0);
    const Status begun = folder_->begin(state->height);
    if (begun) {
      job_ = Job{*state, nullptr, state->state->open()};
      rest_until_ = Clock::now();
      return;
    }
    refuse_waiting(begun.error());
  }
}

// Nobody waits for the records, unless a peer waits for what comes behind them.
void SnapshotThread::go_on() {
  if (!job_->changes) return write_whole();
  const Clock::time_point begun = Clock::now();
  write_records();
  if (job_ && waiting_.empty()) rest_until_ = Clock::now() + kStateRest * (Clock::now() - begun);
}

void SnapshotThread::write_records() {
  const Result<bool> more = records_->append(*job_->changes, kStatePieceBytes.count());
  if (!more) return records_ended(more.error());
  if (*more) return;
  Status finished = records_->finish();
  if (finished && !written_) finished = records_->adopt();
  if (!finished) return records_ended(finished);
  written_ = std::move(job_->of);
  job_.reset();
  remove_unread();
  listener_.on_snapshot(written_->height);
}

// Without room none of this height is written; a later one is tried.
void SnapshotThread::records_ended(const Status& status) {
  if (job_ && job_->changes) job_.reset();
  if (!status && status.error().code != ErrorCode::kExhausted) fail(status.error());
}

void SnapshotThread::stage_now(const Held& state, const Taker& taker) {
  // What is half-written has been overtaken.
  if (job_) give_up();
  staged_.reset();
  const Status written = failed_ ? Status(Error{ErrorCode::kIo, "no more states are written", {}})
                                 : write_staged(state);
  if (written) {
    staged_ = state;
    due_.reset();
    allowed_.reset();
  } else {
    records_ended(written);
  }
  taker(written);
}

Status SnapshotThread::write_staged(const Held& state) {
  const Status begun =
      records_->begin(RocksStateStore::Target::kStaged, {state.height, state.root});
  if (!begun) return begun;
  const std::unique_ptr<StateChanges> changes = state.state->changes_since(nullptr);
  while (true) {
    const Result<bool> more = records_->append(*changes, kPieceBytes);
    if (!more) return more.error();
    if (!*more) return records_->finish();
  }
}

// The block store has begun anew above it, so there is no way back: a full disk is waited for.
void SnapshotThread::adopt_now() {
  if (!staged_ || failed_) return;
  const Status adopted = records_->adopt();
  adopt_due_ = !adopted && adopted.error().code == ErrorCode::kExhausted;
  if (adopt_due_) return;
  if (!adopted) return fail(adopted.error());
  written_ = std::exchange(staged_, std::nullopt);
  written_->executed = executed_;
  std::erase_if(held_, [&](const Held& held) { return held.height <= written_->height; });
}

// --- Whole states for peers

void SnapshotThread::read_now(Waiting part) {
  const auto file = std::find_if(files_.begin(), files_.end(), [&](const WholeFile& known) {
    return known.height == part.height;
  });
  if (file != files_.end()) {
    file->unread = 0;
    std::rotate(file, file + 1, files_.end());
    return part.taker(folder_->read_part(part.height, part.offset, part.count));
  }
  if (find(part.height) == nullptr || failed_ || waiting_.size() >= kMostWaiting) {
    return part.taker(Error{ErrorCode::kNotFound, "that state is not here", {}});
  }
  waiting_.push_back(std::move(part));
  rest_until_ = Clock::now();
}

void SnapshotThread::write_whole() {
  piece_.clear();
  job_->whole->read(kPieceBytes, piece_);
  if (!piece_.empty()) {
    const Status written = folder_->append(piece_);
    if (!written) refuse_waiting(written.error());
    return;
  }
  folder_->finish();
  const Height height = job_->of.height;
  files_.push_back({height});
  job_.reset();
  answer_waiting(height);
}

// A whole state could not be written; that is not tried again at once.
void SnapshotThread::refuse_waiting(const Error& error) {
  job_.reset();
  if (error.code != ErrorCode::kExhausted) fail(error);
  std::vector<Waiting> refused;
  refused.swap(waiting_);
  for (const Waiting& part : refused) part.taker(error);
}

void SnapshotThread::give_up() {
  if (job_->changes) {
    records_->abandon();
  } else {
    folder_->abandon();
  }
  job_.reset();
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

void SnapshotThread::remove_unread() {
  for (WholeFile& file : files_) ++file.unread;
  for (size_t i = files_.size(); i-- > 0;) {
    if (files_[i].unread > kMostUnread) remove_whole(i);
  }
}

void SnapshotThread::remove_whole(size_t index) {
  const Height height = files_[index].height;
  files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(index));
  if (const Status removed = folder_->remove(height); !removed) fail(removed.error());
}

void SnapshotThread::fail(const Error& error) {
  if (!std::exchange(failed_, true)) listener_.on_snapshots_failed(error);
}

}  // namespace govchain::consensus::node
