#pragma once
// The thread of a replica that writes states to the disk and reads them for peers, so that
// execution waits for neither.
//
// Writing a whole state at every checkpoint would cost what the state has, not what was done since.
// So the states of checkpoints are held as the application shares them, which costs what has
// changed; and one is written when so much was executed since the last that running it again would
// take about as long as reading the state, or when a peer asks for it. A replica that starts again
// runs the blocks above its newest written state, which the block store keeps.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "consensus/application.h"
#include "consensus/node/host/snapshot_folder.h"
#include "consensus/result.h"
#include "consensus/snapshot_policy.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

class SnapshotListener {
 public:
  virtual ~SnapshotListener() = default;
  // On the snapshot thread. The state at `height` is durable.
  virtual void on_snapshot(Height height) = 0;
  // No more states are written: the disk refused one for another reason than want of room.
  virtual void on_snapshots_failed(const Error& error) = 0;

 protected:
  SnapshotListener() = default;
  SnapshotListener(const SnapshotListener&) = default;
  SnapshotListener& operator=(const SnapshotListener&) = default;
};

class SnapshotThread {
 public:
  SnapshotThread(std::unique_ptr<SnapshotFolder> folder, const SnapshotPolicy& policy,
                 SnapshotListener& listener);
  // Drops what has not begun, and joins; a state that is half-written is dropped, too.
  ~SnapshotThread();
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  // --- From any thread; done in the order in which it is asked.
  // The state after a checkpoint's block, and the bytes of the blocks executed since the last call.
  void hold(Height height, const Digest& root, std::unique_ptr<StateStream> state, Bytes executed);
  // A state that was fetched. `taker` hears whether it is durable.
  using Taker = std::function<void(const Status&)>;
  void write(Height height, const Digest& root, std::vector<uint8_t> state, Taker taker);
  // Bytes of a state that is on the disk, or held and then written first; kNotFound otherwise.
  using PartTaker = std::function<void(Result<SnapshotFolder::Part>)>;
  void read_part(Height height, uint64_t offset, uint64_t count, PartTaker taker);
  // Of those that are held, and of those on the disk.
  void release_below(Height height);
  void remove_below(Height height);

 private:
  using Task = std::function<void()>;
  struct Held {
    Height height;
    Digest root;
    std::unique_ptr<StateStream> state;
    bool wanted = false;  // to be written
  };
  struct Waiting {
    Height height;
    uint64_t offset = 0;
    uint64_t count = 0;
    PartTaker taker;
  };

  void post(Task task);
  void run();
  void begin_next();
  void go_on();
  void ended(const Status& status);
  void give_up();
  void hold_now(Held held, Bytes executed);
  void read_now(Waiting part);
  void answer_waiting(Height height);
  [[nodiscard]] Held* find(Height height);
  void fail(const Error& error);

  SnapshotListener& listener_;
  const SnapshotPolicy policy_;
  // Of the thread.
  std::unique_ptr<SnapshotFolder> folder_;
  std::deque<Held> held_;  // ascending
  std::optional<Held> writing_;
  std::vector<Waiting> waiting_;
  std::vector<uint8_t> piece_;
  Bytes executed_;             // since the newest state that is written or being written
  std::optional<Bytes> size_;  // of the newest that was written
  bool failed_ = false;

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace govchain::consensus::node
