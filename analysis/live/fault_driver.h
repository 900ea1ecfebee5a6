#pragma once
// Does a scenario's faults to real replicas, step by step.

#include <cstdint>
#include <vector>

#include "analysis/live/delay_line.h"
#include "analysis/live/network.h"
#include "analysis/live/plan.h"
#include "analysis/live/small_disk.h"
#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

// What kills took from the replicas' disks.
struct Kills {
  uint64_t kills = 0;
  uint64_t unsynced_writes = 0;
  uint64_t lost_pages = 0;
  uint64_t kept_pages = 0;
  uint64_t lost_names = 0;
};

struct FullDisks {
  uint64_t filled = 0;   // times that one was
  uint64_t noticed = 0;  // before there was room again, its replica had said so
};

class FaultDriver {
 public:
  // `line` may be null if nothing is cut. What a kill forgets follows from the scenario's seed.
  FaultDriver(const std::vector<FaultStep>& steps, uint64_t seed, Network& network,
              SmallDisks& disks, DelayLine* line)
      : steps_(steps), seed_(seed), network_(network), disks_(disks), line_(line) {}

  // All that is due at `now`.
  [[nodiscard]] consensus::Status carry_out(consensus::Duration now);
  // What still stands still or apart, or has no room, comes back.
  [[nodiscard]] consensus::Status end();
  [[nodiscard]] const Kills& kills() const { return kills_; }
  [[nodiscard]] const FullDisks& full_disks() const { return full_disks_; }

 private:
  [[nodiscard]] consensus::Status carry_out(const FaultStep& step);
  [[nodiscard]] consensus::Status carry_out(const FaultStep& step, uint32_t replica);
  [[nodiscard]] consensus::Status kill(size_t fault, uint32_t replica);

  const std::vector<FaultStep>& steps_;
  const uint64_t seed_;
  Network& network_;
  SmallDisks& disks_;
  DelayLine* const line_;
  size_t next_ = 0;
  std::vector<std::vector<sim::ReplicaIndex>> cut_off_;
  Kills kills_;
  FullDisks full_disks_;
};

}  // namespace govchain::analysis::live
