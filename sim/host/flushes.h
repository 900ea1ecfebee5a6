#pragma once
// Syncs of one disk as Linux makes them (block/blk-flush.c): while the disk flushes its cache, all
// who ask for a flush wait and then share the next one, whoever they are. So processes that share a
// disk wait for each other's syncs, but not one after the other.

#include <vector>

#include "sim/host/busy_time.h"
#include "sim/host/measurements.h"
#include "sim/random.h"
#include "sim/units.h"

namespace govchain::sim {

// What one sync takes. A device that has rested takes longer: whoever serves it has gone to sleep,
// too (a virtual machine's host, a controller that saves power).
struct FlushTimes {
  struct Rested {
    Duration rest;  // since the device was last at work; the first is of those that follow at once
    MeasuredTime time;
  };
  std::vector<Rested> measured;  // by rest
  // That a share of all is below, after such a rest, by straight lines between what was measured.
  [[nodiscard]] Duration at(Duration rest, double share) const;
};

// fdatasync(2) of a file waits twice: until its data are written, and until the device has flushed
// its cache. Each takes half of the time (measured: 42 and 42 µs one after the other, 119 and 109
// after a rest of 10 ms).
class Flushes {
 public:
  Flushes(RandomStream random, TimePoint window_begin, TimePoint window_end)
      : random_(random), busy_(window_begin, window_end) {}

  // Asked for now; returns when the data are written, which they all are side by side.
  [[nodiscard]] TimePoint write(TimePoint now, const FlushTimes& times);
  // Asked for now; returns when the cache is flushed. `times` is what a whole sync takes.
  [[nodiscard]] TimePoint sync(TimePoint now, const FlushTimes& times);
  [[nodiscard]] double utilisation() const { return busy_.share(1); }

 private:
  [[nodiscard]] Duration half(TimePoint start, const FlushTimes& times);

  RandomStream random_;
  TimePoint last_work_;  // of the device
  TimePoint current_;    // ends then
  TimePoint next_;  // begins when the current one ends, and ends then; not after it: nobody asked
  BusyTime busy_;
};

}  // namespace govchain::sim
