#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/figures.h"
#include "analysis/live/live.h"

namespace govchain::analysis::live {

namespace {

using Json = nlohmann::ordered_json;

Json load_json(const LiveResult& result) {
  const LoadQuality& load = result.load;
  Json lag = nullptr;
  if (load.lag.count() > 0) {
    lag = Json{{"p50", load.lag.quantile(0.5).to_milliseconds()},
               {"p99", load.lag.quantile(0.99).to_milliseconds()},
               {"max", load.lag.maximum().to_milliseconds()}};
  }
  return Json{{"achieved", load.achieved},
              {"lag_ms", std::move(lag)},
              {"batch", result.batch},
              {"payloads", load.payloads},
              {"bytes_per_transaction", load.bytes_per_transaction},
              {"sent_again", load.sent_again},
              {"connections", result.connections},
              {"cpu_seconds", result.load_cpu.to_seconds()}};
}

Json nodes_json(const LiveResult& result) {
  Json list = Json::array();
  for (size_t i = 0; i < result.nodes.size(); ++i) {
    const NodeUse& node = result.nodes[i];
    list.push_back(Json{{"replica", i},
                        {"cpu_seconds", node.cpu.to_seconds()},
                        {"written_bytes", node.written.count()},
                        {"peak_rss_bytes", node.peak_resident.count()},
                        {"starts", node.starts}});
  }
  return list;
}

Json reads_json(const LiveResult& result) {
  const ReadUse& reads = result.reads;
  Json latency = nullptr;
  if (reads.latency.count() > 0) {
    latency = Json{{"p50", reads.latency.quantile(0.5).to_milliseconds()},
                   {"p99", reads.latency.quantile(0.99).to_milliseconds()}};
  }
  return Json{{"asked", reads.asked},
              {"answered", reads.answered},
              {"refused", reads.refused},
              {"latency_ms", std::move(latency)}};
}

std::string reads_text(const LiveResult& result) {
  const ReadUse& reads = result.reads;
  if (reads.asked == 0) return {};
  std::string out =
      fmt::format("reads: {} of {} answered", grouped(reads.answered), grouped(reads.asked));
  if (reads.latency.count() > 0) {
    out += fmt::format("   p50 {} ms   p99 {} ms",
                       figure(reads.latency.quantile(0.5).to_milliseconds()),
                       figure(reads.latency.quantile(0.99).to_milliseconds()));
  }
  return out + "\n";
}

Json samples_json(const LiveResult& result) {
  Json list = Json::array();
  for (const Sample& sample : result.samples) {
    Json nodes = Json::array();
    for (const NodeSample& node : sample.nodes) {
      Json one{{"stored_bytes", node.stored.count()}};
      one["committed_height"] = node.is_up ? Json(node.committed_height) : Json();
      one["rss_bytes"] = node.is_up ? Json(node.resident.count()) : Json();
      one["open_files"] = node.is_up ? Json(node.open_files) : Json();
      nodes.push_back(std::move(one));
    }
    Json latency = nullptr;
    if (sample.latency.count() > 0) {
      latency = Json{{"p50", sample.latency.quantile(0.5).to_milliseconds()},
                     {"p99", sample.latency.quantile(0.99).to_milliseconds()}};
    }
    list.push_back(Json{{"at_seconds", sample.at.to_seconds()},
                        {"committed", sample.committed},
                        {"latency_ms", std::move(latency)},
                        {"nodes", std::move(nodes)}});
  }
  return list;
}

std::string samples_text(const LiveResult& result) {
  if (result.samples.empty()) return {};
  constexpr double kMega = 1e6;
  std::string out =
      "  at s  committed  p50 ms  p99 ms  largest replica: MB memory, files, MB stored\n";
  for (const Sample& sample : result.samples) {
    NodeSample most;
    for (const NodeSample& node : sample.nodes) {
      most.resident = std::max(most.resident, node.resident);
      most.open_files = std::max(most.open_files, node.open_files);
      most.stored = std::max(most.stored, node.stored);
    }
    const bool any = sample.latency.count() > 0;
    out += fmt::format("{:>6} {:>10} {:>7} {:>7}  {:>26} {:>7} {:>10}\n",
                       figure(sample.at.to_seconds()), grouped(sample.committed),
                       any ? figure(sample.latency.quantile(0.5).to_milliseconds()) : "-",
                       any ? figure(sample.latency.quantile(0.99).to_milliseconds()) : "-",
                       figure(static_cast<double>(most.resident.count()) / kMega),
                       grouped(most.open_files),
                       figure(static_cast<double>(most.stored.count()) / kMega));
  }
  return out;
}

}  // namespace

std::string live_json(const LiveResult& result, const std::string& command) {
  Json object = Json::parse(run_json(result.run, command, false));
  // Nobody sees these from outside a process.
  object["chains"][0]["latency_shares"] = nullptr;
  object["chains"][0]["decision_ms"] = nullptr;
  object["links"] = result.links;
  object["delay_line_cpu_seconds"] = result.line_cpu.to_seconds();
  object["load"] = load_json(result);
  object["reads"] = reads_json(result);
  object["nodes"] = nodes_json(result);
  object["samples"] = samples_json(result);
  object["kills"] = Json{{"kills", result.kills.kills},
                         {"unsynced_writes", result.kills.unsynced_writes},
                         {"lost_pages", result.kills.lost_pages},
                         {"kept_pages", result.kills.kept_pages},
                         {"lost_names", result.kills.lost_names}};
  object["full_disks"] =
      Json{{"filled", result.full_disks.filled}, {"noticed", result.full_disks.noticed}};
  object["checks"] = Json{{"blocks_compared", result.checks.blocks_compared},
                          {"state_roots_compared", result.checks.state_roots_compared},
                          {"acknowledged_payloads", result.checks.acknowledged},
                          {"ordered_operations", result.history.operations},
                          {"reads_compared", result.history.reads},
                          {"registers", result.history.registers}};
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string live_text(const LiveResult& result, const sim::WorldSpec& world,
                      const RunTextStyle& style) {
  const sim::ChainResult& chain = result.run.chains.front();
  const double window = result.run.simulated_seconds - result.run.warmup_seconds;
  std::string out = objectives_text(result.run.objectives, style.colour);
  out += fmt::format(
      "{}, {} replicas as processes here, links {}, {} tx/s offered for {} s ({} s "
      "warm-up), seed {}\n",
      chain.protocol, chain.replicas, result.links, figure(chain.offered_per_second),
      figure(result.run.simulated_seconds), figure(result.run.warmup_seconds), world.seed);
  out += fmt::format("committed {} tx/s",
                     figure(static_cast<double>(chain.transactions.committed) / window));
  if (chain.latency.count() > 0) {
    out += fmt::format("   p50 {} ms   p99 {} ms",
                       figure(chain.latency.quantile(0.5).to_milliseconds()),
                       figure(chain.latency.quantile(0.99).to_milliseconds()));
  }
  out += fmt::format("   refused {}   timed out {}   in flight {}\n",
                     grouped(chain.transactions.refused), grouped(chain.transactions.timed_out),
                     grouped(chain.transactions.in_flight));
  out += fmt::format("load: {} of it sent in time", percent(result.load.achieved));
  if (result.load.lag.count() > 0) {
    out += fmt::format(", lag p99 {} ms", figure(result.load.lag.quantile(0.99).to_milliseconds()));
  }
  out += fmt::format(", {:.2f} CPU-s\n", result.load_cpu.to_seconds());
  out += reads_text(result);
  out += samples_text(result);
  for (const sim::ResourceUse& one : result.run.resources) {
    out += fmt::format("{} {}   ", one.name, percent(one.utilisation));
  }
  out += fmt::format(
      "\nchecked {} acknowledged payloads, {} blocks, {} state roots{}: {}\n",
      grouped(result.checks.acknowledged), grouped(result.checks.blocks_compared),
      grouped(result.checks.state_roots_compared),
      result.history.operations == 0
          ? ""
          : fmt::format(" and the order of {} operations with {} reads",
                        grouped(result.history.operations), grouped(result.history.reads)),
      result.run.violations.empty() ? "no violation"
                                    : grouped(result.run.violations.size()) + " violations");
  for (const sim::Violation& one : result.run.violations) {
    out += fmt::format("  {}: {}\n", one.rule, one.detail);
  }
  return out;
}

}  // namespace govchain::analysis::live
