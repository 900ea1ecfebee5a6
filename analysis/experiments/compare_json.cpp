#include <nlohmann/json.hpp>

#include "analysis/experiments/compare.h"
#include "analysis/model_version.h"

namespace govchain::analysis {

std::string compare_json(const CompareResult& result, const std::string& command) {
  using Json = nlohmann::ordered_json;
  Json object{{"scenario", result.scenario},
              {"model_version", kModelVersion},
              {"seed", result.seed},
              {"simulated_seconds", result.simulated_seconds},
              {"warmup_seconds", result.warmup_seconds},
              {"command", command}};
  Json runs = Json::array();
  for (const ComparedRun& run : result.runs) {
    const sim::ChainResult& chain = run.result.chains.front();
    runs.push_back(Json{{"protocol", run.point.protocol},
                        {"replicas", chain.replicas},
                        {"offered_tps", chain.offered_per_second},
                        {"run", Json::parse(run_json(run.result, command, false))}});
  }
  object["runs"] = std::move(runs);
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace govchain::analysis
