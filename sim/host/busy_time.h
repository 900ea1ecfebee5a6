#pragma once
// Adds up how long a resource was busy inside the measured window.

#include <algorithm>

#include "sim/units.h"

namespace govchain::sim {

class BusyTime {
 public:
  BusyTime(TimePoint begin, TimePoint end) : begin_(begin), end_(end) {}
  void add(TimePoint start, TimePoint finish) {
    const TimePoint from = std::max(start, begin_);
    const TimePoint to = std::min(finish, end_);
    if (to > from) total_ += to - from;
  }
  [[nodiscard]] Duration total() const { return total_; }
  // Share of the time of `servers` equal servers.
  [[nodiscard]] double share(uint64_t servers) const {
    const Duration window = end_ - begin_;
    if (window <= Duration::zero() || servers == 0) return 0;
    return static_cast<double>(total_.nanoseconds()) /
           (static_cast<double>(window.nanoseconds()) * static_cast<double>(servers));
  }

 private:
  TimePoint begin_;
  TimePoint end_;
  Duration total_;
};

}  // namespace govchain::sim
