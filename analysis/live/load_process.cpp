#include "analysis/live/load_process.h"

#include <chrono>
#include <iostream>

#include "analysis/live/load_client.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

// An hour's load does not fit into memory beside the replicas; that of the usual runs does.
constexpr consensus::Bytes kLoadAhead{1ULL << 30U};

}  // namespace

std::vector<std::string> arguments_of(const LoadProcess& load, const std::string& scenario,
                                      const std::string& profile) {
  std::vector<std::string> arguments = {
      "load",          scenario,
      "--folder",      load.network,
      "--records",     load.records,
      "--batch",       std::to_string(load.batching.transactions),
      "--batch-delay", std::to_string(load.batching.patience / Duration::milliseconds(1)),
      "--drain",       std::to_string(load.drain / Duration::milliseconds(1)),
      "--reads",       std::to_string(load.reads.per_second),
      "--ports"};
  for (const uint16_t port : load.ports) arguments.push_back(std::to_string(port));
  if (load.reads.local) arguments.emplace_back("--local-reads");
  if (!profile.empty()) {
    arguments.emplace_back("--profile");
    arguments.push_back(profile);
  }
  return arguments;
}

Status run_load_process(const LoadProcess& load, const scenarios::Scenario& scenario,
                        const std::atomic<bool>& stop) {
  const sim::WorldSpec& world = scenario.world;
  const Result<Departments> departments =
      read_departments(load.network, world.chains.front().engine.hash);
  if (!departments) return departments.error();
  const int64_t wall_time = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
  LoadMaker maker(world, *departments, load.batching, wall_time);
  LoadAhead ahead([&maker] { return maker.next(); }, kLoadAhead);
  ahead.await_ready();
  std::cout << "ready" << std::endl;
  std::string word;
  int64_t start = 0;
  if (!(std::cin >> word >> start) || word != "start") {
    return Error{ErrorCode::kInvalid, "nobody said when to start", {}};
  }
  LoadTargets targets;
  targets.ports = load.ports;
  targets.client_timeout = world.client_timeout;
  targets.reads = load.reads;
  targets.reads.seed = world.seed;
  const LoadRecords records = run_load(
      ahead, targets, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(start)),
      world.duration, load.drain, stop);
  return write_records(load.records, records);
}

}  // namespace govchain::analysis::live
