#include "consensus/node/host/execution_thread.h"

#include <utility>

#include "consensus/assert.h"
#include "consensus/node/host/thread_name.h"

namespace govchain::consensus::node {

ExecutionThread::ExecutionThread(std::unique_ptr<Application> state, Height height, Genesis genesis,
                                 SnapshotThread& snapshots, ExecutionListener& listener)
    : listener_(listener),
      snapshots_(snapshots),
      genesis_(std::move(genesis)),
      state_(std::move(state)),
      height_(height) {
  thread_ = std::thread([this] {
    name_this_thread("execution");
    run();
  });
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
    Task task = std::move(tasks_.front());
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
    snapshots_.adopt();
    listener_.on_installed(checkpoint);
  });
}

void ExecutionThread::execute_now(const BlockRef& block, bool take_snapshot) {
  if (block->height <= height_) return;
  GOVCHAIN_ASSERT(block->height == height_.next());
  state_->execute(*block, result_);
  height_ = block->height;
  executed_ += kExecutedBlockBytes + block->payload_size();
  listener_.on_executed(height_, result_.state_root, std::move(result_.receipts));
  result_.clear();
  if (!take_snapshot) return;
  snapshots_.hold(height_, state_->state_root(), state_->version(),
                  std::exchange(executed_, Bytes()));
}

// Durable before it is said to be here: what follows makes it the only state that there is.
void ExecutionThread::check_now(const Checkpoint& checkpoint, const std::vector<uint8_t>& state) {
  checked_ = genesis_();
  if (!checked_->restore(state) || checked_->state_root() != checkpoint.state_root) {
    checked_.reset();
    return listener_.on_checked(checkpoint, false);
  }
  // The snapshot thread outlives this one, so what it is given must not need it.
  snapshots_.stage(checkpoint.height, checkpoint.state_root, checked_->version(),
                   [&listener = listener_, checkpoint](const Status& written) {
                     listener.on_checked(checkpoint, written.ok());
                   });
}

}  // namespace govchain::consensus::node
