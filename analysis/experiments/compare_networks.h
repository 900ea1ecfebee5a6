#pragma once
// One scenario on every network model, and what arithmetic says of it: where they differ, and by
// what.

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/experiments/closed_form.h"
#include "analysis/experiments/run.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

struct NetworkCase {
  std::string name;  // as --network has it
  scenarios::Scenario scenario;
};
// The names, in the order in which each differs from the one before by one cause.
[[nodiscard]] const std::vector<std::string>& network_models();

// What the run of one model came to: of the scenario's first chain.
struct NetworkFigures {
  std::string network;
  double throughput = 0;  // transactions per second
  double mean = 0;        // milliseconds, as all that follow; 0 if nothing was committed
  double p50 = 0;
  double p99 = 0;
  double decision = 0;  // half of the decisions
  uint64_t messages = 0;
  uint64_t view_changes = 0;
  uint64_t violations = 0;
  double cpu_seconds = 0;
  std::string run;  // the object that `run --json` prints
};

// A transfer, or several at once, over the longest way between two replicas.
struct TransferRow {
  std::string what;
  sim::Duration closed_form;
  std::vector<sim::Duration> measured;  // by model
};

// What changes from one model to the next.
struct NetworkStep {
  std::string from;
  std::string to;
  std::string cause;
  double throughput = 0;  // relative change of each figure
  double p50 = 0;
  double p99 = 0;
};

struct NetworkComparison {
  std::string scenario;
  uint64_t seed = 1;
  double simulated_seconds = 0;
  double warmup_seconds = 0;
  std::string protocol;
  std::string way;  // the longest, in words
  std::optional<DecisionBounds> decision;
  std::vector<NetworkFigures> networks;
  std::vector<TransferRow> transfers;
  std::vector<NetworkStep> steps;
};

struct NetworksRequest {
  uint32_t processes = 1;  // at a time
  const std::atomic<bool>* stop = nullptr;
};

// The same scenario for each case, which are network_models(). Each run has a process of its own,
// because SimGrid simulates one world in a process; the calling process must have one thread.
// Errors: those of run_scenario, measure_transfers and run_apart.
[[nodiscard]] consensus::Result<NetworkComparison> compare_networks(
    const std::vector<NetworkCase>& cases, const NetworksRequest& request);

// An object with "networks", each with its figures and the object that `run --json` prints.
[[nodiscard]] std::string networks_json(const NetworkComparison& comparison,
                                        const std::string& command);
// Tables, ending in a newline.
[[nodiscard]] std::string networks_text(const NetworkComparison& comparison);

}  // namespace govchain::analysis
