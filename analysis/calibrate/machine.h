#pragma once
// Which machine it is, and what else it did meanwhile.

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/calibrate/figures.h"
#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::analysis {

struct Machine {
  std::string processor;
  uint32_t cores = 1;  // that this process may use
  consensus::Bytes memory;
  std::string kernel;
  std::string file_system;  // type and device of the measured folder: "ext4 on /dev/vda"
  std::string date;         // UTC, ISO 8601
};
// What the system does not tell is "unknown" or 0.
[[nodiscard]] Machine this_machine(const std::string& folder);
// The file system that holds `path`, from a table in the form of /proc/self/mountinfo (proc(5)).
[[nodiscard]] std::string file_system_of(const std::string& path, const std::string& mount_table);

// Counters of the system at one moment.
struct Activity {
  consensus::Duration at;         // wall
  double load = 0;                // mean of the last minute: threads that run or want to
  consensus::Duration processor;  // of this process
  consensus::Duration busy;       // of all cores together, for whomever
  consensus::Duration stolen;     // by other guests of the machine below
  consensus::Duration waited;     // this thread was ready and had no core
  uint64_t involuntary_switches = 0;
};
[[nodiscard]] Activity activity_now();

// How quiet it was between two moments.
struct Quiet {
  double load_before = 0;
  double load_after = 0;
  double others = 0;  // share of all cores' time that others used
  double stolen = 0;  // share of all cores' time
  double waited = 0;  // share of the time
  double involuntary_switches_per_second = 0;
  double spread = 0;  // share of the rows of processor time whose quartiles lie apart
  std::vector<std::string> reasons;  // to distrust the figures; none if it was quiet
  [[nodiscard]] bool is_noisy() const { return !reasons.empty(); }
};
[[nodiscard]] Quiet quiet_between(const Activity& before, const Activity& after, uint32_t cores,
                                  const Figures& figures);

}  // namespace govchain::analysis
