#pragma once
// How a long run goes: what each replica holds and how long clients wait, at equal distances. What
// leaks or drifts shows in the series, where totals hide it.

#include <cstdint>
#include <vector>

#include "analysis/live/load_records.h"
#include "analysis/live/network.h"
#include "consensus/time.h"
#include "consensus/units.h"
#include "sim/histogram.h"
#include "sim/world_spec.h"

namespace govchain::analysis::live {

struct NodeSample {
  bool is_up = false;  // and has answered; otherwise there are no figures
  uint64_t committed_height = 0;
  consensus::Bytes resident;  // memory
  uint32_t open_files = 0;    // descriptors, connections among them
  consensus::Bytes stored;    // that its folder takes on the disk
};

struct Sample {
  consensus::Duration at;  // since the start of the load
  std::vector<NodeSample> nodes;
  // Of what was intended since the sample before, and became final; as ChainResult::latency.
  uint64_t committed = 0;
  sim::Histogram latency;
};

class Watch {
 public:
  // Zero: no samples.
  explicit Watch(consensus::Duration every) : every_(every) {}

  // Takes a sample if one is due at `now`.
  void look(consensus::Duration now, const Network& network);
  // What clients saw, interval by interval.
  void add_clients(const sim::WorldSpec& world, const LoadRecords& records);
  [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }

 private:
  consensus::Duration every_;
  std::vector<Sample> samples_;
};

}  // namespace govchain::analysis::live
