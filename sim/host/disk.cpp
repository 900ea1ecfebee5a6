#include "sim/host/disk.h"

#include <algorithm>

#include "sim/distribution.h"

namespace govchain::sim {

TimePoint Disk::serve(TimePoint ready, Duration time) {
  if (time <= Duration::zero()) return ready;
  const TimePoint start = std::max(ready, free_);
  free_ = start + time;
  busy_.add(start, free_);
  return free_;
}

TimePoint Disk::sync(TimePoint ready, Bytes size, double slowness) {
  Duration flush = costs_.sync;
  if (slowness != 1.0) {
    flush = round_to_nanoseconds(static_cast<double>(flush.nanoseconds()) * slowness);
  }
  return serve(ready, flush + costs_.write_rate.time_for(size));
}

TimePoint Disk::write(TimePoint ready, Bytes size) {
  return serve(ready, costs_.write_rate.time_for(size));
}

TimePoint Disk::read(TimePoint ready, Bytes size) {
  return serve(ready, costs_.read_rate.time_for(size));
}

}  // namespace govchain::sim
