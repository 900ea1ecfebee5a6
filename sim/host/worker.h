#pragma once
// A thread that does what it is given, in the order in which it was given.

#include <deque>
#include <functional>
#include <vector>

#include "sim/host/run_queue.h"

namespace govchain::sim {

class Worker final : public Runnable {
 public:
  // `at_once`: so many pieces of work before it looks up; their results come together.
  // `turn` as RunQueue::add has it.
  Worker(RunQueue& cores, const char* role, size_t at_once, ProcessIndex process = 0,
         Duration turn = {})
      : cores_(cores), thread_(cores.add(*this, role, process, turn)), at_once_(at_once) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // `party`: pieces of the same one that are done at once pay `once` once; kNoParty: each does.
  static constexpr uint32_t kNoParty = UINT32_MAX;
  void give(Duration cost, std::function<void()> done, Duration once = {},
            uint32_t party = kNoParty) {
    queue_.push_back(Piece{cost, once, party, std::move(done)});
    if (!waits_) cores_.wake(thread_);
  }
  // Called after each lot of pieces that were done at once.
  void after_each_lot(std::function<void()> after) { after_ = std::move(after); }
  // It waits for something that takes no processor (a disk), from within a piece's `done`.
  void wait() { waits_ = true; }
  void go_on() {
    waits_ = false;
    if (!queue_.empty()) cores_.wake(thread_);
  }
  // What it waited for has come: when it has a core again it does `done`, and goes on then.
  void resume(std::function<void()> done) {
    resumed_ = std::move(done);
    cores_.wake(thread_);
  }
  void hold(bool held) { cores_.hold(thread_, held); }
  // A crash: what is waiting or under way never happens.
  void clear() {
    queue_.clear();
    resumed_ = nullptr;
    for (Piece& piece : taken_) piece.done = nullptr;
    waits_ = false;
  }
  [[nodiscard]] size_t size() const { return queue_.size(); }

  // --- Runnable
  [[nodiscard]] bool has_work() const override {
    return resumed_ != nullptr || (!waits_ && !queue_.empty());
  }
  [[nodiscard]] Duration begin() override;
  void end() override;

 private:
  struct Piece {
    Duration cost;
    Duration once;
    uint32_t party = kNoParty;
    std::function<void()> done;
  };

  RunQueue& cores_;
  ThreadIndex thread_;
  size_t at_once_;
  bool waits_ = false;
  std::function<void()> resumed_;  // what is to be done before anything else
  std::function<void()> after_;
  std::deque<Piece> queue_;
  std::vector<Piece> taken_;
  std::vector<uint32_t> parties_;  // of what was taken
};

}  // namespace govchain::sim
