#include "analysis/validate/measures.h"

#include <algorithm>
#include <memory>
#include <sys/resource.h>
#include <thread>

#include "analysis/calibrate/machine.h"
#include "analysis/experiments/run.h"
#include "analysis/live/live.h"
#include "analysis/live/workplace.h"

namespace govchain::analysis::validate {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

Figures figures_of(const RunResult& run) {
  const sim::ChainResult& chain = run.chains.front();
  const double window = run.simulated_seconds - run.warmup_seconds;
  Figures figures;
  figures.throughput = static_cast<double>(chain.transactions.committed) / window;
  figures.blocks_per_second = static_cast<double>(chain.blocks) / window;
  if (chain.latency.count() > 0) {
    figures.p50 = chain.latency.quantile(0.5);
    figures.p99 = chain.latency.quantile(0.99);
  }
  return figures;
}

Error broken(const sim::Violation& violation, const std::string& more) {
  return {ErrorCode::kCorrupt, "a rule was broken: " + violation.rule + ": " + violation.detail,
          more};
}

// Nodes in the measured window, clients and delay line over the whole run.
double processor_of(const live::LiveResult& result) {
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  double share = result.line_cpu.to_seconds() / result.run.simulated_seconds / cores;
  for (const sim::ResourceUse& use : result.run.resources) share += use.utilisation;
  return share;
}

// Of the whole machine, and of this process with the children that have ended.
struct Use {
  Activity machine;
  Duration own;
};
Use use_now() {
  rusage children{};
  ::getrusage(RUSAGE_CHILDREN, &children);
  const auto time = [](const timeval& value) {
    return Duration::seconds(value.tv_sec) + Duration::microseconds(value.tv_usec);
  };
  Use use{activity_now(), time(children.ru_utime) + time(children.ru_stime)};
  use.own += use.machine.processor;
  return use;
}
double others_between(const Use& before, const Use& after) {
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  const double all = (after.machine.at - before.machine.at).to_seconds() * cores;
  const Duration others = after.machine.busy - before.machine.busy - (after.own - before.own);
  return all > 0 ? std::max(0.0, others.to_seconds() / all) : 0;
}

Result<Figures> run_processes(const scenarios::Scenario& scenario, LiveMeasure& state) {
  const Result<std::unique_ptr<live::Workplace>> place = live::Workplace::make();
  if (!place) return place.error();
  live::LiveRequest request;
  request.program = live::own_program();
  request.folder = (*place)->path();
  request.profile = state.profile;
  request.forgetful = live::forgetful_library(request.program);
  request.stop = state.stop;
  request.progress = [&state](double /*share*/, const char* stage) {
    if (state.progress) state.progress(stage);
  };
  const Use before = use_now();
  const Result<live::LiveResult> result = live::run_live(scenario, request);
  const Use after = use_now();
  if (!result) return result.error();
  if (!result->run.violations.empty()) {
    (*place)->keep();
    return broken(result->run.violations.front(), (*place)->path());
  }
  if (std::string(result->links) != "direct") state.links = result->links;
  Figures figures = figures_of(result->run);
  figures.load_made = result->load.achieved;
  figures.processor = processor_of(*result);
  figures.others = others_between(before, after);
  return figures;
}

Result<Figures> simulate(const scenarios::Scenario& scenario, const std::atomic<bool>* stop) {
  RunRequest request;
  request.stop = stop;
  const Result<RunResult> run = run_scenario(scenario, request);
  if (!run) return run.error();
  if (!run->violations.empty()) return broken(run->violations.front(), "simulated");
  Figures figures = figures_of(*run);
  figures.processor = run->chains.front().cpu_utilisation;
  return figures;
}

}  // namespace

Measure measure_live(LiveMeasure& state) {
  return [&state](const scenarios::Scenario& scenario) { return run_processes(scenario, state); };
}

Measure measure_simulated(const std::atomic<bool>* stop) {
  return [stop](const scenarios::Scenario& scenario) { return simulate(scenario, stop); };
}

}  // namespace govchain::analysis::validate
