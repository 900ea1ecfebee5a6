// Relations that must hold between plans, whatever the figures are.

#include <gtest/gtest.h>

#include "models/cost/valuation.h"
#include "models/sizing/sizing.h"
#include "tests/models/analytic_simulator.h"
#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::AnalyticSimulator;
using testing::regional_nation;

std::vector<BasePrice> data_prices() {
  std::vector<BasePrice> prices;
  for (const auto& [file, key] : {std::pair<const char*, const char*>{"prices.json", "items"},
                                  {"assumptions.json", "prices"}}) {
    const auto data = testing::data_file(file);
    for (const auto& row : data[key]) {
      BasePrice price;
      price.id = row["id"];
      price.mid = row["mid"];
      price.low = row["low"].is_number() ? row["low"].get<double>() : price.mid;
      price.high = row["high"].is_number() ? row["high"].get<double>() : price.mid;
      prices.push_back(price);
    }
  }
  return prices;
}

Valuer valuer_of(std::vector<BasePrice> prices) {
  ValuationSettings settings;
  settings.years = 5;
  settings.discount_rate = {
      .id = "discount_rate", .low = 0.06, .mid = 0.08, .high = 0.1, .judgement = false};
  settings.draws = 64;
  return Valuer::make(std::move(prices), settings).value();
}

NationPlan planned(const NationSpec& nation) {
  return plan_nation(nation, {}, AnalyticSimulator{}).value();
}

const DeploymentPlan& of(const NationPlan& plan, DeploymentKind kind) {
  for (const DeploymentPlan& deployment : plan.deployments) {
    if (deployment.kind == kind) return deployment;
  }
  ADD_FAILURE() << name_of(kind);
  return plan.deployments.front();
}

double yuan(const Valuer& valuer, const SizedConfiguration& sized) {
  return valuer.value(sized.bill).value().total().mid.to_yuan();
}

const NationPlan& base_plan() {
  static const NationPlan plan = planned(regional_nation());
  return plan;
}
const Valuer& base_valuer() {
  static const Valuer valuer = valuer_of(data_prices());
  return valuer;
}

// Every deployment as procured costs at least as much (more, if strict) in the second plan.
void expect_dearer(const NationPlan& less, const NationPlan& more, DeploymentKind kind,
                   bool strict) {
  const double before = yuan(base_valuer(), of(less, kind).procured);
  const double after = yuan(base_valuer(), of(more, kind).procured);
  if (strict) {
    EXPECT_GT(after, before) << name_of(kind);
  } else {
    EXPECT_GE(after, before * (1 - 1e-12)) << name_of(kind);
  }
}

TEST(Metamorphic, EveryLineOfEveryBillHasAPrice) {
  for (const DeploymentPlan& deployment : base_plan().deployments) {
    for (const SizedConfiguration* sized : {&deployment.procured, &deployment.needed}) {
      EXPECT_TRUE(base_valuer().value(sized->bill).ok()) << name_of(deployment.kind);
      for (const BillLine& line : sized->bill.lines) {
        EXPECT_FALSE(line.basis.empty());
        EXPECT_TRUE(std::isfinite(line.quantity));
      }
    }
  }
}

TEST(Metamorphic, StepsAddUpToTheDifferenceOfTheEnds) {
  const NationPlan& plan = base_plan();
  ASSERT_EQ(plan.steps.size(), 6U);
  double sum = 0;
  for (size_t i = 1; i < plan.steps.size(); ++i) {
    sum += yuan(base_valuer(), plan.steps[i - 1].sized) - yuan(base_valuer(), plan.steps[i].sized);
  }
  const double ends = yuan(base_valuer(), of(plan, DeploymentKind::kInterconnected).procured) -
                      yuan(base_valuer(), of(plan, DeploymentKind::kNational).needed);
  EXPECT_NEAR(sum, ends, ends * 1e-9);
  EXPECT_GT(ends, 0);
}

TEST(Metamorphic, LastStepIsNationalAsNeeded) {
  const SizedConfiguration& last = base_plan().steps.back().sized;
  const SizedConfiguration& national = of(base_plan(), DeploymentKind::kNational).needed;
  EXPECT_EQ(last.cores, national.cores);
  EXPECT_EQ(last.latency, national.latency);
  EXPECT_EQ(yuan(base_valuer(), last), yuan(base_valuer(), national));
}

TEST(Metamorphic, EachStepTakesAwayWhatItsNameSays) {
  const auto& steps = base_plan().steps;
  const auto amount = [&](size_t step, const std::string& category) {
    const Valuation value = base_valuer().value(steps[step].sized.bill).value();
    for (const auto& part : value.by_category()) {
      if (part.id == category) return part.amount.mid.to_yuan();
    }
    return 0.0;
  };
  EXPECT_LT(amount(1, "hardware"), amount(0, "hardware") / 2);
  EXPECT_LT(steps[2].sized.nodes, steps[1].sized.nodes / 2);
  EXPECT_LT(amount(3, "builds"), amount(2, "builds") / 2);
  EXPECT_GT(amount(3, "adapters"), 0);
  EXPECT_EQ(amount(4, "adapters"), 0);
  EXPECT_LT(amount(5, "operations"), amount(4, "operations") / 2);
}

TEST(Metamorphic, DearerPriceIsDearerWhereItIsUsed) {
  for (const auto& [item, kind] : {std::pair{"server.general", DeploymentKind::kIsolated},
                                   {"adapter.build", DeploymentKind::kInterconnected},
                                   {"manual.minute", DeploymentKind::kHub},
                                   {"labour.ops_outsourced_year", DeploymentKind::kNational},
                                   {"power.kwh", DeploymentKind::kProvincial}}) {
    auto prices = data_prices();
    for (BasePrice& price : prices) {
      if (price.id != item) continue;
      price.low *= 2;
      price.mid *= 2;
      price.high *= 2;
    }
    const SizedConfiguration& sized = of(base_plan(), kind).procured;
    EXPECT_GT(yuan(valuer_of(prices), sized), yuan(base_valuer(), sized)) << item;
  }
}

TEST(Metamorphic, MoreVendorsMeanMoreAdapters) {
  NationSpec nation = regional_nation();
  double previous = -1;
  for (const double vendors : {1.0, 2.0, 5.0, 11.0}) {
    ASSERT_TRUE(set_setting(nation, "deployment.vendors", vendors).ok());
    const NationPlan plan = planned(nation);
    const SizedConfiguration& sized = of(plan, DeploymentKind::kInterconnected).procured;
    const double adapters = sized.configuration.adapters.total(nation.places.size());
    EXPECT_GT(adapters, previous);
    previous = adapters;
    if (vendors == 11) expect_dearer(base_plan(), plan, DeploymentKind::kInterconnected, true);
  }
}

TEST(Metamorphic, MoreDemandTakesAtLeastAsMuchOfEverything) {
  NationSpec nation = regional_nation();
  nation.demand.scale = 40;
  const NationPlan more = planned(nation);
  for (const DeploymentPlan& before : base_plan().deployments) {
    const DeploymentPlan& after = of(more, before.kind);
    EXPECT_GE(after.needed.nodes, before.needed.nodes) << name_of(before.kind);
    EXPECT_GE(after.needed.cores, before.needed.cores) << name_of(before.kind);
    EXPECT_GE(after.procured.nodes, before.procured.nodes) << name_of(before.kind);
    EXPECT_GT(after.needed.storage_bytes, before.needed.storage_bytes) << name_of(before.kind);
    EXPECT_NEAR(after.needed.throughput_per_second, before.needed.throughput_per_second * 40,
                before.needed.throughput_per_second * 0.4);
    expect_dearer(base_plan(), more, before.kind, true);
  }
  EXPECT_GT(of(more, DeploymentKind::kNational).needed.cores,
            of(base_plan(), DeploymentKind::kNational).needed.cores);
}

TEST(Metamorphic, MoreFailuresCoveredTakeMoreNodes) {
  NationSpec nation = regional_nation();
  for (ServiceLevel& level : nation.levels) level.replica_failures = 2;
  const NationPlan more = planned(nation);
  for (const DeploymentPlan& before : base_plan().deployments) {
    EXPECT_GE(of(more, before.kind).needed.nodes, before.needed.nodes) << name_of(before.kind);
    expect_dearer(base_plan(), more, before.kind, false);
  }
  EXPECT_GT(of(more, DeploymentKind::kIsolated).needed.nodes,
            of(base_plan(), DeploymentKind::kIsolated).needed.nodes * 1.5);
}

TEST(Metamorphic, TighterLatencyTakesAtLeastAsManyCores) {
  NationSpec nation = regional_nation();
  nation.demand.scale = 60;
  const NationPlan loose = planned(nation);
  for (ServiceLevel& level : nation.levels) level.latency_p99 = sim::Duration::milliseconds(150);
  const NationPlan tight = planned(nation);
  for (const DeploymentPlan& before : loose.deployments) {
    if (!of(tight, before.kind).needed.holds_service_level) continue;
    EXPECT_GE(of(tight, before.kind).needed.cores, before.needed.cores) << name_of(before.kind);
  }
  EXPECT_TRUE(of(tight, DeploymentKind::kIsolated).needed.holds_service_level);
}

TEST(Metamorphic, WorseReliabilityLowersAvailabilityAndCostsIncidents) {
  NationSpec nation = regional_nation();
  nation.reliability.site_outages *= 10;
  nation.reliability.region_outages *= 10;
  const NationPlan worse = planned(nation);
  for (const DeploymentPlan& before : base_plan().deployments) {
    EXPECT_LT(of(worse, before.kind).needed.availability, before.needed.availability);
    expect_dearer(base_plan(), worse, before.kind, true);
  }
}

TEST(Metamorphic, WorseSchemasSendMoreCasesToTheCounter) {
  NationSpec nation = regional_nation();
  nation.deployment.schema_failure_interconnected *= 3;
  const NationPlan worse = planned(nation);
  EXPECT_GT(of(worse, DeploymentKind::kInterconnected).procured.cases.by_hand,
            of(base_plan(), DeploymentKind::kInterconnected).procured.cases.by_hand);
  EXPECT_EQ(of(worse, DeploymentKind::kNational).procured.cases.by_hand, 0);
  expect_dearer(base_plan(), worse, DeploymentKind::kInterconnected, true);
  expect_dearer(base_plan(), worse, DeploymentKind::kNational, false);
}

TEST(Metamorphic, LongerHorizonCostsMore) {
  NationSpec nation = regional_nation();
  nation.years = 8;
  ValuationSettings settings;
  settings.years = 8;
  settings.discount_rate = {
      .id = "discount_rate", .low = 0.06, .mid = 0.08, .high = 0.1, .judgement = false};
  settings.draws = 64;
  const Valuer longer = Valuer::make(data_prices(), settings).value();
  const NationPlan plan = planned(nation);
  for (const DeploymentPlan& before : base_plan().deployments) {
    EXPECT_GT(yuan(longer, of(plan, before.kind).procured), yuan(base_valuer(), before.procured));
  }
}

TEST(Metamorphic, WhatIsThereAlreadyNeedNotBeBought) {
  NationSpec nation = regional_nation();
  nation.stock.servers_per_chain = 5;
  nation.stock.builds_done_share = 0.5;
  nation.stock.age_years = 2;
  const NationPlan stocked = planned(nation);
  const auto first_year = [](const NationPlan& plan) {
    return base_valuer()
        .value(of(plan, DeploymentKind::kIsolated).procured.bill)
        .value()
        .by_year()
        .front()
        .mid.to_yuan();
  };
  EXPECT_LT(first_year(stocked), first_year(base_plan()));
}

TEST(Metamorphic, NationalIsCheaperThanSeparateBuildsAndHasTheSameDemand) {
  const double national = yuan(base_valuer(), of(base_plan(), DeploymentKind::kNational).procured);
  for (const DeploymentKind kind : {DeploymentKind::kIsolated, DeploymentKind::kStandardised,
                                    DeploymentKind::kInterconnected, DeploymentKind::kProvincial}) {
    EXPECT_LT(national, yuan(base_valuer(), of(base_plan(), kind).procured)) << name_of(kind);
    EXPECT_NEAR(of(base_plan(), kind).procured.cases.total(), base_plan().demand_cases,
                base_plan().demand_cases * 1e-9);
  }
}

TEST(Metamorphic, DoingNothingLeavesEveryCaseToTheCounterWhereNoChainExists) {
  const SizedConfiguration& nothing = base_plan().nothing_new;
  EXPECT_EQ(nothing.cases.on_chain, 0);
  EXPECT_NEAR(nothing.cases.total(), base_plan().demand_cases, base_plan().demand_cases * 1e-9);
  for (const BillLine& line : nothing.bill.lines) EXPECT_NE(line.timing, Timing::kOnce);
}

}  // namespace
}  // namespace govchain::models
