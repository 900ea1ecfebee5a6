#pragma once
// One scenario under several protocols, numbers of replicas and loads: everything else as it
// stands, the same seed, so that the runs differ in nothing but what is compared.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiments/run.h"
#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

// What is varied. The first chain of the scenario is meant.
struct ComparePoint {
  std::string protocol;
  std::optional<uint32_t> replicas;            // as in the scenario if not set
  std::optional<std::string> load;             // transactions per second, likewise
  std::vector<std::string> overrides() const;  // POINTER=VALUE that make the scenario so
};

struct ComparedRun {
  ComparePoint point;
  RunResult result;
};

struct CompareResult {
  std::string scenario;
  uint64_t seed = 1;
  double simulated_seconds = 0;
  double warmup_seconds = 0;
  std::vector<ComparedRun> runs;  // protocol by protocol, in each by replicas and load
};

struct CompareRequest {
  uint32_t threads = 1;
  const std::atomic<bool>* stop = nullptr;
  // From any thread, one at a time.
  std::function<void(double share_done, uint64_t runs_done)> progress;
};

struct CompareCase {
  ComparePoint point;
  scenarios::Scenario scenario;
};

// Runs them on that many threads; the result does not depend on how many. Errors: those of
// run_scenario, of the first case that has one.
[[nodiscard]] consensus::Result<CompareResult> compare(const std::vector<CompareCase>& cases,
                                                       const CompareRequest& request);

// An object with "runs", each with what was varied and the object that `run --json` prints.
[[nodiscard]] std::string compare_json(const CompareResult& result, const std::string& command);
// A table, a line for each run, ending in a newline.
[[nodiscard]] std::string compare_text(const CompareResult& result, const RunTextStyle& style);

}  // namespace govchain::analysis
