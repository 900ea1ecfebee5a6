#pragma once
// One scenario of kind "consensus", simulated as it stands, once or several times.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "analysis/experiments/objectives.h"
#include "analysis/statistics/interval.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"
#include "sim/world_result.h"

namespace govchain::analysis {

struct RunRequest {
  uint32_t replications = 1;  // the cap, if a precision is asked for
  double precision = 0;       // relative half width of throughput and mean latency; 0: not asked
  uint32_t threads = 1;
  std::string trace_path;  // of the first replication
  const std::atomic<bool>* stop = nullptr;
  // Called now and then from any thread, one at a time: share of all work done, events so far.
  std::function<void(double share_done, uint64_t events)> progress;
};

// A figure over replications.
struct IntervalRow {
  std::string metric;  // JSON pointer into the result
  Estimate estimate;
};

struct RunResult {
  std::string scenario;
  std::string scenario_hash;
  uint64_t seed = 1;
  double simulated_seconds = 0;  // of one replication
  double warmup_seconds = 0;
  // Merged over replications: counts and histograms added, ratios and rates averaged.
  std::vector<sim::ChainResult> chains;
  std::vector<sim::ServiceResult> services;
  std::vector<sim::ResourceUse> resources;  // descending
  std::vector<sim::Violation> violations;
  std::vector<std::string> digests;  // of the replications, which use seed, seed + 1, …
  std::vector<IntervalRow> intervals;
  bool precision_reached = true;
  std::vector<CheckedObjective> objectives;
  sim::WorkDone work;
};

// Errors: kInvalid for a metric that no result has (with the nearest), kExhausted if stopped,
// kUnsupported for several replications on a network model of SimGrid's, what the simulator says.
// Equal results on any number of threads.
[[nodiscard]] consensus::Result<RunResult> run_scenario(const scenarios::Scenario& scenario,
                                                        const RunRequest& request);

// The metrics that objectives may name: every number of the result's JSON.
[[nodiscard]] std::vector<std::string> metrics_of(const scenarios::Scenario& scenario);

// The object of CLI.md, with its digest, ending in a newline. `command` would make it again.
[[nodiscard]] std::string run_json(const RunResult& result, const std::string& command,
                                   bool pretty);
// Of the result alone, as in its JSON.
[[nodiscard]] std::string run_digest(const RunResult& result);
// Fills in result.objectives.
void check_against(const std::vector<scenarios::Objective>& objectives, RunResult& result);
// By JSON pointer; false if there is no number there.
[[nodiscard]] bool metric_value(const RunResult& result, const std::string& metric, double& value);

struct RunTextStyle {
  int columns = 80;
  bool colour = false;
};
// What a person reads, ending in a newline. `world` says what was run.
[[nodiscard]] std::string run_text(const RunResult& result, const sim::WorldSpec& world,
                                   const RunTextStyle& style);

}  // namespace govchain::analysis
