#pragma once
// Syncs of one disk as Linux makes them (block/blk-flush.c): while the disk flushes its cache, all
// who ask for a flush wait and then share the next one, whoever they are. So processes that share a
// disk wait for each other's syncs, but not one after the other.

#include "sim/host/busy_time.h"
#include "sim/host/measurements.h"
#include "sim/random.h"
#include "sim/units.h"

namespace govchain::sim {

class Flushes {
 public:
  Flushes(RandomStream random, TimePoint window_begin, TimePoint window_end)
      : random_(random), busy_(window_begin, window_end) {}

  // Asked for now; returns when it is durable. `times` is what one flush takes.
  [[nodiscard]] TimePoint sync(TimePoint now, const MeasuredTime& times);
  [[nodiscard]] double utilisation() const { return busy_.share(1); }

 private:
  RandomStream random_;
  TimePoint current_;  // ends then
  TimePoint next_;  // begins when the current one ends, and ends then; not after it: nobody asked
  BusyTime busy_;
};

}  // namespace govchain::sim
