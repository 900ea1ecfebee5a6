#pragma once
// The disk of one host: requests of all replicas on it are served one at a time, in order.

#include "sim/host/busy_time.h"
#include "sim/host/machine_profile.h"
#include "sim/units.h"

namespace govchain::sim {

class Disk {
 public:
  Disk(const DiskCosts& costs, TimePoint window_begin, TimePoint window_end)
      : costs_(costs), busy_(window_begin, window_end) {}

  // Writes `size` and makes it durable; `slowness` scales the sync (a worn or shared disk). Returns
  // when it is durable.
  TimePoint sync(TimePoint ready, Bytes size, double slowness);
  // Sequential writes without a sync of their own (snapshots, block bodies), and reads.
  TimePoint write(TimePoint ready, Bytes size);
  TimePoint read(TimePoint ready, Bytes size);

  // When everything that was asked of it is done.
  [[nodiscard]] TimePoint free_at() const { return free_; }
  [[nodiscard]] double utilisation() const { return busy_.share(1); }

 private:
  TimePoint serve(TimePoint ready, Duration time);

  DiskCosts costs_;
  TimePoint free_;
  BusyTime busy_;
};

}  // namespace govchain::sim
