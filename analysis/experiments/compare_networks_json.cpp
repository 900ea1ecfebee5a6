#include <nlohmann/json.hpp>

#include "analysis/experiments/compare_networks.h"
#include "analysis/model_version.h"

namespace govchain::analysis {

std::string networks_json(const NetworkComparison& comparison, const std::string& command) {
  using Json = nlohmann::ordered_json;
  Json object{{"scenario", comparison.scenario},
              {"model_version", kModelVersion},
              {"seed", comparison.seed},
              {"simulated_seconds", comparison.simulated_seconds},
              {"warmup_seconds", comparison.warmup_seconds},
              {"protocol", comparison.protocol},
              {"longest_way", comparison.way},
              {"command", command}};
  Json& closed = object["closed_form"];
  if (comparison.decision) {
    closed["decision_ms"] =
        Json{{"fastest_leader", comparison.decision->fastest_leader.to_milliseconds()},
             {"slowest_leader", comparison.decision->slowest_leader.to_milliseconds()}};
  }
  Json networks = Json::array();
  for (const NetworkFigures& one : comparison.networks) {
    networks.push_back(Json{{"network", one.network}, {"run", Json::parse(one.run)}});
  }
  object["networks"] = std::move(networks);
  Json transfers = Json::array();
  for (const TransferRow& row : comparison.transfers) {
    Json measured = Json::object();
    for (size_t i = 0; i < row.measured.size(); ++i) {
      measured[comparison.networks[i].network] = row.measured[i].to_milliseconds();
    }
    transfers.push_back(Json{{"what", row.what},
                             {"closed_form_ms", row.closed_form.to_milliseconds()},
                             {"measured_ms", std::move(measured)}});
  }
  object["transfers"] = std::move(transfers);
  Json steps = Json::array();
  for (const NetworkStep& step : comparison.steps) {
    steps.push_back(Json{{"from", step.from},
                         {"to", step.to},
                         {"cause", step.cause},
                         {"throughput", step.throughput},
                         {"p50", step.p50},
                         {"p99", step.p99}});
  }
  object["steps"] = std::move(steps);
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace govchain::analysis
