#pragma once
// Runs a world.

#include <atomic>
#include <functional>
#include <string>

#include "consensus/result.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::sim {

class EngineJournal;
class Observer;

// How to run, as far as it cannot change the result.
struct RunOptions {
  const std::atomic<bool>* stop =
      nullptr;  // set from a signal handler: the run ends early with an error
  std::function<void(double share_done, uint64_t events)> progress;  // called now and then
  std::string trace_path;            // Chrome trace JSON of the run, if not empty
  Observer* observer = nullptr;      // watches beside the checkers, if not null
  EngineJournal* journal = nullptr;  // told of every engine and every step of it, if not null
  bool check_wire_format = false;    // encode and decode every message on the way (slow; tests)
};

// Errors: kInvalid with the field that is wrong if the description contradicts itself; kExhausted
// if stopped. Violations of the checkers are in the result, not an error.
[[nodiscard]] consensus::Result<WorldResult> run_world(const WorldSpec& spec,
                                                       const RunOptions& options = {});

}  // namespace govchain::sim
