#include "consensus/node/host/storage_thread.h"

#include <utility>

#include "consensus/node/host/thread_name.h"

namespace govchain::consensus::node {

StorageThread::StorageThread(StorageParts parts, StorageListener& listener)
    : parts_(std::move(parts)), listener_(listener), durable_(parts_.log->durable().value()) {
  thread_ = std::thread([this] {
    name_this_thread("storage");
    run();
  });
}

StorageThread::~StorageThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  given_.notify_one();
  thread_.join();
}

void StorageThread::give(std::vector<StorageCommand>& commands) {
  if (commands.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (inbox_.empty()) {
      inbox_.swap(commands);
    } else {
      for (StorageCommand& command : commands) inbox_.push_back(std::move(command));
    }
  }
  commands.clear();
  given_.notify_one();
}

void StorageThread::run() {
  std::vector<StorageCommand> commands;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto ready = [this] { return ending_ || !inbox_.empty(); };
      const bool full = !refused_.empty() || !waiting_.empty();
      if (full || unsettled_) {
        given_.wait_for(lock, full ? kRetry : kQuiet, ready);
      } else {
        given_.wait(lock, ready);
      }
      commands.swap(inbox_);
      if (commands.empty() && ending_) break;
    }
    if (commands.empty() && refused_.empty() && waiting_.empty()) {
      unsettled_ = false;
      if (!log_failure_ && parts_.settle) {
        const Status settled = parts_.settle();
        if (!settled) fail_log(parts_.log->last(), settled.error());
      }
      continue;
    }
    work(commands);
    commands.clear();
  }
  if (!refused_.empty() || !waiting_.empty()) retry();
  if (!log_failure_ && parts_.settle) (void)parts_.settle();
  if (!store_failed_) (void)parts_.store->sync();
}

// Records first, whatever stands between them: what the store gets must not be ahead of the log.
void StorageThread::work(std::vector<StorageCommand>& commands) {
  retry();
  for (StorageCommand& command : commands) {
    if (auto* const persist = std::get_if<effect::Persist>(&command)) append(*persist);
  }
  sync();
  for (StorageCommand& command : commands) {
    if (std::holds_alternative<effect::Persist>(command)) continue;
    if (const auto* const wanted = std::get_if<effect::Load>(&command)) {
      load(*wanted);
    } else if (!waiting_.empty() || !carry_out(command)) {
      waiting_.push_back(std::move(command));
    }
  }
}

void StorageThread::retry() {
  std::deque<effect::Persist> again = std::exchange(refused_, {});
  for (effect::Persist& persist : again) append(persist);
  if (!again.empty()) sync();
  while (!waiting_.empty() && carry_out(waiting_.front())) waiting_.pop_front();
}

void StorageThread::append(effect::Persist& persist) {
  if (log_failure_) return listener_.on_append_refused(persist.ticket, false, *log_failure_);
  if (refused_.empty()) {
    const Status appended = parts_.log->append(persist.ticket, persist.record);
    if (appended) return;
    if (appended.error().code != ErrorCode::kExhausted) {
      return fail_log(persist.ticket, appended.error());
    }
  }
  listener_.on_append_refused(persist.ticket, true,
                              Error{ErrorCode::kExhausted, "no room for the log", {}});
  refused_.push_back(std::move(persist));
}

void StorageThread::sync() {
  if (log_failure_ || parts_.log->durable() == parts_.log->last()) return;
  const Result<Ticket> synced = parts_.log->sync();
  if (!synced) return fail_log(parts_.log->durable().next(), synced.error());
  durable_.store(synced->value(), std::memory_order_relaxed);
  unsettled_ = true;
  listener_.on_persisted(*synced);
}

void StorageThread::fail_log(Ticket ticket, const Error& error) {
  log_failure_ = error;
  listener_.on_append_refused(ticket, false, error);
}

bool StorageThread::carry_out(StorageCommand& command) {
  if (store_failed_) return true;  // told already: this replica stops
  if (const auto* const block = std::get_if<StoreBlock>(&command)) {
    // Commits are told again after a restart, and a state that was installed may have overtaken
    // some.
    if (block->stored.block->height <= parts_.store->newest()) return true;
    return took(parts_.store->put(block->stored));
  }
  if (const auto* const checkpoint = std::get_if<StoreCheckpoint>(&command)) {
    // After a restart an engine may come by one again that is older than what the disk has.
    if (checkpoint->checkpoint.height <= parts_.store->checkpoint().height) return true;
    return took(parts_.store->put_checkpoint(checkpoint->checkpoint));
  }
  if (const auto* const prune = std::get_if<PruneBlocks>(&command)) {
    return took(parts_.store->prune(prune->below));
  }
  if (const auto* const truncate = std::get_if<TruncateLog>(&command)) {
    if (!took(parts_.store->sync())) return false;
    if (store_failed_ || log_failure_) return true;
    const Status truncated = parts_.log->truncate(truncate->before);
    if (!truncated) fail_log(parts_.log->last(), truncated.error());
    return true;
  }
  if (const auto* const when = std::get_if<WhenStored>(&command)) {
    if (!took(parts_.store->sync())) return false;
    if (!store_failed_) when->then();
    return true;
  }
  const Checkpoint checkpoint = std::get<ResetStore>(command).checkpoint;
  if (!took(parts_.store->reset(checkpoint))) return false;
  if (!store_failed_) listener_.on_store_reset(checkpoint);
  return true;
}

// False if it has to be done again.
bool StorageThread::took(const Status& status) {
  if (status) return true;
  if (status.error().code == ErrorCode::kExhausted) return false;
  store_failed_ = true;
  listener_.on_store_failed(status.error());
  return true;
}

void StorageThread::load(const effect::Load& load) {
  input::Loaded loaded;
  loaded.token = load.token;
  if (!store_failed_) parts_.store->load(load.first, load.count, load.limit, loaded.blocks);
  listener_.on_loaded(std::move(loaded));
}

}  // namespace govchain::consensus::node
