#include <numeric>

#include <gtest/gtest.h>

#include "tests/models/nation_fixture.h"

namespace govchain::models {
namespace {

using testing::data_nation;
using testing::data_services;
using testing::mainland_places;
using testing::small_nation;

constexpr double kSecondsPerYear = 365.0 * 86'400.0;

Demand demand_of(const NationSpec& nation) {
  return Demand::make(nation.places, nation.services, nation.demand).value();
}

size_t service_index(const std::vector<ServiceCase>& services, const std::string& id) {
  for (size_t i = 0; i < services.size(); ++i) {
    if (services[i].id == id) return i;
  }
  ADD_FAILURE() << id;
  return 0;
}

TEST(Demand, HubCallsAreTheDerivedMeanOfTheData) {
  const NationSpec nation = data_nation();
  const Demand demand = demand_of(nation);
  const size_t sharing = service_index(demand.services(), "data sharing");
  double calls = 0;
  for (size_t p = 0; p < demand.places().size(); ++p) {
    calls += demand.gross_cases_per_year(sharing, p);
  }
  const auto workloads = testing::data_file("workloads.json");
  double stated = 0;
  for (const auto& row : workloads["workloads"]) {
    if (row["id"] == "cn.shared_calls_cumulative") stated = row["derived_mean_per_s"];
  }
  EXPECT_EQ(stated, 3057);
  EXPECT_NEAR(calls / kSecondsPerYear, stated, stated * 0.002);
}

// All calls that are made, whoever makes them, are the calls that the hub counts.
TEST(Demand, CallsAreCountedOnce) {
  const Demand demand = demand_of(data_nation());
  const size_t sharing = service_index(demand.services(), "data sharing");
  for (size_t p = 0; p < demand.places().size(); ++p) {
    double calls = 0;
    for (size_t s = 0; s < demand.services().size(); ++s) {
      calls += demand.cases_per_year(s, p) * demand.services()[s].calls;
    }
    EXPECT_NEAR(calls, demand.gross_cases_per_year(sharing, p), calls * 1e-12);
  }
}

TEST(Demand, ApprovalsGiveUpTheRegistrationsModelledApart) {
  const Demand demand = demand_of(data_nation());
  const size_t approval = service_index(demand.services(), "administrative approval");
  for (size_t p = 0; p < demand.places().size(); ++p) {
    double registrations = 0;
    for (size_t s = 0; s < demand.services().size(); ++s) {
      if (demand.services()[s].is_registration) registrations += demand.cases_per_year(s, p);
    }
    EXPECT_GT(registrations, 0);
    EXPECT_NEAR(demand.cases_per_year(approval, p) + registrations,
                demand.gross_cases_per_year(approval, p), 1);
  }
}

TEST(Demand, NationalAnchorsKeepTheirTotalWhateverAdoptionSays) {
  NationSpec nation = data_nation();
  const auto total = [&](const std::string& id) {
    const Demand demand = demand_of(nation);
    const size_t s = service_index(demand.services(), id);
    double sum = 0;
    for (size_t p = 0; p < demand.places().size(); ++p) sum += demand.gross_cases_per_year(s, p);
    return sum;
  };
  const double identity = total("digital identity");
  const double invoices = total("invoice");
  EXPECT_NEAR(identity, 5770.0 / 1000 * 1'409'778'724, 1e3);
  nation.demand.adoption.medium = 0.2;
  EXPECT_NEAR(total("digital identity"), identity, identity * 1e-12);
  EXPECT_LT(total("invoice"), invoices);
}

TEST(Demand, HandCheckedSmallNation) {
  const Demand demand = demand_of(small_nation());
  // East: 2 M people, 1,000 approvals per 1,000 at the leader's own adoption; West: half of it.
  EXPECT_DOUBLE_EQ(demand.cases_per_year(0, 0), 2'000'000);
  EXPECT_DOUBLE_EQ(demand.cases_per_year(0, 1), 500'000);
  // Sharing: 10 M/1,000 per 1,000 nationally; shares 0.8 and 0.4 over their mean (2*0.8+0.4)/3.
  const double mean = (2 * 0.8 + 0.4) / 3;
  EXPECT_NEAR(demand.gross_cases_per_year(1, 0), 20e6 * 0.8 / mean, 1);
  // Less two calls for each approval.
  EXPECT_NEAR(demand.cases_per_year(1, 1), 10e6 * 0.4 / mean - 2 * 500'000, 1);
}

TEST(Demand, TriangularQuantilesHitTheAnchorsAndTheMode) {
  EXPECT_DOUBLE_EQ(triangular_quantile(1, 2, 4, 0), 1);
  EXPECT_DOUBLE_EQ(triangular_quantile(1, 2, 4, 1), 4);
  EXPECT_DOUBLE_EQ(triangular_quantile(1, 2, 4, 1.0 / 3), 2);
  EXPECT_DOUBLE_EQ(triangular_quantile(3, 3, 3, 0.7), 3);
  double previous = 0;
  for (double q = 0; q <= 1; q += 0.05) {
    const double value = triangular_quantile(1, 2, 4, q);
    EXPECT_GE(value, previous);
    previous = value;
  }
}

TEST(Demand, PeakFactorIsTheProductOfItsParts) {
  const NationSpec nation = data_nation();
  EXPECT_NEAR(hourly_peak_factor(nation.demand.hourly_share), 1.67, 0.005);
  EXPECT_NEAR(demand_of(nation).peak_factor(), 1.67 * 1.26 * 1.18, 0.01);
  EXPECT_EQ(hourly_peak_factor({}), 1);
}

TEST(Demand, MatricesAreStochasticAndNobodyCallsHimself) {
  const Demand demand = demand_of(data_nation());
  const CallMatrices& calls = demand.calls();
  for (size_t from = 0; from < calls.services; ++from) {
    const auto* row = &calls.department[from * calls.services];
    EXPECT_NEAR(std::accumulate(row, row + calls.services, 0.0), 1, 1e-12);
    EXPECT_EQ(row[from], 0);
  }
  for (size_t from = 0; from < calls.places; ++from) {
    const auto* row = &calls.province[from * (calls.places + 1)];
    EXPECT_NEAR(std::accumulate(row, row + calls.places + 1, 0.0), 1, 1e-12);
    EXPECT_NEAR(row[from], 1 - 0.05 - 0.1, 1e-12);
    EXPECT_NEAR(row[calls.places], 0.1, 1e-12);
  }
}

TEST(Demand, EveryCallArrivesSomewhere) {
  const Demand demand = demand_of(data_nation());
  double made = 0;
  double arriving = 0;
  const size_t places = demand.places().size();
  for (size_t s = 0; s < demand.services().size(); ++s) {
    for (size_t p = 0; p < places; ++p) {
      made += demand.peak_cases(s, p) * demand.services()[s].calls;
      const auto local = demand.peak_incoming(s, p, true);
      const auto remote = demand.peak_incoming(s, p, false);
      arriving += local.reading + local.writing + remote.reading + remote.writing;
    }
  }
  const auto ministries = demand.peak_incoming(0, places, false);
  arriving += ministries.reading + ministries.writing;
  EXPECT_GT(made, 1000);
  EXPECT_NEAR(arriving, made, made * 1e-9);
  EXPECT_NEAR(ministries.reading + ministries.writing, made * 0.1, made * 1e-9);
}

TEST(Demand, FoldingDividesOnlyTheAccessRecords) {
  NationSpec nation = data_nation();
  nation.demand.records_per_root = 50;
  const Demand demand = demand_of(nation);
  for (size_t s = 0; s < demand.services().size(); ++s) {
    const ServiceCase& service = demand.services()[s];
    EXPECT_DOUBLE_EQ(demand.own_writes(s), service.ledger_writes / (service.counts_calls ? 50 : 1));
  }
}

TEST(Demand, ContradictionsAreNamed) {
  const NationSpec nation = small_nation();
  auto services = nation.services;
  services[0].low = services[0].mid + 1;
  auto made = Demand::make(nation.places, services, nation.demand);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().where, "services/approval");
  DemandSettings settings = nation.demand;
  settings.hourly_share.assign(23, 1);
  EXPECT_FALSE(Demand::make(nation.places, nation.services, settings).ok());
  settings = nation.demand;
  settings.cross_province_share = 0.95;
  EXPECT_FALSE(Demand::make(nation.places, nation.services, settings).ok());
  EXPECT_FALSE(Demand::make({}, nation.services, nation.demand).ok());
}

}  // namespace
}  // namespace govchain::models
