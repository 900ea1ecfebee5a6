#include <set>

#include <gtest/gtest.h>

#include "models/deployment/availability.h"
#include "models/deployment/configuration.h"
#include "models/deployment/loads.h"
#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::data_nation;
using testing::small_nation;

Demand demand_of(const NationSpec& nation) {
  return Demand::make(nation.places, nation.services, nation.demand).value();
}

Configuration configured(const NationSpec& nation, DeploymentKind kind) {
  return configure(nation, demand_of(nation), kind, false).value();
}

CaseCounts total_cases(const NationSpec& nation, DeploymentKind kind) {
  const Demand demand = demand_of(nation);
  const Configuration configuration = configured(nation, kind);
  CaseCounts sum;
  for (size_t s = 0; s < nation.services.size(); ++s) {
    for (size_t p = 0; p < nation.places.size(); ++p) {
      sum += classify(configuration, demand, nation.deployment, s, p);
    }
  }
  return sum;
}

double total_load(const Configuration& configuration) {
  double sum = 0;
  for (const PlannedChain& chain : configuration.chains) {
    for (const ChainLoad& load : chain.loads) sum += load.per_second * chain.copies;
  }
  return sum;
}

TEST(Settings, TableAndDataAgreeRowForRow) {
  const auto data = testing::data_file("assumptions.json");
  std::set<std::string> in_data;
  for (const auto& row : data["settings"]) {
    in_data.insert(row["id"]);
    EXPECT_FALSE(row["source"].get<std::string>().empty()) << row["id"];
    EXPECT_FALSE(row["quality"].get<std::string>().empty()) << row["id"];
  }
  std::set<std::string> in_table;
  for (const SettingRow& row : setting_rows()) in_table.insert(row.id);
  EXPECT_EQ(in_data, in_table);
}

TEST(Settings, AreSetByIdAndRefusedOutOfBounds) {
  NationSpec nation = small_nation();
  for (const SettingRow& row : setting_rows()) {
    ASSERT_TRUE(set_setting(nation, row.id, row.minimum).ok()) << row.id;
    EXPECT_EQ(row.get(nation), row.minimum) << row.id;
    EXPECT_FALSE(set_setting(nation, row.id, row.maximum * 2 + 1).ok()) << row.id;
  }
  const auto mistyped = set_setting(nation, "deployment.vendor", 3);
  ASSERT_FALSE(mistyped.ok());
  EXPECT_NE(mistyped.error().message.find("deployment.vendors"), std::string::npos);
}

TEST(Settings, DefaultsInCodeAreThoseOfTheData) {
  const NationSpec defaults;
  for (const auto& rows = testing::data_file("assumptions.json");
       const auto& row : rows["settings"]) {
    const std::string id = row["id"];
    if (id.starts_with("demand.")) continue;  // neutral in code: a scenario states its demand
    for (const SettingRow& known : setting_rows()) {
      if (known.id != id) continue;
      EXPECT_DOUBLE_EQ(known.get(defaults), row["value"].get<double>()) << id;
    }
  }
}

TEST(Names, AreThoseOfTheCommandLine) {
  for (const DeploymentKind kind : kAllDeployments) {
    EXPECT_EQ(deployment_kind(name_of(kind)).value(), kind);
  }
  const auto unknown = deployment_kind("federated");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().message.find("interconnected"), std::string::npos);
}

TEST(Calls, AllSucceedLikeIndependentTrialsWithAFractionalLastOne) {
  EXPECT_DOUBLE_EQ(all_calls_succeed(0, 0.2), 1);
  EXPECT_DOUBLE_EQ(all_calls_succeed(1, 0.2), 0.2);
  EXPECT_DOUBLE_EQ(all_calls_succeed(3, 0.9), 0.9 * 0.9 * 0.9);
  EXPECT_DOUBLE_EQ(all_calls_succeed(0.25, 0.2), 0.75 + 0.25 * 0.2);
  EXPECT_DOUBLE_EQ(all_calls_succeed(2.5, 0.5), 0.25 * 0.75);
}

TEST(Adapters, AreCountedAsTheDataCountThem) {
  EXPECT_EQ(adapters_needed(8, 8, AdapterTopology::kPairs), 28U);
  EXPECT_EQ(adapters_needed(8, 8, AdapterTopology::kHub), 8U);
  EXPECT_EQ(adapters_needed(34, 34, AdapterTopology::kPairs), 561U);
  EXPECT_EQ(adapters_needed(34 * 8, 34 * 8, AdapterTopology::kPairs), 36'856U);
  EXPECT_EQ(adapters_needed(34 * 8, 5, AdapterTopology::kHub), 272U);
  EXPECT_EQ(adapters_needed(8, 1, AdapterTopology::kPairs), 0U);
  for (uint32_t vendors = 2; vendors < 12; ++vendors) {
    EXPECT_GT(adapters_needed(12, vendors, AdapterTopology::kPairs),
              adapters_needed(12, vendors - 1, AdapterTopology::kPairs));
  }
}

TEST(Cases, AddUpToTheSameDemandInEveryDeployment) {
  const NationSpec nation = data_nation();
  const double demand = demand_of(nation).cases_per_year();
  EXPECT_GT(demand, 1e10);
  for (const DeploymentKind kind : kAllDeployments) {
    const CaseCounts cases = total_cases(nation, kind);
    EXPECT_NEAR(cases.total(), demand, demand * 1e-12) << name_of(kind);
    EXPECT_GE(cases.by_hand, 0);
    EXPECT_GE(cases.unserved, 0);
    EXPECT_LE(cases.centrally, cases.by_hand * (1 + 1e-12));
  }
}

TEST(Cases, BetterConnectionServesMoreOnChain) {
  const NationSpec nation = data_nation();
  EXPECT_EQ(total_cases(nation, DeploymentKind::kHub).on_chain, 0);
  const double isolated = total_cases(nation, DeploymentKind::kIsolated).on_chain;
  const double standardised = total_cases(nation, DeploymentKind::kStandardised).on_chain;
  const double interconnected = total_cases(nation, DeploymentKind::kInterconnected).on_chain;
  const double provincial = total_cases(nation, DeploymentKind::kProvincial).on_chain;
  const CaseCounts national = total_cases(nation, DeploymentKind::kNational);
  EXPECT_LT(isolated, standardised);
  EXPECT_LT(standardised, interconnected);
  EXPECT_LT(interconnected, provincial);
  EXPECT_LT(provincial, national.on_chain);
  EXPECT_EQ(national.by_hand + national.unserved, 0);
  EXPECT_EQ(national.minutes_by_hand, 0);
}

TEST(Cases, HandCheckedInIsolation) {
  const NationSpec nation = small_nation();
  const Demand demand = demand_of(nation);
  const Configuration isolated = configured(nation, DeploymentKind::kIsolated);
  // An approval makes two calls, none of which can be made: all 500,000 of the west go by hand.
  const CaseCounts approvals = classify(isolated, demand, nation.deployment, 0, 1);
  EXPECT_EQ(approvals.on_chain, 0);
  EXPECT_DOUBLE_EQ(approvals.by_hand, 500'000);
  EXPECT_DOUBLE_EQ(approvals.calls_by_hand, 1'000'000);
  EXPECT_DOUBLE_EQ(approvals.minutes_by_hand, 3'000'000);
  // A person waits behind one shared call in twenty; the rest is lost.
  const CaseCounts sharing = classify(isolated, demand, nation.deployment, 1, 1);
  EXPECT_NEAR(sharing.by_hand, 0.05 * demand.cases_per_year(1, 1), 1e-6);
  EXPECT_NEAR(sharing.unserved, 0.95 * demand.cases_per_year(1, 1), 1e-6);
}

TEST(Cases, HandCheckedBetweenPlatforms) {
  NationSpec nation = small_nation();
  nation.demand.cross_province_share = 0.1;
  nation.demand.ministry_share = 0.2;
  nation.deployment.schema_failure_provincial = 0.5;
  const Demand demand = demand_of(nation);
  const Configuration provincial = configured(nation, DeploymentKind::kProvincial);
  // 30 % of the calls leave the place and half of those fail: a call succeeds with 0.85.
  const CaseCounts approvals = classify(provincial, demand, nation.deployment, 0, 0);
  EXPECT_NEAR(approvals.on_chain, 2'000'000 * 0.85 * 0.85, 1e-3);
}

TEST(Configurations, CountChainsAndBuilds) {
  const NationSpec nation = data_nation();
  const size_t places = nation.places.size();
  const size_t services = nation.services.size();
  const Configuration isolated = configured(nation, DeploymentKind::kIsolated);
  EXPECT_EQ(isolated.chains.size(), places * services + 1);
  EXPECT_EQ(isolated.chains.back().copies, nation.deployment.ministries);
  EXPECT_EQ(isolated.project_builds.total(places), static_cast<double>(32 * 11 + 45));
  EXPECT_EQ(isolated.adapters.total(places), 0);
  const Configuration interconnected = configured(nation, DeploymentKind::kInterconnected);
  EXPECT_GT(interconnected.adapters.total(places), 1000);
  const Configuration provincial = configured(nation, DeploymentKind::kProvincial);
  EXPECT_EQ(provincial.chains.size(), places + 1);
  EXPECT_EQ(provincial.platform_builds.total(places), 33);
  const Configuration national = configured(nation, DeploymentKind::kNational);
  EXPECT_EQ(national.platform_builds.total(places), 1);
  EXPECT_EQ(national.operations.total(places), 1);
  EXPECT_EQ(national.adapters.total(places) + national.gateways.total(places), 0);
  EXPECT_EQ(national.onboardings.total(places), static_cast<double>(31 * 11));
}

TEST(Configurations, ReplicasCoverTheFailuresOfTheStrictestService) {
  NationSpec nation = small_nation();
  EXPECT_EQ(configured(nation, DeploymentKind::kIsolated).chains.front().replicas, 4U);
  nation.levels[0].replica_failures = 2;
  const Configuration isolated = configured(nation, DeploymentKind::kIsolated);
  EXPECT_EQ(isolated.chains[0].replicas, 7U);
  EXPECT_EQ(isolated.chains[1].replicas, 4U) << "the other service's chain";
  EXPECT_EQ(configured(nation, DeploymentKind::kProvincial).chains[0].replicas, 7U);
  nation.levels[1].site_failures = 3;
  EXPECT_EQ(configured(nation, DeploymentKind::kIsolated).chains[1].replicas, 10U);
  nation.deployment.protocol = consensus::Protocol::kRaft;
  EXPECT_EQ(configured(nation, DeploymentKind::kIsolated).chains[1].replicas, 7U);
}

TEST(Configurations, NationalTierStandsInDistinctProvinces) {
  const NationSpec nation = data_nation();
  const PlannedChain tier = configured(nation, DeploymentKind::kNational).chains.back();
  EXPECT_TRUE(tier.wide);
  EXPECT_EQ(tier.replicas, 7U);
  EXPECT_EQ(std::set<size_t>(tier.replica_places.begin(), tier.replica_places.end()).size(), 7U);
}

TEST(Loads, ConnectionAddsTransactionsAndSharingALedgerSavesThem) {
  const NationSpec nation = data_nation();
  const double isolated = total_load(configured(nation, DeploymentKind::kIsolated));
  const double interconnected = total_load(configured(nation, DeploymentKind::kInterconnected));
  const double national = total_load(configured(nation, DeploymentKind::kNational));
  EXPECT_GT(interconnected, isolated);
  EXPECT_LT(national, interconnected);
  EXPECT_GT(national, 1000);
}

TEST(Loads, HubServesEveryCall) {
  const NationSpec nation = data_nation();
  const Demand demand = demand_of(nation);
  double calls = 0;
  for (size_t s = 0; s < nation.services.size(); ++s) {
    for (size_t p = 0; p < nation.places.size(); ++p) {
      calls += demand.peak_cases(s, p) * nation.services[s].calls;
    }
  }
  EXPECT_NEAR(total_load(configured(nation, DeploymentKind::kHub)), calls, calls * 1e-9);
}

TEST(Loads, ScaleWithDemand) {
  NationSpec nation = data_nation();
  for (const DeploymentKind kind : kAllDeployments) {
    nation.demand.scale = 1;
    const double once = total_load(configured(nation, kind));
    nation.demand.scale = 3;
    EXPECT_NEAR(total_load(configured(nation, kind)), 3 * once, once * 1e-9) << name_of(kind);
  }
}

TEST(Loads, HandCheckedTwoPhases) {
  NationSpec nation = small_nation();
  nation.demand.cross_province_share = 0;
  nation.demand.ministry_share = 0;
  nation.deployment.schema_failure_interconnected = 0;
  const Demand demand = demand_of(nation);
  const Configuration interconnected = configured(nation, DeploymentKind::kInterconnected);
  const double approvals = demand.peak_cases(0, 0);
  const double shared = demand.peak_cases(1, 0);
  const auto sum = [](const PlannedChain& chain) {
    double rate = 0;
    for (const ChainLoad& load : chain.loads) rate += load.per_second;
    return rate;
  };
  // Approvals: three own writes, request and settlement of the one writing call; a record in a
  // hundred for each shared call, all of which go to the only other department.
  EXPECT_NEAR(sum(interconnected.chains[0]), approvals * 5 + shared / 100, 1e-9);
  // Sharing: its own folded record; execution of the writing call, a record of the reading.
  EXPECT_NEAR(sum(interconnected.chains[1]), shared / 100 + approvals * (1 + 0.01), 1e-9);
}

TEST(Counterfactuals, LeadFromOneEndToTheOtherOneChangeAtATime) {
  const NationSpec nation = data_nation();
  const auto steps = counterfactuals(nation, demand_of(nation), DeploymentKind::kInterconnected,
                                     DeploymentKind::kNational)
                         .value();
  ASSERT_EQ(steps.size(), 6U);
  const std::vector<std::string> ids = {"",         "idle_capacity", "pooling", "duplicate_builds",
                                        "adapters", "operations"};
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(steps[i].id, ids[i]);
  EXPECT_EQ(steps.front().configuration.arrangement,
            arrangement_of(DeploymentKind::kInterconnected, true));
  EXPECT_EQ(steps[1].configuration.arrangement,
            arrangement_of(DeploymentKind::kInterconnected, false));
  EXPECT_EQ(steps.back().configuration.arrangement,
            arrangement_of(DeploymentKind::kNational, false));
  EXPECT_EQ(steps[3].configuration.adapters, steps[2].configuration.adapters);
  EXPECT_EQ(steps[4].configuration.adapters, Spread{});
  EXPECT_EQ(steps[4].configuration.operations, steps[0].configuration.operations);
}

TEST(Counterfactuals, OtherEndsArriveToo) {
  const NationSpec nation = data_nation();
  for (const DeploymentKind from : kAllDeployments) {
    for (const DeploymentKind against : kAllDeployments) {
      const auto steps = counterfactuals(nation, demand_of(nation), from, against).value();
      EXPECT_EQ(steps.front().configuration.arrangement, arrangement_of(from, true));
      EXPECT_EQ(steps.back().configuration.arrangement, arrangement_of(against, false));
    }
  }
}

TEST(Availability, ThreeOfFourByHand) {
  // Four rooms with one replica each, 0.1 down each: P(at least 3 up) = 0.9^4 + 4 * 0.9^3 * 0.1.
  EXPECT_NEAR(at_least({1, 1, 1, 1}, 3, 0.1, 0), 0.6561 + 0.2916, 1e-12);
  // Rooms down with 0.1 are the same as replicas down with 0.1 if each has its own.
  EXPECT_NEAR(at_least({1, 1, 1, 1}, 3, 0, 0.1), 0.6561 + 0.2916, 1e-12);
  // Two rooms of two: one room lost is too much.
  EXPECT_NEAR(at_least({2, 2}, 3, 0, 0.1), 0.81, 1e-12);
  EXPECT_EQ(at_least({1, 1}, 0, 0.5, 0.5), 1);
}

TEST(Availability, QuorumsAreThoseOfTheProtocols) {
  EXPECT_EQ(quorum_of(consensus::Protocol::kPbft, 4), 3U);
  EXPECT_EQ(quorum_of(consensus::Protocol::kPbft, 7), 5U);
  EXPECT_EQ(quorum_of(consensus::Protocol::kRaft, 3), 2U);
  EXPECT_EQ(quorum_of(consensus::Protocol::kRaft, 5), 3U);
}

TEST(Availability, PoolsAndSpreadRoomsHelp) {
  const NationSpec nation = small_nation();
  const PlannedChain chain = configured(nation, DeploymentKind::kIsolated).chains.front();
  const double dedicated = chain_availability(chain, Tenancy::kDedicated, nation.reliability);
  EXPECT_GT(chain_availability(chain, Tenancy::kPooled, nation.reliability), dedicated);
  PlannedChain one_room = chain;
  one_room.replica_rooms.assign(4, 0);
  EXPECT_LT(chain_availability(one_room, Tenancy::kDedicated, nation.reliability), dedicated);
  ReliabilityFigures worse = nation.reliability;
  worse.site_outages *= 5;
  EXPECT_LT(chain_availability(chain, Tenancy::kDedicated, worse), dedicated);
}

TEST(NationCheck, NamesTheFieldAtFault) {
  NationSpec nation = small_nation();
  nation.levels.pop_back();
  EXPECT_EQ(check_nation(nation).error().where, "service_level");
  nation = small_nation();
  nation.years = 0;
  EXPECT_EQ(check_nation(nation).error().where, "years");
  nation = small_nation();
  nation.deployment.vendors = 0;
  EXPECT_EQ(check_nation(nation).error().where, "deployment.vendors");
  nation = small_nation();
  nation.deployment.minimum_cores = 128;
  EXPECT_FALSE(check_nation(nation).ok());
}

}  // namespace
}  // namespace govchain::models
