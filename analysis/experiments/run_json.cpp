#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/run.h"
#include "analysis/model_version.h"
#include "consensus/crypto/hash.h"

namespace govchain::analysis {

namespace {

using Json = nlohmann::ordered_json;

// Divided, not multiplied by 1e-6, so that whole milliseconds stay whole.
double milliseconds(sim::Duration duration) {
  return static_cast<double>(duration.nanoseconds()) / 1e6;
}

Json latency(const sim::Histogram& histogram) {
  if (histogram.count() == 0) return nullptr;
  const auto at = [&](double quantile) { return milliseconds(histogram.quantile(quantile)); };
  return Json{{"mean", histogram.mean_nanoseconds() / 1e6},
              {"p50", at(0.5)},
              {"p90", at(0.9)},
              {"p99", at(0.99)},
              {"p999", at(0.999)},
              {"max", milliseconds(histogram.maximum())}};
}

double measured_seconds(const RunResult& result) {
  const size_t replications = std::max<size_t>(1, result.digests.size());
  return (result.simulated_seconds - result.warmup_seconds) * static_cast<double>(replications);
}

Json chain_json(const sim::ChainResult& chain, const RunResult& result) {
  const sim::TransactionCounts& counts = chain.transactions;
  const double seconds = measured_seconds(result);
  const double throughput = seconds > 0 ? static_cast<double>(counts.committed) / seconds : 0;
  return Json{{"id", chain.name},
              {"protocol", chain.protocol},
              {"replicas", chain.replicas},
              {"offered_tps", chain.offered_per_second},
              {"submitted", counts.submitted},
              {"committed", counts.committed},
              {"refused", counts.refused},
              {"timed_out", counts.timed_out},
              {"in_flight", counts.in_flight},
              {"throughput_tps", throughput},
              {"latency_ms", latency(chain.latency)},
              {"blocks", chain.blocks},
              {"view_changes", chain.view_changes},
              {"messages", chain.messages},
              {"network_bytes", chain.network_bytes.count()},
              {"cpu_utilisation", chain.cpu_utilisation},
              {"storage_bytes", chain.storage.count()},
              {"saturated", chain.saturated},
              {"latency_shares", Json{{"network", chain.shares.network},
                                      {"quorum", chain.shares.quorum},
                                      {"cpu", chain.shares.cpu},
                                      {"disk", chain.shares.disk},
                                      {"queue", chain.shares.queue}}},
              {"decision_ms", latency(chain.decision)},
              {"backlog_slope_tps", chain.backlog_slope}};
}

Json violations_json(const RunResult& result) {
  Json list = Json::array();
  for (const sim::Violation& one : result.violations) {
    list.push_back(Json{{"rule", one.rule},
                        {"detail", one.detail},
                        {"at_seconds", one.at.since_start().to_seconds()}});
  }
  return list;
}

Json intervals_json(const RunResult& result) {
  Json list = Json::array();
  for (const IntervalRow& row : result.intervals) {
    list.push_back(Json{{"metric", row.metric},
                        {"mean", row.estimate.mean},
                        {"low", row.estimate.low()},
                        {"high", row.estimate.high()},
                        {"confidence", kConfidence}});
  }
  return list;
}

// Everything that the digest covers.
Json covered_json(const RunResult& result) {
  constexpr size_t kShownResources = 16;
  Json object{{"scenario", result.scenario},
              {"scenario_hash", result.scenario_hash},
              {"model_version", kModelVersion},
              {"seed", result.seed},
              {"simulated_seconds", result.simulated_seconds},
              {"warmup_seconds", result.warmup_seconds}};
  Json chains = Json::array();
  for (const sim::ChainResult& chain : result.chains) chains.push_back(chain_json(chain, result));
  object["chains"] = std::move(chains);
  Json services = Json::array();
  for (const sim::ServiceResult& service : result.services) {
    services.push_back(Json{{"id", service.name},
                            {"completed", service.completed},
                            {"refused", service.refused},
                            {"latency_ms", latency(service.latency)}});
  }
  object["services"] = std::move(services);
  Json resources = Json::array();
  for (size_t i = 0; i < result.resources.size() && i < kShownResources; ++i) {
    resources.push_back(
        Json{{"name", result.resources[i].name}, {"utilisation", result.resources[i].utilisation}});
  }
  object["resources"] = std::move(resources);
  object["replications"] = result.digests.size();
  object["intervals"] = intervals_json(result);
  object["objectives"] = objectives_json(result.objectives);
  object["violations"] = violations_json(result);
  return object;
}

std::string digest_of(const Json& covered, const RunResult& result) {
  std::string text = covered.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (const std::string& digest : result.digests) text += "\n" + digest;
  const consensus::Digest digest =
      consensus::hash(consensus::HashAlgorithm::kSha256,
                      std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  std::string hex;
  for (const uint8_t byte : digest.bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

std::string run_digest(const RunResult& result) { return digest_of(covered_json(result), result); }

std::string run_json(const RunResult& result, const std::string& command, bool pretty) {
  Json object = covered_json(result);
  object["digest"] = digest_of(object, result);
  // Outside the digest: how it was called, and what it took on this machine.
  object["command"] = command;
  object["simulation"] = Json{{"events", result.work.events},
                              {"messages", result.work.messages},
                              {"cpu_seconds", result.work.cpu_seconds},
                              {"wall_seconds", result.work.wall_seconds},
                              {"peak_rss_bytes", result.work.peak_memory_bytes},
                              {"threads", result.work.threads}};
  return object.dump(pretty ? 1 : -1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> metrics_of(const scenarios::Scenario& scenario) {
  RunResult shape;
  for (const sim::ChainSpec& chain : scenario.world.chains) {
    sim::ChainResult one;
    one.name = chain.name;
    one.latency.record(sim::Duration::milliseconds(1));
    one.decision.record(sim::Duration::milliseconds(1));
    shape.chains.push_back(std::move(one));
  }
  for (const std::string& service : scenario.world.services) {
    sim::ServiceResult one;
    one.name = service;
    one.latency.record(sim::Duration::milliseconds(1));
    shape.services.push_back(std::move(one));
  }
  const Json json = covered_json(shape);
  std::vector<std::string> metrics;
  for (const bool by_id : {false, true}) {
    collect_metrics(json["chains"], "/chains", by_id, metrics);
    collect_metrics(json["services"], "/services", by_id, metrics);
  }
  return metrics;
}

bool metric_value(const RunResult& result, const std::string& metric, double& value) {
  return find_metric(covered_json(result), metric, value);
}

void check_against(const std::vector<scenarios::Objective>& objectives, RunResult& result) {
  if (objectives.empty()) return;
  const Json json = covered_json(result);
  for (const scenarios::Objective& one : objectives) {
    result.objectives.push_back(checked(one, json));
  }
}

}  // namespace govchain::analysis
