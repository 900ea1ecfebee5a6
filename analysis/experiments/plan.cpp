#include "analysis/experiments/plan.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using models::DeploymentKind;
using models::NationPlan;
using models::SizedConfiguration;
using models::Valuation;
using models::Valuer;

namespace {

Result<Valuer> make_valuer(const PlanInput& input) {
  std::vector<models::BasePrice> prices;
  prices.reserve(input.national.prices.size());
  for (const models::Price& price : input.national.prices) {
    Result<models::BasePrice> base = models::to_base(
        price, input.national.base, input.national.exchange_rates, input.national.deflator);
    if (!base) return base.error();
    prices.push_back(*std::move(base));
  }
  Result<models::BasePrice> discount =
      models::to_base(input.national.discount_rate, input.national.base,
                      input.national.exchange_rates, input.national.deflator);
  if (!discount) return discount.error();
  models::ValuationSettings settings;
  settings.years = input.national.nation.years;
  settings.discount_rate = *discount;
  settings.discount_rate.id = "discount_rate";
  settings.seed = input.national.nation.seed;
  settings.draws = input.national.draws;
  settings.uncertain = input.national.uncertain;
  return Valuer::make(std::move(prices), std::move(settings));
}

Result<ValuedConfiguration> value(const Valuer& valuer, SizedConfiguration sized) {
  Result<Valuation> valuation = valuer.value(sized.bill);
  if (!valuation) return valuation.error();
  return ValuedConfiguration{std::move(sized), *std::move(valuation)};
}

consensus::Status value_deployments(const Valuer& valuer, const PlanOptions& options,
                                    NationPlan& plan, PlanResult& result) {
  for (models::DeploymentPlan& deployment : plan.deployments) {
    Result<ValuedConfiguration> procured = value(valuer, std::move(deployment.procured));
    if (!procured) return procured.error();
    Result<ValuedConfiguration> needed = value(valuer, std::move(deployment.needed));
    if (!needed) return needed.error();
    const auto& asked = options.deployments;
    const bool shown = std::find(asked.begin(), asked.end(), deployment.kind) != asked.end();
    result.deployments.push_back(
        ValuedDeployment{deployment.kind, *std::move(procured), *std::move(needed), shown});
  }
  return consensus::success();
}

const ValuedDeployment* find(const PlanResult& result, DeploymentKind kind) {
  for (const ValuedDeployment& deployment : result.deployments) {
    if (deployment.kind == kind) return &deployment;
  }
  return nullptr;
}

// The amount of a step is the value of the configuration before it less that of the one it leads
// to, draw by draw.
consensus::Status value_steps(const Valuer& valuer, NationPlan& plan, PlanResult& result) {
  std::vector<Valuation> values;
  for (const models::StepPlan& step : plan.steps) {
    Result<Valuation> valuation = valuer.value(step.sized.bill);
    if (!valuation) return valuation.error();
    values.push_back(*std::move(valuation));
  }
  if (values.size() < 2) {
    return Error{ErrorCode::kInvalid, "a redundancy cost needs two different ends",
                 "--from, --against"};
  }
  for (size_t i = 1; i < values.size(); ++i) {
    result.steps.push_back(
        ValuedStep{plan.steps[i].id, models::difference(values[i - 1], values[i])});
  }
  result.redundancy = models::difference(values.front(), values.back());
  result.from_cost = values.front().total();
  result.judgement_share = values.front().judgement_share();
  result.drivers =
      valuer.influences(models::subtract(values.front().draws(), values.back().draws()));
  return consensus::success();
}

// Among the deployments with chains, as procured: which is cheapest in how many of the draws.
void find_cheapest(PlanResult& result) {
  std::array<uint64_t, models::kAllDeployments.size()> wins{};
  uint64_t draws = 0;
  for (const ValuedDeployment& one : result.deployments) draws = one.procured.value.draws().size();
  for (uint64_t draw = 0; draw < draws; ++draw) {
    const ValuedDeployment* best = nullptr;
    for (const ValuedDeployment& one : result.deployments) {
      if (one.kind == DeploymentKind::kHub) continue;
      if (best == nullptr || one.procured.value.draws()[draw] < best->procured.value.draws()[draw])
        best = &one;
    }
    if (best != nullptr) ++wins[static_cast<size_t>(best->kind)];
  }
  const auto most = std::max_element(wins.begin(), wins.end());
  result.cheapest = static_cast<DeploymentKind>(most - wins.begin());
  result.cheapest_share = draws > 0 ? static_cast<double>(*most) / static_cast<double>(draws) : 0;
}

}  // namespace

Result<PlanResult> run_plan(const PlanInput& input, const PlanOptions& options,
                            const models::Simulator& simulator) {
  const auto started = std::chrono::steady_clock::now();
  Result<Valuer> valuer = make_valuer(input);
  if (!valuer) return valuer.error();
  models::PlanRequest request;
  request.deployments = options.deployments;
  // What an objective bounds is computed, shown or not.
  for (const scenarios::Objective& objective : input.objectives) {
    if (const auto kind = deployment_of_metric(objective.metric)) {
      request.deployments.push_back(*kind);
    }
  }
  request.from = options.from;
  request.against = options.against;
  request.threads = options.threads;
  request.progress = options.progress;
  Result<NationPlan> plan = models::plan_nation(input.national.nation, request, simulator);
  if (!plan) return plan.error();

  PlanResult result;
  result.from = options.from;
  result.against = options.against;
  const consensus::Status steps = value_steps(*valuer, *plan, result);
  if (!steps) return steps.error();
  const consensus::Status deployments = value_deployments(*valuer, options, *plan, result);
  if (!deployments) return deployments.error();
  Result<Valuation> nothing = valuer->value(plan->nothing_new.bill);
  if (!nothing) return nothing.error();
  result.do_nothing = nothing->total();
  const ValuedDeployment* hub = find(result, DeploymentKind::kHub);
  const ValuedDeployment* national = find(result, DeploymentKind::kNational);
  GOVCHAIN_ASSERT(hub != nullptr && national != nullptr);
  result.price_of_chain = models::difference(national->needed.value, hub->needed.value);
  find_cheapest(result);
  result.not_priced = std::move(plan->not_priced);
  result.violations = std::move(plan->violations);
  result.world_digests = std::move(plan->digests);
  result.work = plan->work;
  result.worlds_simulated = plan->worlds_simulated;
  result.worlds_reused = plan->worlds_reused;
  result.work.threads = options.threads;
  result.work.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  check_against(input, result);
  return result;
}

}  // namespace govchain::analysis
