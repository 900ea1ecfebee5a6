#include "analysis/experiments/compare.h"

#include <mutex>
#include <thread>

namespace govchain::analysis {

std::vector<std::string> ComparePoint::overrides() const {
  std::vector<std::string> set{"/chains/0/protocol=\"" + protocol + "\""};
  if (replicas) set.push_back("/chains/0/replicas=" + std::to_string(*replicas));
  if (load) set.push_back("/chains/0/load/rate_per_second=" + *load);
  return set;
}

consensus::Result<CompareResult> compare(const std::vector<CompareCase>& cases,
                                         const CompareRequest& request) {
  std::vector<std::optional<consensus::Result<RunResult>>> results(cases.size());
  std::atomic<size_t> next = 0;
  std::mutex shown;
  size_t done = 0;
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < cases.size(); i = next.fetch_add(1)) {
      RunRequest run;
      run.stop = request.stop;
      results[i] = run_scenario(cases[i].scenario, run);
      const std::lock_guard<std::mutex> guard(shown);
      ++done;
      if (request.progress) {
        request.progress(static_cast<double>(done) / static_cast<double>(cases.size()), done);
      }
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 1; i < request.threads && i < cases.size(); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();

  CompareResult all;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (!results[i]->ok()) {
      consensus::Error error = results[i]->error();
      error.where = cases[i].point.protocol + (error.where.empty() ? "" : ": ") + error.where;
      return error;
    }
    RunResult result = std::move(**results[i]);
    all.scenario = result.scenario;
    all.seed = result.seed;
    all.simulated_seconds = result.simulated_seconds;
    all.warmup_seconds = result.warmup_seconds;
    all.runs.push_back({cases[i].point, std::move(result)});
  }
  return all;
}

}  // namespace govchain::analysis
