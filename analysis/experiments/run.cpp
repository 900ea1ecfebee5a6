#include "analysis/experiments/run.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/world.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

namespace {

// --- Merging replications

void merge_shares(sim::LatencyShares& into, const sim::LatencyShares& from, double weight) {
  into.queue += from.queue * weight;
  into.network += from.network * weight;
  into.cpu += from.cpu * weight;
  into.disk += from.disk * weight;
  into.quorum += from.quorum * weight;
}

consensus::EngineCounters sum_of(consensus::EngineCounters a, const consensus::EngineCounters& b) {
  using Counters = consensus::EngineCounters;
  constexpr uint64_t Counters::*kAll[] = {&Counters::malformed,
                                          &Counters::oversize,
                                          &Counters::unauthorised,
                                          &Counters::forged,
                                          &Counters::stale,
                                          &Counters::future,
                                          &Counters::duplicate,
                                          &Counters::conflicting,
                                          &Counters::accepted,
                                          &Counters::proposals,
                                          &Counters::committed_blocks,
                                          &Counters::view_changes,
                                          &Counters::checkpoints,
                                          &Counters::state_transfers,
                                          &Counters::block_catch_ups,
                                          &Counters::recoveries,
                                          &Counters::evidence,
                                          &Counters::membership_changes};
  for (const auto counter : kAll) a.*counter += b.*counter;
  return a;
}

void merge_chain(sim::ChainResult& into, const sim::ChainResult& from, double weight) {
  into.name = from.name;
  into.protocol = from.protocol;
  into.replicas = from.replicas;
  into.offered_per_second += from.offered_per_second * weight;
  into.transactions += from.transactions;
  into.latency.merge(from.latency);
  into.decision.merge(from.decision);
  merge_shares(into.shares, from.shares, weight);
  into.blocks += from.blocks;
  into.view_changes += from.view_changes;
  into.highest_view = std::max(into.highest_view, from.highest_view);
  into.messages += from.messages;
  into.network_bytes += from.network_bytes;
  into.cpu_utilisation += from.cpu_utilisation * weight;
  into.storage += from.storage;
  into.backlog_slope += from.backlog_slope * weight;
  into.backlog_slope_error += from.backlog_slope_error * weight;
  into.saturated = into.saturated || from.saturated;
  into.counters = sum_of(into.counters, from.counters);
}

void merge_resources(std::vector<sim::ResourceUse>& into, const std::vector<sim::ResourceUse>& from,
                     double weight) {
  for (const sim::ResourceUse& use : from) {
    const auto known = std::find_if(into.begin(), into.end(), [&](const sim::ResourceUse& one) {
      return one.name == use.name;
    });
    if (known == into.end()) {
      into.push_back({use.name, use.utilisation * weight});
    } else {
      known->utilisation += use.utilisation * weight;
    }
  }
}

void merge_world(RunResult& into, const sim::WorldResult& from, double weight) {
  into.chains.resize(from.chains.size());
  for (size_t i = 0; i < from.chains.size(); ++i) {
    merge_chain(into.chains[i], from.chains[i], weight);
  }
  into.services.resize(from.services.size());
  for (size_t i = 0; i < from.services.size(); ++i) {
    sim::ServiceResult& service = into.services[i];
    service.name = from.services[i].name;
    service.submitted += from.services[i].submitted;
    service.completed += from.services[i].completed;
    service.refused += from.services[i].refused;
    service.latency.merge(from.services[i].latency);
  }
  if (weight == 1) {
    into.resources = from.resources;
  } else {
    merge_resources(into.resources, from.resources, weight);
  }
  into.violations.insert(into.violations.end(), from.violations.begin(), from.violations.end());
  into.digests.push_back(from.digest);
  into.work.events += from.work.events;
  into.work.messages += from.work.messages;
  into.work.cpu_seconds += from.work.cpu_seconds;
  into.work.wall_seconds += from.work.wall_seconds;
  into.work.peak_memory_bytes = std::max(into.work.peak_memory_bytes, from.work.peak_memory_bytes);
}

// Divided, not multiplied by 1e-9, so that whole seconds stay whole.
double seconds_of(sim::Duration duration) {
  return static_cast<double>(duration.nanoseconds()) / 1e9;
}

double throughput_of(const sim::ChainResult& chain, double seconds) {
  return seconds > 0 ? static_cast<double>(chain.transactions.committed) / seconds : 0;
}

// Throughput and mean latency of every chain, replication by replication.
std::vector<std::vector<double>> series_of(const std::vector<sim::WorldResult>& worlds,
                                           double seconds) {
  const size_t chains = worlds.empty() ? 0 : worlds.front().chains.size();
  std::vector<std::vector<double>> series(2 * chains);
  for (const sim::WorldResult& world : worlds) {
    for (size_t i = 0; i < chains; ++i) {
      series[2 * i].push_back(throughput_of(world.chains[i], seconds));
      series[2 * i + 1].push_back(world.chains[i].latency.mean_nanoseconds() / 1e6);
    }
  }
  return series;
}

// Quantiles of the replications too, which the merged histogram cannot give an interval for.
void add_intervals(const std::vector<sim::WorldResult>& worlds, double seconds, RunResult& result) {
  if (worlds.size() < 2) return;
  const std::vector<std::vector<double>> series = series_of(worlds, seconds);
  for (size_t i = 0; i < result.chains.size(); ++i) {
    const std::string chain = "/chains/" + std::to_string(i);
    std::vector<double> p99;
    p99.reserve(worlds.size());
    for (const sim::WorldResult& world : worlds) {
      p99.push_back(static_cast<double>(world.chains[i].latency.quantile(0.99).nanoseconds()) /
                    1e6);
    }
    result.intervals.push_back({chain + "/throughput_tps", estimate(series[2 * i])});
    result.intervals.push_back({chain + "/latency_ms/mean", estimate(series[2 * i + 1])});
    result.intervals.push_back({chain + "/latency_ms/p99", estimate(p99)});
  }
}

// --- Simulating

class Replicator {
 public:
  Replicator(const sim::WorldSpec& world, const RunRequest& request)
      : world_(world), request_(request) {}

  // Simulates replications [from, to) and appends them in order.
  std::optional<Error> simulate(uint32_t from, uint32_t to, std::vector<sim::WorldResult>& out) {
    next_ = from;
    end_ = to;
    slots_.assign(to - from, std::nullopt);
    errors_.assign(to - from, std::nullopt);
    first_ = from;
    const uint32_t workers = std::max(1U, std::min(request_.threads, to - from));
    std::vector<std::thread> threads;
    for (uint32_t i = 1; i < workers; ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    for (const std::optional<Error>& error : errors_) {
      if (error) return error;
    }
    for (std::optional<sim::WorldResult>& slot : slots_) out.push_back(std::move(*slot));
    return std::nullopt;
  }

 private:
  void work() {
    for (;;) {
      const uint32_t index = next_.fetch_add(1);
      if (index >= end_) return;
      sim::WorldSpec world = world_;
      // Replication i of any variant of a scenario uses the same streams: common random numbers.
      world.seed = world_.seed + index;
      sim::RunOptions options;
      options.stop = request_.stop;
      if (index == 0) options.trace_path = request_.trace_path;
      options.progress = [this, index](double share, uint64_t events) {
        report(index, share, events);
      };
      Result<sim::WorldResult> result = sim::run_world(world, options);
      if (result) {
        slots_[index - first_] = *std::move(result);
      } else {
        errors_[index - first_] = result.error();
      }
    }
  }

  void report(uint32_t index, double share, uint64_t events) {
    if (!request_.progress) return;
    const std::lock_guard lock(mutex_);
    shares_.resize(std::max<size_t>(shares_.size(), index + 1), 0);
    events_.resize(shares_.size(), 0);
    shares_[index] = share;
    events_[index] = events;
    double done = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < shares_.size(); ++i) {
      done += shares_[i];
      all += events_[i];
    }
    request_.progress(done / request_.replications, all);
  }

  const sim::WorldSpec& world_;
  const RunRequest& request_;
  std::atomic<uint32_t> next_{0};
  uint32_t end_ = 0;
  uint32_t first_ = 0;
  std::vector<std::optional<sim::WorldResult>> slots_;
  std::vector<std::optional<Error>> errors_;
  std::mutex mutex_;
  std::vector<double> shares_;
  std::vector<uint64_t> events_;
};

// All replications, or as many as the precision needs. Which ones count is decided on prefixes, so
// that the number of threads, which sets how many run ahead, cannot matter.
Result<std::vector<sim::WorldResult>> replicate(const scenarios::Scenario& scenario,
                                                const RunRequest& request, double seconds,
                                                bool& reached) {
  Replicator replicator(scenario.world, request);
  std::vector<sim::WorldResult> worlds;
  Precision precision;
  precision.relative = request.precision;
  precision.cap = request.replications;
  precision.floor = std::min(precision.floor, precision.cap);
  uint32_t goal = request.precision > 0 ? precision.floor : request.replications;
  for (;;) {
    const auto done = static_cast<uint32_t>(worlds.size());
    if (auto error = replicator.simulate(done, goal, worlds)) return *error;
    const StoppingPoint stop = stopping_point(series_of(worlds, seconds), precision);
    if (stop.observations > 0) {
      worlds.resize(stop.observations);
      reached = stop.reached;
      return worlds;
    }
    goal = std::min(request.replications, goal + std::max(1U, request.threads));
  }
}

}  // namespace

Result<RunResult> run_scenario(const scenarios::Scenario& scenario, const RunRequest& request) {
  if (const consensus::Status known = check_objectives(scenario); !known) return known.error();
  if (request.replications > 1 && scenario.world.network.model != sim::NetworkModel::kFifo) {
    return Error{ErrorCode::kUnsupported,
                 "SimGrid simulates one world in a process, so replications are runs of their own: "
                 "--seed 1, --seed 2, …",
                 "--replications"};
  }
  RunResult result;
  result.scenario = scenario.id;
  result.scenario_hash = scenario.hash;
  result.seed = scenario.world.seed;
  result.simulated_seconds = seconds_of(scenario.world.duration);
  result.warmup_seconds = seconds_of(scenario.world.warmup);
  const double seconds = seconds_of(scenario.world.duration - scenario.world.warmup);
  Result<std::vector<sim::WorldResult>> worlds =
      replicate(scenario, request, seconds, result.precision_reached);
  if (!worlds) return worlds.error();
  const double weight = 1.0 / static_cast<double>(worlds->size());
  for (const sim::WorldResult& world : *worlds) merge_world(result, world, weight);
  std::stable_sort(result.resources.begin(), result.resources.end(),
                   [](const sim::ResourceUse& a, const sim::ResourceUse& b) {
                     return a.utilisation > b.utilisation;
                   });
  result.work.threads = std::min(request.threads, static_cast<uint32_t>(worlds->size()));
  add_intervals(*worlds, seconds, result);
  check_against(scenario.objectives, result);
  return result;
}

}  // namespace govchain::analysis
