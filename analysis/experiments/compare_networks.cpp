#include "analysis/experiments/compare_networks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/apart.h"
#include "analysis/experiments/figures.h"
#include "consensus/protocols.h"
#include "sim/transfers.h"

namespace govchain::analysis {

namespace {

using consensus::Bytes;
using consensus::Duration;
using consensus::Result;
using Json = nlohmann::json;

constexpr uint64_t kSmall = 150;  // a vote
constexpr uint64_t kLarge = 1'000'000;
// SimGrid's network/TCP-gamma: what a flow has on its way at most.
constexpr uint64_t kWindow = 4'194'304;

// The two replicas of the first chain that are farthest apart, and one more.
struct Way {
  sim::ReplicaIndex from = 0;
  sim::ReplicaIndex to = 0;
  std::optional<sim::ReplicaIndex> other;
};

sim::HostIndex host_of(const sim::WorldSpec& world, sim::ReplicaIndex replica) {
  return world.chains.front().replicas[replica].host;
}

Way longest_way(const sim::WorldSpec& world) {
  const auto count = static_cast<sim::ReplicaIndex>(world.chains.front().replicas.size());
  Way way;
  Duration longest = -Duration::nanoseconds(1);
  for (sim::ReplicaIndex from = 0; from < count; ++from) {
    for (sim::ReplicaIndex to = 0; to < count; ++to) {
      if (host_of(world, from) == host_of(world, to)) continue;
      const Duration delay = one_way(world, host_of(world, from), host_of(world, to));
      if (delay == Duration::max() || delay <= longest) continue;
      longest = delay;
      way = {from, to, {}};
    }
  }
  // As far away, so that nothing but the queue differs.
  for (sim::ReplicaIndex other = 0; other < count; ++other) {
    const sim::HostIndex host = host_of(world, other);
    if (host == host_of(world, way.from) || host == host_of(world, way.to)) continue;
    if (one_way(world, host_of(world, way.from), host) == longest) way.other = other;
  }
  return way;
}

struct TransferCase {
  std::string what;
  std::vector<sim::Transfer> transfers;
  bool first = false;  // of these the first that arrives, else the last
  Duration closed_form;
};

std::vector<TransferCase> transfer_cases(const sim::WorldSpec& world) {
  const Way way = longest_way(world);
  const sim::HostIndex from = host_of(world, way.from);
  const sim::HostIndex to = host_of(world, way.to);
  std::vector<TransferCase> cases;
  if (from == to) return cases;
  const Duration delay = one_way(world, from, to);
  const consensus::Rate rate = narrowest(world, from, to);
  const auto alone = [&](uint64_t size) { return delay + rate.time_for(Bytes(size)); };
  cases.push_back({"150 B", {{way.from, way.to, Bytes(kSmall)}}, true, alone(kSmall)});
  cases.push_back({"1 MB", {{way.from, way.to, Bytes(kLarge)}}, true, alone(kLarge)});
  if (!way.other || !share_narrowest(world, from, to, host_of(world, *way.other))) return cases;
  cases.push_back({"150 B behind 1 MB to another replica",
                   {{way.from, *way.other, Bytes(kLarge)}, {way.from, way.to, Bytes(kSmall)}},
                   true,
                   alone(kLarge + kSmall)});
  std::vector<sim::Transfer> both = {{way.from, *way.other, Bytes(kLarge)},
                                     {way.from, way.to, Bytes(kLarge)}};
  cases.push_back({"1 MB to each of two: the first", both, true, alone(kLarge)});
  cases.push_back({"1 MB to each of two: the last", both, false, alone(2 * kLarge)});
  return cases;
}

// Of the case's transfers the one that it is about.
int64_t time_of(const TransferCase& one, const std::vector<Duration>& times) {
  // What comes behind is what is asked about.
  if (one.transfers.front().size != one.transfers.back().size) return times.back().nanoseconds();
  const auto [least, most] = std::minmax_element(times.begin(), times.end());
  return (one.first ? *least : *most).nanoseconds();
}

ApartWork run_of(const scenarios::Scenario& scenario, const NetworksRequest& request) {
  return [&scenario, &request]() -> Result<std::string> {
    RunRequest run;
    run.stop = request.stop;
    const Result<RunResult> result = run_scenario(scenario, run);
    if (!result) return result.error();
    return run_json(*result, {}, false);
  };
}

ApartWork transfers_of(const scenarios::Scenario& scenario,
                       const std::vector<TransferCase>& cases) {
  return [&scenario, &cases]() -> Result<std::string> {
    std::vector<std::vector<sim::Transfer>> groups;
    for (const TransferCase& one : cases) groups.push_back(one.transfers);
    const auto times = sim::measure_transfers(scenario.world, groups);
    if (!times) return times.error();
    Json list = Json::array();
    for (size_t i = 0; i < cases.size(); ++i) list.push_back(time_of(cases[i], (*times)[i]));
    return list.dump();
  };
}

NetworkFigures figures_of(const std::string& network, const std::string& run) {
  const Json object = Json::parse(run);
  const Json& chain = object.at("chains").at(0);
  NetworkFigures figures;
  figures.network = network;
  figures.run = run;
  figures.throughput = chain.at("throughput_tps").get<double>();
  if (const Json& latency = chain.at("latency_ms"); !latency.is_null()) {
    figures.mean = latency.at("mean").get<double>();
    figures.p50 = latency.at("p50").get<double>();
    figures.p99 = latency.at("p99").get<double>();
  }
  if (const Json& decision = chain.at("decision_ms"); !decision.is_null()) {
    figures.decision = decision.at("p50").get<double>();
  }
  figures.messages = chain.at("messages").get<uint64_t>();
  figures.view_changes = chain.at("view_changes").get<uint64_t>();
  figures.violations = object.at("violations").size();
  figures.cpu_seconds = object.at("simulation").at("cpu_seconds").get<double>();
  return figures;
}

std::string rate_text(double bits_per_second) { return with_prefix(bits_per_second) + "b/s"; }

double change(double from, double to) { return from > 0 ? to / from - 1 : 0; }

std::string window_cause(const sim::WorldSpec& world) {
  const Way way = longest_way(world);
  const sim::HostIndex from = host_of(world, way.from);
  const sim::HostIndex to = host_of(world, way.to);
  const Duration delay = one_way(world, from, to);
  std::string cause = "a flow is no faster than a TCP window of 4 MiB over a round trip";
  if (from == to || delay <= Duration::zero()) return cause + "; no way here is long enough for it";
  const double window = static_cast<double>(kWindow) * 8 / (2 * delay.to_seconds());
  const consensus::Rate rate = narrowest(world, from, to);
  cause += fmt::format(": {} over the longest way", rate_text(window));
  if (rate.is_unlimited()) return cause;
  const auto line = static_cast<double>(rate.bits_per_second());
  return cause + fmt::format(", {} than its line of {}", window < line ? "less" : "no less",
                             rate_text(line));
}

std::vector<NetworkStep> steps_between(const std::vector<NetworkFigures>& networks,
                                       const sim::WorldSpec& world) {
  const std::vector<std::string> causes = {
      "all messages under way share cards and trunks at once, in place of one after the other and "
      "votes before bodies",
      window_cause(world),
      "delays times 13.01, made for connections that begin cold; bandwidths times 0.97; shares by "
      "round trips; acknowledgements take a twentieth of the way back",
  };
  std::vector<NetworkStep> steps;
  for (size_t i = 1; i < networks.size(); ++i) {
    const NetworkFigures& from = networks[i - 1];
    const NetworkFigures& to = networks[i];
    steps.push_back({from.network, to.network, causes[i - 1],
                     change(from.throughput, to.throughput), change(from.p50, to.p50),
                     change(from.p99, to.p99)});
  }
  return steps;
}

std::string name_way(const sim::WorldSpec& world) {
  const Way way = longest_way(world);
  const sim::HostIndex from = host_of(world, way.from);
  const sim::HostIndex to = host_of(world, way.to);
  if (from == to) return "all replicas share one host";
  const consensus::Rate rate = narrowest(world, from, to);
  return fmt::format("replica {} to {}, {} ms, {}", way.from, way.to,
                     figure(one_way(world, from, to).to_milliseconds()),
                     rate.is_unlimited() ? std::string("no limit")
                                         : rate_text(static_cast<double>(rate.bits_per_second())));
}

}  // namespace

const std::vector<std::string>& network_models() {
  static const std::vector<std::string> models = {"fifo", "simgrid-uncapped", "simgrid",
                                                  "simgrid-lv08"};
  return models;
}

Result<NetworkComparison> compare_networks(const std::vector<NetworkCase>& cases,
                                           const NetworksRequest& request) {
  const scenarios::Scenario& scenario = cases.front().scenario;
  const sim::WorldSpec& world = scenario.world;
  const std::vector<TransferCase> transfers = transfer_cases(world);
  std::vector<ApartWork> works;
  for (const NetworkCase& one : cases) works.push_back(run_of(one.scenario, request));
  for (const NetworkCase& one : cases) works.push_back(transfers_of(one.scenario, transfers));
  const Result<std::vector<std::string>> texts = run_apart(works, request.processes);
  if (!texts) return texts.error();

  NetworkComparison comparison;
  comparison.scenario = scenario.id;
  comparison.seed = world.seed;
  comparison.simulated_seconds = world.duration.to_seconds();
  comparison.warmup_seconds = world.warmup.to_seconds();
  comparison.protocol = consensus::traits_of(world.chains.front().protocol).name;
  comparison.way = name_way(world);
  comparison.decision = decision_bounds(world, 0);
  for (const TransferCase& one : transfers) {
    comparison.transfers.push_back({one.what, one.closed_form, {}});
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    comparison.networks.push_back(figures_of(cases[i].name, (*texts)[i]));
    const Json times = Json::parse((*texts)[cases.size() + i]);
    for (size_t j = 0; j < transfers.size(); ++j) {
      comparison.transfers[j].measured.push_back(Duration::nanoseconds(times.at(j).get<int64_t>()));
    }
  }
  comparison.steps = steps_between(comparison.networks, world);
  return comparison;
}

}  // namespace govchain::analysis
