#pragma once
// The cores of one machine and the threads that want them, as an operating system shares them out:
// a thread that has work waits its turn, does what has come until it gets a core, and sleeps again.
//
// What this has and a queue of jobs has not: the longer a thread waits for a core, the more it does
// at once, so that what each awakening costs is paid less often the busier the machine is.
//
// Linux' fair scheduler (kernel/sched/fair.c, 6.12 and later) in short: whoever wakes up goes to an
// idle core if there is one, else waits its turn; whoever works for longer than a slice lets
// others go first, who waited. Weights and migrations are left out.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "sim/host/cpu.h"
#include "sim/kernel.h"
#include "sim/units.h"

namespace govchain::sim {

// A thread's work.
class Runnable {
 public:
  virtual ~Runnable() = default;
  [[nodiscard]] virtual bool has_work() const = 0;
  // It has a core: takes what has come, and says how long that keeps it.
  [[nodiscard]] virtual Duration begin() = 0;
  // That time is over: what was taken is done.
  virtual void end() = 0;
};

using ThreadIndex = uint32_t;
using ProcessIndex = uint32_t;

// What it costs to wake a thread that sleeps, both threads' time together.
struct WakeCosts {
  Duration near;   // it waits its turn on a core that is busy
  Duration far;    // a core sleeps too, and has to be woken: one that has just gone to sleep
  Duration delay;  // until that core runs
  // How much longer work takes while all other cores are busy, in 1/1,024: what they share (the
  // two hardware threads of one core, caches, memory) has to go round.
  int64_t beside_others = 1'024;
  // More, where the core worked for another process before: other page tables, so nothing is found
  // in the translation buffers, and little in the caches.
  Duration other_process;
  // What `far` is after a longer sleep, by its length: nothing is where it was, and whoever runs
  // virtual cores may have given this one away.
  struct Rested {
    Duration asleep;
    Duration far;
  };
  std::vector<Rested> rested;
  // By straight lines between what was measured.
  [[nodiscard]] Duration far_after(Duration asleep) const;
};

class RunQueue {
 public:
  // Events have `first_event` plus the core's number as index. `cpu` adds up what was used.
  RunQueue(Kernel& kernel, Cpu& cpu, uint32_t first_event, WakeCosts wake);

  // Sleeps at first. `work` must live as long as the queue, or until remove().
  // `role`: what it is called where its use of the machine is told. `turn`: how much longer its
  // work takes on a core that another thread had last, whose caches hold nothing of it.
  [[nodiscard]] ThreadIndex add(Runnable& work, std::string role, ProcessIndex process = 0,
                                Duration turn = {});
  // Threads share a process unless they are said to be of another.
  [[nodiscard]] ProcessIndex add_process() { return ++last_process_; }
  // It has work. Whoever works already will look again.
  void wake(ThreadIndex thread);
  // It stands still (SIGSTOP) until it is released. What it was doing ends first.
  void hold(ThreadIndex thread, bool held);

  void on_event(uint32_t core);

  // Time on a core by role, of all threads that have it, inside the measured window.
  [[nodiscard]] std::map<std::string, double> shares_by_role() const;

  // So many cores a machine may have, as far as numbers of events go.
  static constexpr uint32_t kMostCores = 1'024;
  // How long a thread may keep a core that others want: 0.7 ms times 1 + log2 of the cores
  // (sysctl_sched_base_slice, SCHED_TUNABLESCALING_LOG; at most 8 cores count).
  [[nodiscard]] static Duration slice(uint32_t cores);

 private:
  enum class State : uint8_t { kAsleep, kReady, kRunning };
  struct Thread {
    Runnable* work = nullptr;
    State state = State::kAsleep;
    bool held = false;
    bool begun = false;   // has taken work that is not done
    bool sleepy = false;  // its awakening has not been paid
    Duration left;        // of what it has taken
    Duration turn;
    std::string role;
    ProcessIndex process = 0;
    Duration used;  // inside the measured window
  };
  struct Core {
    ThreadIndex thread = kNobody;
    ThreadIndex last = kNobody;      // that worked on it
    ProcessIndex process = kNobody;  // for which it worked last
    TimePoint asleep_since;
    TimePoint since;  // works since then, and until then
    TimePoint until;
  };
  static constexpr ThreadIndex kNobody = UINT32_MAX;
  static constexpr int64_t kAlone = 1'024;

  [[nodiscard]] uint32_t idle_core() const;
  // What takes so long alone, now that others are busy.
  [[nodiscard]] Duration beside_others(Duration alone) const;
  void run(uint32_t core, ThreadIndex thread, bool is_far);
  void go_on(uint32_t core, TimePoint from);
  void next(uint32_t core);

  Kernel& kernel_;
  Cpu& cpu_;
  const uint32_t first_event_;
  const WakeCosts wake_;
  const Duration slice_;
  std::vector<Thread> threads_;
  std::vector<Core> cores_;
  std::deque<ThreadIndex> ready_;
  ProcessIndex last_process_ = 0;
};

}  // namespace govchain::sim
