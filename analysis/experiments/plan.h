#pragma once
// The main job: sizes every deployment by simulation, prices it, and splits what building
// separately costs into steps.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiments/objectives.h"
#include "consensus/result.h"
#include "models/cost/valuation.h"
#include "models/sizing/sizing.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

struct PlanInput {
  std::string scenario;  // as the user named it
  std::string scenario_id;
  std::string summary;
  std::string scenario_hash;  // of the resolved scenario
  std::string command;        // that would make this result again
  scenarios::NationalScenario national;
  std::vector<scenarios::Objective> objectives;
};

struct ValuedConfiguration {
  models::SizedConfiguration sized;
  models::Valuation value;
};

struct ValuedDeployment {
  models::DeploymentKind kind = models::DeploymentKind::kHub;
  ValuedConfiguration procured;
  ValuedConfiguration needed;
  bool shown = true;  // asked for; the ends of the redundancy cost are computed whatever was asked
};

struct ValuedStep {
  std::string id;
  models::Range amount;  // what this step takes away
};

struct PlanResult {
  std::vector<ValuedDeployment> deployments;
  models::DeploymentKind from = models::DeploymentKind::kInterconnected;
  models::DeploymentKind against = models::DeploymentKind::kNational;
  models::Range redundancy;
  models::Range from_cost;  // of the first end as procured
  std::vector<ValuedStep> steps;
  std::vector<models::Influence> drivers;  // of the redundancy cost
  models::Range price_of_chain;            // national less hub, both sized to need
  models::Range do_nothing;                // isolated chains that exist, no new project
  models::DeploymentKind cheapest =
      models::DeploymentKind::kNational;  // most often, among those with chains
  double cheapest_share = 0;
  double judgement_share = 0;  // of the first end's cost
  std::vector<std::string> not_priced;
  std::vector<CheckedObjective> objectives;
  std::vector<sim::Violation> violations;
  std::vector<std::string> world_digests;
  sim::WorkDone work;
  uint64_t worlds_simulated = 0;
  uint64_t worlds_reused = 0;
};

struct PlanOptions {
  std::vector<models::DeploymentKind> deployments{models::kAllDeployments.begin(),
                                                  models::kAllDeployments.end()};
  models::DeploymentKind from = models::DeploymentKind::kInterconnected;
  models::DeploymentKind against = models::DeploymentKind::kNational;
  uint32_t threads = 1;
  std::function<void(uint32_t done, uint32_t all, uint64_t worlds)> progress;
};

[[nodiscard]] consensus::Result<PlanResult> run_plan(const PlanInput& input,
                                                     const PlanOptions& options,
                                                     const models::Simulator& simulator);

// The metrics that objectives may name: numbers of the result's JSON, elements of lists by their
// ids. In /deployments/N a number N counts all six in their order, whatever --deployments shows.
[[nodiscard]] std::vector<std::string> plan_metrics(const scenarios::NationalScenario& national);

// The deployment that a metric is of, if it is of one.
[[nodiscard]] std::optional<models::DeploymentKind> deployment_of_metric(const std::string& metric);
// Fills in result.objectives.
void check_against(const PlanInput& input, PlanResult& result);

// The object of CLI.md, with its digest, as text ending in a newline. `pretty` indents it.
[[nodiscard]] std::string plan_json(const PlanInput& input, const PlanResult& result, bool pretty);

// For a terminal or a pipe.
struct TextStyle {
  int columns = 80;
  bool bars = true;
  bool colour = true;
};
[[nodiscard]] std::string plan_text(const PlanInput& input, const PlanResult& result,
                                    const TextStyle& style);

}  // namespace govchain::analysis
