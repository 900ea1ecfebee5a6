#pragma once
// What a calibration is asked for, and what all probes share.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analysis/calibrate/clocks.h"
#include "analysis/calibrate/company.h"
#include "consensus/time.h"

namespace govchain::analysis {

struct ProbeSettings {
  // A folder of the calibration's own, on the file system that is measured.
  std::string scratch;
  // Of the usual work of a round: a tenth for a look, all of it for figures to keep.
  double effort = 1;
  // Records in the ledger before it is measured.
  std::vector<uint64_t> state_sizes{100'000, 1'000'000, 10'000'000};
  // Whether a state that takes long to make is left out.
  bool hurries = true;
  // Who takes turns with what is measured. Null: nobody, and every turn begins as the one before
  // has left the caches.
  std::shared_ptr<Company> company = nullptr;
  // Preparations that take long look at it; may be null.
  const std::atomic<bool>* stop = nullptr;

  // Before a turn of one thread, on its core; and of several, wherever they run.
  void others_have_the_core() const {
    if (company) company->sweep_here();
  }
  void others_have_all_cores() const {
    if (company) company->sweep_everywhere();
  }
};

[[nodiscard]] inline uint64_t scaled(uint64_t usual, double effort) {
  const auto count = static_cast<uint64_t>(static_cast<double>(usual) * effort);
  return count == 0 ? 1 : count;
}

// Processor time of the calling thread for some work, with what one reading of its clock adds.
template <typename Work>
[[nodiscard]] consensus::Duration processor_time(Clocks& clocks, Work&& work) {
  const consensus::Duration before = clocks.processor();
  work();
  return clocks.processor() - before;
}

// What that is: 0.2 to 1.5 µs, which matters where single calls are timed.
[[nodiscard]] consensus::Duration cost_of_processor_clock(Clocks& clocks);

}  // namespace govchain::analysis
