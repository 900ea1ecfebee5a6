#pragma once
// `govchain load`: the clients of a live run, in a process of their own, so that what they cost is
// told from what the replicas cost. It says "ready" on standard output when everything is signed,
// waits on standard input for "start N" (nanoseconds of the machine's monotonic clock), and leaves
// the records in a file.

#include <atomic>
#include <string>
#include <vector>

#include "analysis/live/offered_load.h"
#include "analysis/live/read_plan.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis::live {

struct LoadProcess {
  std::string network;          // folder of the network
  std::string records;          // file to write
  std::vector<uint16_t> ports;  // of the replicas' endpoints, by replica
  Batching batching;
  ReadPlan reads;  // its seed is the scenario's
  consensus::Duration drain;
};

// The arguments of the command, and back: as `command/live.cpp` declares them.
[[nodiscard]] std::vector<std::string> arguments_of(const LoadProcess& load,
                                                    const std::string& scenario,
                                                    const std::string& profile);

[[nodiscard]] consensus::Status run_load_process(const LoadProcess& load,
                                                 const scenarios::Scenario& scenario,
                                                 const std::atomic<bool>& stop);

}  // namespace govchain::analysis::live
