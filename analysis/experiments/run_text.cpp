#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "analysis/experiments/figures.h"
#include "analysis/experiments/run.h"

namespace govchain::analysis {

namespace {

constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";

std::string milliseconds(sim::Duration duration) {
  return figure(duration.to_milliseconds()) + " ms";
}

// "in 5 places", where the chain's replicas stand.
size_t places_of(const sim::WorldSpec& world, size_t chain) {
  std::set<sim::PlaceIndex> places;
  for (const sim::ReplicaSpec& replica : world.chains[chain].replicas) {
    places.insert(world.hosts[replica.host].place);
  }
  return places.size();
}

std::string payload_text(const sim::WorldSpec& world, size_t chain) {
  std::set<uint64_t> sizes;
  for (const sim::LoadSpec& load : world.loads) {
    if (load.chain == chain && !load.maker) {
      sizes.insert(world.classes[load.transaction_class].payload.count());
    }
  }
  if (sizes.empty()) return "";
  if (sizes.size() == 1) return fmt::format(" of {} B", *sizes.begin());
  return fmt::format(" of {} to {} B", *sizes.begin(), *sizes.rbegin());
}

// Items one after the other, on a new line before one would cross the edge.
std::string flow(const std::vector<std::string>& items, int columns) {
  std::string out;
  int used = 0;
  for (const std::string& item : items) {
    const int width = static_cast<int>(shown_width(item));
    if (used > 0 && used + 3 + width > columns) {
      out += "\n  ";
      used = 2;
    } else if (used > 0) {
      out += "   ";
      used += 3;
    }
    out += item;
    used += width;
  }
  return out + "\n";
}

// The same with single spaces: parts of one sentence.
std::string words(const std::vector<std::string>& parts, int columns) {
  std::string out;
  int used = 0;
  for (const std::string& part : parts) {
    const int width = static_cast<int>(shown_width(part));
    if (used > 0 && used + 1 + width > columns) {
      out += "\n  ";
      used = 2;
    } else if (used > 0) {
      out += " ";
      ++used;
    }
    out += part;
    used += width;
  }
  return out + "\n";
}

const Estimate* interval_of(const RunResult& result, const std::string& metric) {
  for (const IntervalRow& row : result.intervals) {
    if (row.metric == metric) return &row.estimate;
  }
  return nullptr;
}

std::string with_interval(double value, const Estimate* interval, const char* unit) {
  std::string text = figure(value) + " " + unit;
  if (interval != nullptr && interval->has_interval()) {
    text += " (±" + figure(interval->half_width) + ")";
  }
  return text;
}

std::string heading(const RunResult& result, const sim::WorldSpec& world, size_t index,
                    const RunTextStyle& style) {
  const sim::ChainResult& chain = result.chains[index];
  const size_t places = places_of(world, index);
  std::string who = result.chains.size() > 1 ? chain.name + ": " : "";
  who += fmt::format("{}, {} {} in {} {},", chain.protocol, chain.replicas,
                     chain.replicas == 1 ? "replica" : "replicas", places,
                     places == 1 ? "place" : "places");
  const std::string offered =
      fmt::format("{} tx/s{} offered for {} s", figure(chain.offered_per_second),
                  payload_text(world, index), figure(result.simulated_seconds));
  const std::string warmup = result.warmup_seconds > 0
                                 ? fmt::format(" ({} s warm-up)", figure(result.warmup_seconds))
                                 : "";
  std::string rest = fmt::format("seed {}", result.seed);
  if (result.digests.size() > 1) rest += fmt::format(" and {} more", result.digests.size() - 1);
  return words({who, offered + warmup + ",", rest}, style.columns);
}

std::string committed_line(const RunResult& result, size_t index, const RunTextStyle& style) {
  const sim::ChainResult& chain = result.chains[index];
  const std::string pointer = "/chains/" + std::to_string(index);
  double throughput = 0;
  if (!metric_value(result, pointer + "/throughput_tps", throughput)) throughput = 0;
  std::vector<std::string> items{
      "committed " +
      with_interval(throughput, interval_of(result, pointer + "/throughput_tps"), "tx/s")};
  if (chain.latency.count() > 0) {
    items.push_back("p50 " + milliseconds(chain.latency.quantile(0.5)));
    items.push_back("p99 " + with_interval(chain.latency.quantile(0.99).to_milliseconds(),
                                           interval_of(result, pointer + "/latency_ms/p99"), "ms"));
  }
  items.push_back("refused " + grouped(chain.transactions.refused));
  if (chain.transactions.timed_out > 0) {
    items.push_back("timed out " + grouped(chain.transactions.timed_out));
  }
  items.push_back("in flight " + grouped(chain.transactions.in_flight));
  return flow(items, style.columns);
}

std::string shares_line(const sim::ChainResult& chain, const RunTextStyle& style) {
  if (chain.latency.count() == 0) return "";
  const auto share = [](const char* name, double part) {
    return fmt::format("{} {}", name, percent(part));
  };
  return flow({"where a millisecond goes", share("network", chain.shares.network),
               share("waiting for quorum", chain.shares.quorum), share("CPU", chain.shares.cpu),
               share("disk", chain.shares.disk), share("queue", chain.shares.queue)},
              style.columns);
}

std::string limit_line(const RunResult& result, size_t index, const RunTextStyle& style) {
  const sim::ChainResult& chain = result.chains[index];
  std::vector<std::string> items;
  if (chain.saturated) {
    items.push_back(
        fmt::format("saturated: the backlog grows by {} tx/s", figure(chain.backlog_slope)));
  }
  if (index == 0 && !result.resources.empty()) {
    items.push_back(fmt::format("limit next: {} at {}", result.resources.front().name,
                                percent(result.resources.front().utilisation)));
  }
  items.push_back("view changes " + grouped(chain.view_changes));
  if (index + 1 == result.chains.size()) {
    const std::string count =
        result.violations.empty() ? "none" : grouped(result.violations.size());
    const bool red = style.colour && !result.violations.empty();
    items.push_back("violations " + (red ? kRed + count + kPlain : count));
  }
  return flow(items, style.columns);
}

std::string violations_text(const RunResult& result) {
  constexpr size_t kShown = 5;
  std::string out;
  for (size_t i = 0; i < result.violations.size() && i < kShown; ++i) {
    const sim::Violation& one = result.violations[i];
    out += fmt::format("  {} at {} s: {}\n", one.rule, figure(one.at.since_start().to_seconds()),
                       one.detail);
  }
  if (result.violations.size() > kShown) {
    out += fmt::format("  and {} more, in result.json\n", result.violations.size() - kShown);
  }
  return out;
}

}  // namespace

std::string run_text(const RunResult& result, const sim::WorldSpec& world,
                     const RunTextStyle& style) {
  std::string out = objectives_text(result.objectives, style.colour);
  for (size_t i = 0; i < result.chains.size(); ++i) {
    out += heading(result, world, i, style);
    out += committed_line(result, i, style);
    out += shares_line(result.chains[i], style);
    out += limit_line(result, i, style);
  }
  out += violations_text(result);
  if (!result.precision_reached) {
    out += fmt::format("the precision asked for was not reached in {} replications\n",
                       result.digests.size());
  }
  out += flow({fmt::format("{} messages in {} CPU-s",
                           with_prefix(static_cast<double>(result.work.messages)),
                           figure(result.work.cpu_seconds)),
               "digest " + run_digest(result).substr(0, 16)},
              style.columns);
  return out;
}

}  // namespace govchain::analysis
