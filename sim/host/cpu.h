#pragma once
// The cores of one host, shared by all replicas on it: a first-come first-served queue with as many
// servers as cores. A job's times are settled when it is handed in, so a job costs no event of its
// own.

#include <cstdint>
#include <vector>

#include "sim/host/busy_time.h"
#include "sim/units.h"

namespace govchain::sim {

class Cpu {
 public:
  // `window` is what utilisation() covers.
  Cpu(uint32_t cores, TimePoint window_begin, TimePoint window_end);

  // A job of `cost` on one core that may begin at `ready` (not before now). Returns when it is
  // done. Free jobs are done at `ready` whatever else runs.
  TimePoint run(TimePoint ready, Duration cost) {
    if (cost <= Duration::zero()) return ready;
    return occupy(pick(ready), ready, cost);
  }
  // The same for a thread that runs one job after the other: prefers the core it ran on last.
  TimePoint run_on(uint32_t& last_core, TimePoint ready, Duration cost) {
    if (cost <= Duration::zero()) return ready;
    if (last_core >= free_.size() || free_[last_core] > ready) last_core = pick(ready);
    return occupy(last_core, ready, cost);
  }
  // `cost` split evenly over all cores (a batch of independent checks). Returns when the last part
  // is done.
  TimePoint run_spread(TimePoint ready, Duration cost);

  // Time on a core that somebody else shares out (RunQueue). Returns how much of it lies in the
  // window.
  Duration account(TimePoint start, TimePoint finish) {
    const Duration before = busy_.total();
    busy_.add(start, finish);
    return busy_.total() - before;
  }
  // Such time as a share of all cores' time in the window.
  [[nodiscard]] double share_of(Duration used) const {
    const double all = utilisation();
    return all > 0 ? all * static_cast<double>(used.nanoseconds()) /
                         static_cast<double>(busy_.total().nanoseconds())
                   : 0;
  }

  [[nodiscard]] uint32_t cores() const { return static_cast<uint32_t>(free_.size()); }
  // Share of all cores' time in the window, 0..1.
  [[nodiscard]] double utilisation() const;

 private:
  // The first core that is idle; if all are busy, the one that is free first.
  [[nodiscard]] uint32_t pick(TimePoint ready) const;
  TimePoint occupy(uint32_t core, TimePoint ready, Duration cost) {
    const TimePoint start = free_[core] > ready ? free_[core] : ready;
    const TimePoint finish = start + cost;
    free_[core] = finish;
    busy_.add(start, finish);
    return finish;
  }

  std::vector<TimePoint> free_;
  BusyTime busy_;
};

}  // namespace govchain::sim
