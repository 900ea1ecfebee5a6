#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/plan.h"
#include "analysis/model_version.h"
#include "consensus/crypto/hash.h"
#include "models/places/place.h"

namespace govchain::analysis {

namespace {

using Json = nlohmann::ordered_json;

Json money(models::Money amount) { return amount.to_yuan(); }

Json range(const models::Range& amount) {
  return Json{{"low", money(amount.low)}, {"mid", money(amount.mid)}, {"high", money(amount.high)}};
}

Json latency(const sim::Histogram& histogram) {
  if (histogram.count() == 0) return nullptr;
  const auto at = [&](double quantile) { return histogram.quantile(quantile).to_milliseconds(); };
  return Json{{"mean", histogram.mean_nanoseconds() * 1e-6},
              {"p50", at(0.5)},
              {"p90", at(0.9)},
              {"p99", at(0.99)},
              {"p999", at(0.999)},
              {"max", histogram.maximum().to_milliseconds()}};
}

Json cases(const models::CaseCounts& counts) {
  return Json{{"on_chain", counts.on_chain},
              {"by_hand", counts.by_hand},
              {"centrally", counts.centrally},  // the part of by_hand that needs no clerk
              {"unserved", counts.unserved}};
}

Json parts(const std::vector<models::Valuation::Part>& all) {
  Json list = Json::array();
  for (const models::Valuation::Part& part : all) {
    Json entry{{"id", part.id}};
    entry.update(range(part.amount));
    entry["judgement_share"] = part.judgement_share;
    list.push_back(std::move(entry));
  }
  return list;
}

// Things that are counted: no reader should meet 7.0 nodes or a part of a byte.
Json whole(double count) { return std::llround(count); }

Json sizes(const models::SizedConfiguration& sized) {
  return Json{{"nodes", whole(sized.nodes)},
              {"cores", whole(sized.cores)},
              {"memory_bytes", whole(sized.memory_bytes)},
              {"storage_bytes", whole(sized.storage_bytes)},
              {"network_bps", whole(sized.network_bps)},
              {"utilisation", sized.utilisation}};
}

Json services(const models::SizedConfiguration& sized, const models::NationSpec& nation) {
  Json list = Json::array();
  for (size_t i = 0; i < sized.services.size(); ++i) {
    const models::ServiceOutcome& service = sized.services[i];
    Json entry{{"id", service.id},
               {"cases", cases(service.cases)},
               {"throughput_tps", service.throughput_per_second},
               {"latency_ms", latency(service.latency)},
               {"availability", service.availability}};
    if (i < nation.levels.size()) {
      entry["p99_limit_ms"] = nation.levels[i].latency_p99.to_milliseconds();
      entry["availability_limit"] = nation.levels[i].availability;
    }
    if (service.latency.count() > 0)
      entry["met"] = service.meets_latency && service.meets_availability;
    if (!service.missed.empty()) entry["missed"] = service.missed;
    list.push_back(std::move(entry));
  }
  return list;
}

const models::Place* find_place(const models::NationSpec& nation, const std::string& id) {
  for (const models::Place& place : nation.places) {
    if (place.id == id) return &place;
  }
  return nullptr;
}

Json places(const ValuedConfiguration& configuration, const models::NationSpec& nation) {
  const std::vector<models::Valuation::Part> costs = configuration.value.by_place();
  Json list = Json::array();
  for (const models::PlaceOutcome& outcome : configuration.sized.places) {
    Json entry{{"id", outcome.id}};
    if (const models::Place* place = find_place(nation, outcome.id)) {
      entry["name"] = place->name_en;
      entry["name_zh"] = place->name_zh;
    } else {
      entry["name"] = "central government";
      entry["name_zh"] = "中央";
    }
    if (const auto tile = models::tile_of(outcome.id)) {
      entry["tile"] = Json{{"row", tile->row}, {"column", tile->column}};
    }
    entry["nodes"] = whole(outcome.nodes);
    entry["cores"] = whole(outcome.cores);
    entry["throughput_tps"] = outcome.throughput_per_second;
    entry["latency_ms"] = latency(outcome.latency);
    entry["availability"] = outcome.availability;
    entry["cases"] = cases(outcome.cases);
    models::Range cost;
    for (const models::Valuation::Part& part : costs) {
      if (part.id == outcome.id) cost = part.amount;
    }
    entry["cost"] = range(cost);
    list.push_back(std::move(entry));
  }
  return list;
}

Json deployment(const ValuedDeployment& one, const models::NationSpec& nation) {
  const models::SizedConfiguration& sized = one.procured.sized;
  Json entry{{"id", models::name_of(one.kind)}};
  entry.update(sizes(sized));
  entry["throughput_tps"] = sized.throughput_per_second;
  entry["latency_ms"] = latency(sized.latency);
  entry["availability"] = sized.availability;
  entry["binding_resource"] = sized.binding_resource;
  entry["cases"] = cases(sized.cases);
  entry["cost"] = range(one.procured.value.total());
  Json years = Json::array();
  for (const models::Range& year : one.procured.value.by_year()) years.push_back(range(year));
  entry["cost_by_year"] = std::move(years);
  entry["cost_items"] = parts(one.procured.value.by_category());
  entry["cost_by_level"] = parts(one.procured.value.by_level());
  entry["needed"] = sizes(one.needed.sized);
  entry["needed"]["cost"] = range(one.needed.value.total());
  entry["services"] = services(sized, nation);
  entry["places"] = places(one.procured, nation);
  entry["unmet"] = sized.missed;
  return entry;
}

Json redundancy(const PlanResult& result) {
  static const std::vector<std::pair<std::string, std::string>> kWhat = {
      {"idle_capacity",
       "lot sizes and over-specification of separate purchases go; the service level stays"},
      {"pooling", "the chains of a province share hosts; replicas of one chain stay apart"},
      {"duplicate_builds", "what every project builds again is built once"},
      {"adapters", "chains of different vendors no longer need adapters and gateways between them"},
      {"operations", "one operation instead of one for every project or province"}};
  Json steps = Json::array();
  for (const ValuedStep& step : result.steps) {
    Json entry{{"id", step.id}};
    entry.update(range(step.amount));
    for (const auto& [id, what] : kWhat) {
      if (id == step.id) entry["what"] = what;
    }
    steps.push_back(std::move(entry));
  }
  Json object{{"from", models::name_of(result.from)}, {"against", models::name_of(result.against)}};
  object.update(range(result.redundancy));
  object["steps"] = std::move(steps);
  object["from_cost"] = range(result.from_cost);
  return object;
}

Json assumptions(const PlanInput& input) {
  Json list = Json::array();
  for (const scenarios::Figure& one : input.national.figures) {
    Json entry{{"id", one.id}, {"value", one.value}};
    if (one.low) entry["low"] = *one.low;
    if (one.high) entry["high"] = *one.high;
    entry["unit"] = one.unit;
    entry["source"] = one.source;
    entry["quality"] = one.quality;
    if (!one.what.empty()) entry["what"] = one.what;
    if (!one.origin.empty()) entry["origin"] = one.origin;
    list.push_back(std::move(entry));
  }
  return list;
}

Json violations(const PlanResult& result) {
  Json list = Json::array();
  for (const sim::Violation& one : result.violations) {
    list.push_back(Json{{"rule", one.rule},
                        {"detail", one.detail},
                        {"at_seconds", one.at.since_start().to_seconds()}});
  }
  return list;
}

Json drivers(const PlanResult& result) {
  Json list = Json::array();
  for (const models::Influence& one : result.drivers) {
    list.push_back(Json{{"id", one.price},
                        {"share", one.share},
                        {"low_amount", one.low_amount},
                        {"high_amount", one.high_amount}});
  }
  return list;
}

Json deployments(const PlanInput& input, const PlanResult& result, bool hidden_too) {
  Json list = Json::array();
  for (const ValuedDeployment& one : result.deployments) {
    if (one.shown || hidden_too) list.push_back(deployment(one, input.national.nation));
  }
  return list;
}

void add_comparison(Json& object, const PlanResult& result) {
  object["redundancy_cost"] = redundancy(result);
  object["price_of_chain"] = range(result.price_of_chain);
  object["do_nothing"] = range(result.do_nothing);
  object["cheapest"] =
      Json{{"id", models::name_of(result.cheapest)}, {"share", result.cheapest_share}};
  object["judgement_share"] = result.judgement_share;
}

std::string digest_of(const Json& object, const PlanResult& result) {
  std::string text = object.dump();
  for (const std::string& digest : result.world_digests) text += "\n" + digest;
  const consensus::Digest digest =
      consensus::hash(consensus::HashAlgorithm::kSha256,
                      std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  std::string hex;
  for (const uint8_t byte : digest.bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

// A number in place of a deployment's name counts all six in their order.
std::string by_name(const std::string& metric) {
  const auto kind = deployment_of_metric(metric);
  if (!kind) return metric;
  const size_t start = std::string("/deployments/").size();
  return "/deployments/" + std::string(models::name_of(*kind)) +
         metric.substr(metric.find('/', start));
}

// What a deployment spends nothing on is not listed, and costs nothing.
bool is_cost_item(const std::string& metric) {
  return metric.find("/cost_items/") != std::string::npos ||
         metric.find("/cost_by_level/") != std::string::npos;
}

}  // namespace

void check_against(const PlanInput& input, PlanResult& result) {
  if (input.objectives.empty()) return;
  Json object{{"deployments", deployments(input, result, true)}};
  add_comparison(object, result);
  for (const scenarios::Objective& objective : input.objectives) {
    scenarios::Objective named = objective;
    named.metric = by_name(objective.metric);
    CheckedObjective one = checked(named, object);
    if (!one.has_value && is_cost_item(named.metric)) {
      one.has_value = true;
      one.met = scenarios::holds(0, objective.comparison, objective.value);
    }
    one.objective = objective;
    result.objectives.push_back(std::move(one));
  }
}

std::string plan_json(const PlanInput& input, const PlanResult& result, bool pretty) {
  Json object{{"scenario", input.scenario_id},
              {"summary", input.summary},
              {"scenario_hash", input.scenario_hash},
              {"model_version", kModelVersion},
              {"seed", input.national.nation.seed},
              {"years", input.national.nation.years},
              {"currency", input.national.base.currency},
              {"price_year", input.national.base.price_year},
              {"draws", input.national.draws}};
  object["deployments"] = deployments(input, result, false);
  add_comparison(object, result);
  object["drivers"] = drivers(result);
  object["not_priced"] = result.not_priced;
  object["assumptions"] = assumptions(input);
  object["objectives"] = objectives_json(result.objectives);
  object["violations"] = violations(result);
  object["digest"] = digest_of(object, result);
  // Outside the digest: how it was called, and what it took on this machine.
  object["command"] = input.command;
  object["simulation"] = Json{{"events", result.work.events},
                              {"messages", result.work.messages},
                              {"cpu_seconds", result.work.cpu_seconds},
                              {"wall_seconds", result.work.wall_seconds},
                              {"peak_rss_bytes", result.work.peak_memory_bytes},
                              {"threads", result.work.threads},
                              {"worlds_simulated", result.worlds_simulated},
                              {"worlds_reused", result.worlds_reused}};
  return object.dump(pretty ? 1 : -1) + "\n";
}

}  // namespace govchain::analysis
