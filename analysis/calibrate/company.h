#pragma once
// What others do to a core between two turns of a thread: its caches hold nothing of its own, nor
// of the kernel's, when its next turn begins. On a machine whose processes take turns many times a
// millisecond that is how every turn begins; what is measured in a row never sees it.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace govchain::analysis {

// Cores that this process may use, ascending.
[[nodiscard]] std::vector<int> usable_cores();
void pin_this_thread(int core);

class Company {
 public:
  // A thread for each usable core, which sleeps.
  Company();
  ~Company();
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;

  // Walks through twice the second-level cache on the core of the calling thread, whoever's that
  // is. The first and second levels are then others'; the last is large enough for everybody.
  void sweep_here() { walk(own_); }
  // The same on every core at once; returns when all are done, and asleep or about to be.
  void sweep_everywhere();

 private:
  using Memory = std::vector<uint8_t>;
  static void walk(Memory& memory);
  void serve(int core);

  Memory own_;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable done_;
  uint64_t asked_for_ = 0;  // sweeps so far
  size_t busy_ = 0;
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace govchain::analysis
