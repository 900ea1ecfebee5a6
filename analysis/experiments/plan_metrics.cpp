// Which numbers a plan's result will hold, known before anything is simulated: an objective that
// names none of them is refused at once. A test holds this list against a result.

#include "analysis/experiments/plan.h"

namespace govchain::analysis {

namespace {

using Names = std::vector<std::string>;

const Names kRange = {"/low", "/mid", "/high"};
const Names kLatency = {"/mean", "/p50", "/p90", "/p99", "/p999", "/max"};
const Names kCases = {"/on_chain", "/by_hand", "/centrally", "/unserved"};
const Names kSizes = {"/nodes",         "/cores",       "/memory_bytes",
                      "/storage_bytes", "/network_bps", "/utilisation"};
const Names kItems = {"adapters", "builds",           "energy",      "hardware",      "incidents",
                      "network",  "manual_handling",  "maintenance", "operations",    "rooms",
                      "security", "software_support", "training",    "unserved_cases"};
const Names kLevels = {"national", "provincial", "county", "public"};
const Names kSteps = {"idle_capacity", "pooling", "duplicate_builds", "adapters", "operations"};

class Metrics {
 public:
  explicit Metrics(const scenarios::NationalScenario& national) : national_(national) {}

  Names list() {
    for (size_t i = 0; i < models::kAllDeployments.size(); ++i) {
      add_deployment(std::string("/deployments/") + models::name_of(models::kAllDeployments[i]));
      add_deployment("/deployments/" + std::to_string(i));
    }
    add("/redundancy_cost", kRange);
    add("/redundancy_cost/from_cost", kRange);
    for (const std::string& step : kSteps) add("/redundancy_cost/steps/" + step, kRange);
    add("/price_of_chain", kRange);
    add("/do_nothing", kRange);
    add("/cheapest", {"/share"});
    add("", {"/judgement_share"});
    return std::move(out_);
  }

 private:
  void add(const std::string& prefix, const Names& names) {
    for (const std::string& name : names) out_.push_back(prefix + name);
  }

  void add_outcome(const std::string& at) {
    add(at, {"/throughput_tps", "/availability"});
    add(at + "/latency_ms", kLatency);
    add(at + "/cases", kCases);
  }

  void add_parts(const std::string& at, const Names& parts) {
    for (const std::string& part : parts) {
      add(at + "/" + part, kRange);
      add(at + "/" + part, {"/judgement_share"});
    }
  }

  void add_deployment(const std::string& at) {
    add(at, kSizes);
    add_outcome(at);
    add(at + "/cost", kRange);
    for (int year = 0; year < national_.nation.years; ++year) {
      add(at + "/cost_by_year/" + std::to_string(year), kRange);
    }
    add_parts(at + "/cost_items", kItems);
    add_parts(at + "/cost_by_level", kLevels);
    add(at + "/needed", kSizes);
    add(at + "/needed/cost", kRange);
    for (const models::ServiceCase& service : national_.nation.services) {
      const std::string here = at + "/services/" + service.id;
      add_outcome(here);
      add(here, {"/p99_limit_ms", "/availability_limit"});
    }
    add_place(at + "/places/CN");
    for (const models::Place& place : national_.nation.places)
      add_place(at + "/places/" + place.id);
  }

  void add_place(const std::string& at) {
    add(at, {"/nodes", "/cores"});
    add_outcome(at);
    add(at + "/cost", kRange);
  }

  const scenarios::NationalScenario& national_;
  Names out_;
};

}  // namespace

std::vector<std::string> plan_metrics(const scenarios::NationalScenario& national) {
  return Metrics(national).list();
}

std::optional<models::DeploymentKind> deployment_of_metric(const std::string& metric) {
  constexpr std::string_view kPrefix = "/deployments/";
  if (!metric.starts_with(kPrefix)) return std::nullopt;
  const std::string name =
      metric.substr(kPrefix.size(), metric.find('/', kPrefix.size()) - kPrefix.size());
  for (size_t i = 0; i < models::kAllDeployments.size(); ++i) {
    const models::DeploymentKind kind = models::kAllDeployments[i];
    if (name == models::name_of(kind) || name == std::to_string(i)) return kind;
  }
  return std::nullopt;
}

}  // namespace govchain::analysis
