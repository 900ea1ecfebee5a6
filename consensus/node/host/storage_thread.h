#pragma once
// The thread of a replica that writes: its log and its block store.
//
// What the loop hands over in one go is done in this order: records are appended and made durable
// with one sync; then blocks and checkpoints go to the store. So what gathers during one sync
// shares the next (group commit), and the store never holds what a crash could take from the log:
// an engine that is made again finds its log at least as long as its state.
//
// A full disk refuses appends: the loop is told, and the same records are tried again, in order,
// until there is room; nothing behind them is written meanwhile. Any other failure ends the
// thread's writing, and is told once.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "consensus/block_store.h"
#include "consensus/effect.h"
#include "consensus/result.h"
#include "consensus/write_ahead_log.h"

namespace govchain::consensus::node {

// --- What it is asked for.
struct StoreBlock {
  StoredBlock stored;
};
struct StoreCheckpoint {
  Checkpoint checkpoint;
};
// Blocks below it may go.
struct PruneBlocks {
  Height below;
};
// Once the store is durable, records below may go.
struct TruncateLog {
  Ticket before;
};
// The store begins anew above the checkpoint.
struct ResetStore {
  Checkpoint checkpoint;
};
// Called on the storage thread once all that was handed over before is durable in the store.
struct WhenStored {
  std::function<void()> then;
};
using StorageCommand = std::variant<effect::Persist, effect::Load, StoreBlock, StoreCheckpoint,
                                    PruneBlocks, TruncateLog, ResetStore, WhenStored>;

class StorageListener {
 public:
  virtual ~StorageListener() = default;
  // On the storage thread.
  virtual void on_persisted(Ticket durable) = 0;
  // `error`: what was said of the first record that was refused. Told again for every record that
  // comes meanwhile if the disk is full.
  virtual void on_append_refused(Ticket ticket, bool disk_full, const Error& error) = 0;
  virtual void on_loaded(input::Loaded loaded) = 0;
  virtual void on_store_reset(const Checkpoint& checkpoint) = 0;
  // The store has failed for good.
  virtual void on_store_failed(const Error& error) = 0;

 protected:
  StorageListener() = default;
  StorageListener(const StorageListener&) = default;
  StorageListener& operator=(const StorageListener&) = default;
};

struct StorageParts {
  std::unique_ptr<WriteAheadLog> log;
  std::unique_ptr<BlockStore> store;
  // Called when nothing has come for a while, and at the end: SegmentedLog::settle().
  std::function<Status()> settle;
};

class StorageThread {
 public:
  // After so long a full disk is tried again.
  static constexpr std::chrono::milliseconds kRetry{500};
  // After so long without work the log is settled.
  static constexpr std::chrono::milliseconds kQuiet{200};

  // The listener must outlive it.
  StorageThread(StorageParts parts, StorageListener& listener);
  // Does what it has been given, as far as the disk takes it, and joins.
  ~StorageThread();
  StorageThread(const StorageThread&) = delete;
  StorageThread& operator=(const StorageThread&) = delete;

  // Takes them all, and leaves `commands` empty.
  void give(std::vector<StorageCommand>& commands);
  [[nodiscard]] Ticket durable() const { return Ticket(durable_.load(std::memory_order_relaxed)); }

 private:
  void run();
  void work(std::vector<StorageCommand>& commands);
  void append(effect::Persist& persist);
  void sync();
  // False: not now, the disk is full; it and what follows wait.
  [[nodiscard]] bool carry_out(StorageCommand& command);
  [[nodiscard]] bool took(const Status& status);
  void load(const effect::Load& load);
  void retry();
  void fail_log(Ticket ticket, const Error& error);

  StorageParts parts_;
  StorageListener& listener_;
  std::mutex mutex_;
  std::condition_variable given_;
  std::vector<StorageCommand> inbox_;
  bool ending_ = false;
  // Of the thread.
  std::deque<effect::Persist> refused_;  // the disk was full
  std::deque<StorageCommand> waiting_;   // for the store, in order
  std::optional<Error> log_failure_;
  bool store_failed_ = false;
  bool unsettled_ = false;
  std::atomic<uint64_t> durable_{0};
  std::thread thread_;
};

}  // namespace govchain::consensus::node
