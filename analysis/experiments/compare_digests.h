#pragma once
// Two runs that should be the same: are they, and if not, where do they part?

#include <atomic>
#include <cstdint>
#include <string>

#include "consensus/result.h"

namespace govchain::analysis {

struct RunDifference {
  bool same = false;
  std::string digest_a;
  std::string digest_b;
  bool same_scenario = true;  // hash of the resolved scenario, seed included
  bool same_model_version = true;
  std::string first_figure;  // JSON pointer of the first figure that differs, with both values
  bool events_compared = false;
  bool events_differ = false;
  uint64_t event = 0;   // its number, from 1
  std::string event_a;  // as in the trace; empty: this run has ended
  std::string event_b;
};

// A run is its folder or the result.json in it. Events come from trace.json beside it (govchain run
// --trace DIR/trace.json), else both scenario.json are simulated again. Errors: kNotFound or
// kInvalid for what is no run.
[[nodiscard]] consensus::Result<RunDifference> compare_digests(const std::string& a,
                                                               const std::string& b,
                                                               const std::string& home,
                                                               const std::atomic<bool>* stop);

}  // namespace govchain::analysis
