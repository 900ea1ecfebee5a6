#pragma once
// The thread of a replica that writes states to the disk and reads them for peers, so that
// execution waits for neither.
//
// The states of checkpoints are held as the application shares them, which costs what has changed.
// Once enough was executed since the last that was written, what makes a newer one out of it is: to
// the records that a replica starts again from (rocks_state_store.h). That is done only for a state
// whose checkpoint no crash can take back, because there is no other to fall back to. A replica
// that starts again runs the blocks above it, which the block store keeps.
//
// A peer that asks for a state gets it in parts, so it is written as a whole, to a file that stays
// for as long as somebody reads it.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "consensus/node/host/snapshot_folder.h"
#include "consensus/node/store/rocks_state_store.h"
#include "consensus/result.h"
#include "consensus/snapshot_policy.h"
#include "consensus/state_version.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

class SnapshotListener {
 public:
  virtual ~SnapshotListener() = default;
  // On the snapshot thread. Enough was executed to write the state at `height`: allow() is awaited.
  virtual void on_snapshot_due(Height height) = 0;
  // The state at `height` is durable, and what a replica starts again from.
  virtual void on_snapshot(Height height) = 0;
  // No more states are written: the disk refused one for another reason than want of room.
  virtual void on_snapshots_failed(const Error& error) = 0;

 protected:
  SnapshotListener() = default;
  SnapshotListener(const SnapshotListener&) = default;
  SnapshotListener& operator=(const SnapshotListener&) = default;
};

struct SnapshotParts {
  std::unique_ptr<RocksStateStore> records;
  std::unique_ptr<SnapshotFolder> whole;  // for peers; what it has from before is of no use
};

class SnapshotThread {
 public:
  // `written`: the version that `records` has; null if it has none that can be used.
  SnapshotThread(SnapshotParts parts, std::shared_ptr<const StateVersion> written,
                 const SnapshotPolicy& policy, SnapshotListener& listener);
  // Drops what has not begun, and joins; a state that is half-written is dropped, too.
  ~SnapshotThread();
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  // --- From any thread; done in the order in which it is asked.
  // The state after a checkpoint's block, and the bytes of the blocks executed since the last call.
  void hold(Height height, const Digest& root, std::shared_ptr<const StateVersion> state,
            Bytes executed);
  // No crash takes back the checkpoint at `height`: a state that is due may be written, this one or
  // one between.
  void allow(Height height);
  // A state that was fetched is made durable beside the current one. `taker` hears whether it is.
  using Taker = std::function<void(const Status&)>;
  void stage(Height height, const Digest& root, std::shared_ptr<const StateVersion> state,
             Taker taker);
  // It becomes the replica's; what is held of another is forgotten.
  void adopt();
  // Bytes of a state that is held or was written last; kNotFound otherwise.
  using PartTaker = std::function<void(Result<SnapshotFolder::Part>)>;
  void read_part(Height height, uint64_t offset, uint64_t count, PartTaker taker);
  void release_below(Height height);

 private:
  using Task = std::function<void()>;
  using Clock = std::chrono::steady_clock;
  struct Held {
    Height height;
    Digest root;
    std::shared_ptr<const StateVersion> state;
    Bytes executed;  // by this thread's life, up to here
  };
  struct Waiting {
    Height height;
    uint64_t offset = 0;
    uint64_t count = 0;
    PartTaker taker;
  };
  // Of two kinds: the records' changes, or a whole state for peers.
  struct Job {
    Held of;
    std::unique_ptr<StateChanges> changes;
    std::unique_ptr<StateStream> whole;
  };
  struct WholeFile {
    Height height;
    uint32_t unread = 0;  // states written since somebody read it
  };

  void post(Task task);
  void run();
  void begin_next();
  [[nodiscard]] Status begin_records(const Held& state);
  void go_on();
  void write_records();
  void write_whole();
  void records_ended(const Status& status);
  void give_up();
  void hold_now(Held held);
  void allow_now(Height height);
  void stage_now(const Held& state, const Taker& taker);
  [[nodiscard]] Status write_staged(const Held& state);
  void adopt_now();
  void read_now(Waiting part);
  void answer_waiting(Height height);
  void refuse_waiting(const Error& error);
  [[nodiscard]] const Held* find(Height height) const;
  void remove_unread();
  void remove_whole(size_t index);
  void fail(const Error& error);

  SnapshotListener& listener_;
  const SnapshotPolicy policy_;
  // Of the thread.
  std::unique_ptr<RocksStateStore> records_;
  std::unique_ptr<SnapshotFolder> folder_;
  std::deque<Held> held_;        // ascending
  std::optional<Held> written_;  // what the records are
  std::optional<Held> staged_;
  bool adopt_due_ = false;       // the disk was full
  std::optional<Height> due_;    // asked for, not allowed yet
  std::optional<Held> allowed_;  // to be written next
  std::optional<Job> job_;
  Clock::time_point rest_until_;  // before it goes on
  std::vector<WholeFile> files_;  // the least recently read first
  std::vector<Waiting> waiting_;
  std::vector<uint8_t> piece_;
  Bytes executed_;
  bool failed_ = false;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace govchain::consensus::node
