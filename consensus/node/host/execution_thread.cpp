#include "consensus/node/host/execution_thread.h"

#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::node {

ExecutionThread::ExecutionThread(std::unique_ptr<Application> state, Height height, Genesis genesis,
                                 std::unique_ptr<SnapshotFolder> snapshots,
                                 ExecutionListener& listener)
    : listener_(listener),
      genesis_(std::move(genesis)),
      state_(std::move(state)),
      height_(height),
      snapshots_(std::move(snapshots)) {
  thread_ = std::thread([this] { run(); });
}

ExecutionThread::~ExecutionThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  posted_.notify_one();
  thread_.join();
}

void ExecutionThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  posted_.notify_one();
}

void ExecutionThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    posted_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
    if (ending_) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void ExecutionThread::execute(BlockRef block, bool take_snapshot) {
  post([this, block = std::move(block), take_snapshot] { execute_now(block, take_snapshot); });
}

void ExecutionThread::query(Query query) {
  post([this, query = std::move(query)] { query(*state_, height_); });
}

void ExecutionThread::check(Checkpoint checkpoint, std::vector<uint8_t> state) {
  post([this, checkpoint = std::move(checkpoint), state = std::move(state)] {
    check_now(checkpoint, state);
  });
}

void ExecutionThread::install(Checkpoint checkpoint) {
  post([this, checkpoint = std::move(checkpoint)] {
    GOVCHAIN_ASSERT(checked_ && checked_->state_root() == checkpoint.state_root);
    state_ = std::move(checked_);
    height_ = checkpoint.height;
    listener_.on_installed(checkpoint);
  });
}

void ExecutionThread::read_part(Height height, uint64_t offset, uint64_t count, PartTaker taker) {
  post([this, height, offset, count, taker = std::move(taker)] {
    taker(snapshots_->read_part(height, offset, count));
  });
}

void ExecutionThread::remove_snapshots_below(Height height) {
  post([this, height] {
    const Status removed = snapshots_->remove_below(height);
    if (!removed) fail(removed.error());
  });
}

void ExecutionThread::execute_now(const BlockRef& block, bool take_snapshot) {
  if (failed_ || block->height <= height_) return;
  GOVCHAIN_ASSERT(block->height == height_.next());
  state_->execute(*block, result_);
  height_ = block->height;
  listener_.on_executed(height_, result_.state_root, std::move(result_.receipts));
  result_.clear();
  if (!take_snapshot) return;
  const Status written = snapshots_->write(height_, state_->state_root(), state_->snapshot());
  if (written) return listener_.on_snapshot(height_);
  // Without room there is none of this height; the next one is tried again.
  if (written.error().code != ErrorCode::kExhausted) fail(written.error());
}

// Durable before it is said to be here: what follows makes it the only state that there is.
void ExecutionThread::check_now(const Checkpoint& checkpoint, const std::vector<uint8_t>& state) {
  checked_ = genesis_();
  const bool matches = checked_->restore(state) && checked_->state_root() == checkpoint.state_root;
  if (matches) {
    const Status written = snapshots_->write(checkpoint.height, checkpoint.state_root, state);
    if (written) return listener_.on_checked(checkpoint, true);
    if (written.error().code != ErrorCode::kExhausted) fail(written.error());
  }
  checked_.reset();
  listener_.on_checked(checkpoint, false);
}

void ExecutionThread::fail(const Error& error) {
  if (std::exchange(failed_, true)) return;
  listener_.on_execution_failed(error);
}

}  // namespace govchain::consensus::node
