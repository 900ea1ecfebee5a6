#pragma once
// The thread of a replica that owns its state: it executes committed blocks, answers queries, gives
// the states of checkpoints to the snapshot thread and takes over fetched ones, each in the order
// in which it is asked.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "consensus/application.h"
#include "consensus/checkpoint.h"
#include "consensus/node/host/snapshot_thread.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

class ExecutionListener {
 public:
  virtual ~ExecutionListener() = default;
  // On the execution thread.
  virtual void on_executed(Height height, const Digest& state_root,
                           std::vector<Receipt> receipts) = 0;
  // Whether the bytes given to check() are the state of that checkpoint. If so they are durable,
  // and kept until install() or the next check(). On the snapshot thread.
  virtual void on_checked(const Checkpoint& checkpoint, bool matches) = 0;
  virtual void on_installed(const Checkpoint& checkpoint) = 0;

 protected:
  ExecutionListener() = default;
  ExecutionListener(const ExecutionListener&) = default;
  ExecutionListener& operator=(const ExecutionListener&) = default;
};

class ExecutionThread {
 public:
  using Query = std::function<void(const Application& state, Height height)>;
  // The state before any block.
  using Genesis = std::function<std::unique_ptr<Application>()>;

  // `state` is that after the block at `height`. `snapshots` and `listener` outlive it.
  ExecutionThread(std::unique_ptr<Application> state, Height height, Genesis genesis,
                  SnapshotThread& snapshots, ExecutionListener& listener);
  // Drops what has not begun, and joins.
  ~ExecutionThread();
  ExecutionThread(const ExecutionThread&) = delete;
  ExecutionThread& operator=(const ExecutionThread&) = delete;

  // Blocks in order of height; one that the state has seen already is passed over.
  void execute(BlockRef block, bool take_snapshot);
  void query(Query query);
  void check(Checkpoint checkpoint, std::vector<uint8_t> state);
  // The state last checked, which matched, becomes the replica's.
  void install(Checkpoint checkpoint);

 private:
  using Task = std::function<void()>;
  void post(Task task);
  void run();
  void execute_now(const BlockRef& block, bool take_snapshot);
  void check_now(const Checkpoint& checkpoint, const std::vector<uint8_t>& state);

  ExecutionListener& listener_;
  SnapshotThread& snapshots_;
  Genesis genesis_;
  // Of the thread.
  std::unique_ptr<Application> state_;
  Height height_;
  ExecutionResult result_;
  Bytes executed_;  // blocks since the last checkpoint
  std::unique_ptr<Application> checked_;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace govchain::consensus::node
