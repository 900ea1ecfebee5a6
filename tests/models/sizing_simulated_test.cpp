// The plan against the real simulator, engines and ledgers, on the two-province nation.

#include <gtest/gtest.h>

#include "models/sizing/gateway_world.h"
#include "models/sizing/search.h"
#include "models/sizing/sizing.h"
#include "sim/world.h"
#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::small_nation;

Simulator simulator() {
  return [](const sim::WorldSpec& world) { return sim::run_world(world); };
}

NationSpec short_nation() {
  NationSpec nation = small_nation();
  nation.deployment.peak_duration = sim::Duration::seconds(6);
  nation.deployment.peak_warmup = sim::Duration::seconds(1);
  return nation;
}

Demand demand_of(const NationSpec& nation) {
  return Demand::make(nation.places, nation.services, nation.demand).value();
}

TEST(SimulatedPlan, HoldsTheLevelWithoutViolationsAndAddsUp) {
  const NationPlan plan = plan_nation(short_nation(), {}, simulator()).value();
  EXPECT_TRUE(plan.violations.empty());
  for (const DeploymentPlan& deployment : plan.deployments) {
    for (const SizedConfiguration* sized : {&deployment.procured, &deployment.needed}) {
      EXPECT_TRUE(sized->holds_service_level)
          << name_of(deployment.kind) << ": "
          << (sized->missed.empty() ? "" : sized->missed.front());
      EXPECT_NEAR(sized->cases.total(), plan.demand_cases, plan.demand_cases * 1e-9);
      EXPECT_GT(sized->latency.count(), 0U) << name_of(deployment.kind);
      EXPECT_NEAR(sized->throughput_per_second, sized->demand_per_second,
                  sized->demand_per_second * 0.02)
          << name_of(deployment.kind);
    }
  }
}

// Real contracts, every transaction an object: the same sizes, and the latency but for half a
// cohort interval, which a cohort waits on average before it is submitted.
TEST(SimulatedPlan, ExactTransactionsAgreeWithCohorts) {
  NationSpec nation = short_nation();
  nation.deployment.cohort_interval = sim::Duration::milliseconds(5);
  nation.services[0].id = "e-licence";
  nation.services[1].execution_factor = 3;
  nation.services[0].execution_factor = 1.75;
  const auto sized = [&](bool exact) {
    nation.exact_transactions = exact;
    PlanRequest request;
    request.deployments = {DeploymentKind::kProvincial};
    const NationPlan plan = plan_nation(nation, request, simulator()).value();
    EXPECT_TRUE(plan.violations.empty());
    for (const DeploymentPlan& deployment : plan.deployments) {
      if (deployment.kind == DeploymentKind::kProvincial) return deployment.needed;
    }
    return SizedConfiguration{};
  };
  const SizedConfiguration cohorts = sized(false);
  const SizedConfiguration exact = sized(true);
  EXPECT_TRUE(exact.holds_service_level);
  EXPECT_EQ(exact.nodes, cohorts.nodes);
  EXPECT_EQ(exact.cores, cohorts.cores);
  EXPECT_NEAR(exact.latency.mean_nanoseconds(), cohorts.latency.mean_nanoseconds(),
              cohorts.latency.mean_nanoseconds() * 0.15);
}

TEST(SimulatedPlan, TwoThreadsGiveTheSameDigests) {
  PlanRequest request;
  request.deployments = {DeploymentKind::kNational};
  const NationPlan one = plan_nation(short_nation(), request, simulator()).value();
  request.threads = 2;
  const NationPlan two = plan_nation(short_nation(), request, simulator()).value();
  EXPECT_FALSE(one.digests.empty());
  EXPECT_EQ(one.digests, two.digests);
  EXPECT_EQ(one.deployments.back().needed.latency, two.deployments.back().needed.latency);
}

TEST(SimulatedPlan, AnotherSeedGivesOtherDigests) {
  NationSpec nation = short_nation();
  PlanRequest request;
  request.deployments = {DeploymentKind::kNational};
  const auto first = plan_nation(nation, request, simulator()).value().digests;
  nation.seed = 2;
  EXPECT_NE(plan_nation(nation, request, simulator()).value().digests, first);
}

// Three commits one after the other, each with its checkpoint: the gateway's call takes at least
// three times what a commit takes, and not much more, because nothing else is on its way.
TEST(GatewayWorld, CallTakesThreeCommitsAndTheirProofs) {
  const NationSpec nation = short_nation();
  const Demand demand = demand_of(nation);
  const Configuration configuration =
      configure(nation, demand, DeploymentKind::kInterconnected, false).value();
  const sim::WorldSpec world =
      gateway_world(nation, configuration.arrangement, configuration.chains.front(), 4);
  const sim::WorldResult result = sim::run_world(world).value();
  EXPECT_TRUE(result.violations.empty());
  const sim::ServiceResult& request = result.services[0];
  const sim::ServiceResult& call = result.services[kCallService];
  ASSERT_GT(call.latency.count(), 100U);
  EXPECT_EQ(request.refused, 0U);
  const double commit = request.latency.mean_nanoseconds();
  EXPECT_GT(call.latency.mean_nanoseconds(), 2 * commit);
  EXPECT_LT(call.latency.mean_nanoseconds(), 6 * commit);
}

TEST(GatewayWorld, WithoutACheckpointAtEveryBlockCallsWaitForOne) {
  const NationSpec nation = short_nation();
  const Demand demand = demand_of(nation);
  const Configuration configuration =
      configure(nation, demand, DeploymentKind::kInterconnected, false).value();
  sim::WorldSpec world =
      gateway_world(nation, configuration.arrangement, configuration.chains.front(), 4);
  const auto mean_of = [](const sim::WorldSpec& spec) {
    const sim::WorldResult result = sim::run_world(spec).value();
    return result.services[kCallService].latency.mean_nanoseconds();
  };
  const double prompt = mean_of(world);
  Arrangement unproven = configuration.arrangement;
  unproven.connection = Arrangement::Connection::kNone;
  world = gateway_world(nation, unproven, configuration.chains.front(), 4);
  // One in 64 blocks: hardly a call completes within the run, and those that do have waited.
  const double waiting = mean_of(world);
  EXPECT_GT(prompt, 0);
  EXPECT_TRUE(waiting == 0 || waiting > 2 * prompt) << waiting << " against " << prompt;
}

}  // namespace
}  // namespace govchain::models
