// govchain plan as its contract has it: fields, sums, objectives, and what it says to odd wishes.

#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "analysis/experiments/objectives.h"
#include "analysis/experiments/plan.h"
#include "scenarios/scenario.h"
#include "tests/analysis/program_fixture.h"

namespace govchain::analysis {
namespace {

using Json = nlohmann::ordered_json;

class PlanCommand : public ProgramTest {
 protected:
  [[nodiscard]] Json planned(const std::vector<std::string>& more) const {
    std::vector<std::string> words = small_plan("plan", more);
    words.emplace_back("--json");
    const ProgramOutput output = run_typed(words);
    EXPECT_EQ(output.code, 0) << output.err;
    return Json::parse(output.out);
  }
  [[nodiscard]] ProgramOutput with_objective(const std::string& metric,
                                             const std::string& rest) const {
    return run_typed(small_plan(
        "plan", {"--set", "/objectives=[{\"metric\":\"" + metric + "\"," + rest + "}]"}));
  }
};

void expect_ascending(const Json& range, const std::string& where) {
  EXPECT_LT(range["low"].get<double>(), range["mid"].get<double>()) << where;
  EXPECT_LT(range["mid"].get<double>(), range["high"].get<double>()) << where;
}

double sum_of(const Json& list, const char* a, const char* b = nullptr) {
  double sum = 0;
  for (const Json& one : list) {
    sum += b == nullptr ? one[a].get<double>() : one[a][b].get<double>();
  }
  return sum;
}

void expect_deployment(const Json& one, int years) {
  const std::string id = one["id"];
  for (const char* key : {"nodes", "cores", "memory_bytes", "storage_bytes", "network_bps"}) {
    EXPECT_TRUE(one[key].is_number_integer()) << id << " " << key;
    EXPECT_TRUE(one["needed"][key].is_number_integer()) << id << " needed " << key;
    EXPECT_GT(one[key].get<int64_t>(), 0) << id << " " << key;
  }
  for (const double ratio : {one["utilisation"].get<double>(), one["availability"].get<double>(),
                             one["needed"]["utilisation"].get<double>()}) {
    EXPECT_GE(ratio, 0) << id;
    EXPECT_LE(ratio, 1) << id;
  }
  EXPECT_FALSE(one["binding_resource"].get<std::string>().empty()) << id;
  expect_ascending(one["cost"], id);
  expect_ascending(one["needed"]["cost"], id);
  EXPECT_EQ(one["cost_by_year"].size(), static_cast<size_t>(years)) << id;
  const double mid = one["cost"]["mid"];
  EXPECT_NEAR(sum_of(one["cost_by_year"], "mid"), mid, mid * 1e-9) << id;
  EXPECT_NEAR(sum_of(one["cost_items"], "mid"), mid, mid * 1e-9) << id;
  EXPECT_NEAR(sum_of(one["places"], "cost", "mid"), mid, mid * 1e-9) << id;
  EXPECT_EQ(sum_of(one["places"], "nodes"), one["nodes"].get<double>()) << id;
  for (const Json& place : one["places"]) {
    for (const char* key : {"id", "nodes", "cores", "throughput_tps", "latency_ms", "cost"}) {
      EXPECT_TRUE(place.contains(key)) << id << " " << key;
    }
  }
}

TEST_F(PlanCommand, HoldsTheFieldsOfTheContractAndItsSums) {
  const Json result = planned({"--years", "3"});
  const std::vector<std::string> ids = {"hub",        "isolated", "standardised", "interconnected",
                                        "provincial", "national"};
  ASSERT_EQ(result["deployments"].size(), ids.size());
  std::set<int64_t> cases;
  for (size_t i = 0; i < ids.size(); ++i) {
    const Json& one = result["deployments"][i];
    EXPECT_EQ(one["id"], ids[i]);
    expect_deployment(one, 3);
    cases.insert(std::llround(one["cases"]["on_chain"].get<double>() +
                              one["cases"]["by_hand"].get<double>() +
                              one["cases"]["unserved"].get<double>()));
  }
  EXPECT_EQ(cases.size(), 1U) << "the same demand is offered to all";
  const Json& redundancy = result["redundancy_cost"];
  EXPECT_NEAR(sum_of(redundancy["steps"], "mid"), redundancy["mid"].get<double>(), 0.05);
  EXPECT_NEAR(redundancy["mid"].get<double>(),
              result["deployments"][3]["cost"]["mid"].get<double>() -
                  result["deployments"][5]["needed"]["cost"]["mid"].get<double>(),
              0.05);
  for (const Json& one : result["assumptions"]) {
    EXPECT_TRUE(one["value"].is_number()) << one;
    for (const char* key : {"id", "source", "quality"}) {
      EXPECT_FALSE(one[key].get<std::string>().empty()) << one;
    }
  }
  EXPECT_GT(result["simulation"]["wall_seconds"].get<double>(), 0);
}

TEST_F(PlanCommand, EveryNumberOfTheResultCanBeAnObjectiveAndNothingElse) {
  const Json result = planned({});
  std::vector<std::string> numbers;
  for (const char* part :
       {"deployments", "redundancy_cost", "price_of_chain", "do_nothing", "cheapest"}) {
    collect_metrics(result[part], std::string("/") + part, true, numbers);
  }
  scenarios::LoadOptions load;
  load.home = GOVCHAIN_SOURCE_DIR;
  const auto scenario = scenarios::load_scenario(path("plan/scenario.json"), load);
  ASSERT_TRUE(scenario.ok()) << scenario.error().message;
  const std::vector<std::string> listed = plan_metrics(*scenario->national);
  const std::set<std::string> known(listed.begin(), listed.end());
  for (const std::string& number : numbers) {
    // Where a tile of the map lies is no outcome.
    if (number.find("/tile/") != std::string::npos) continue;
    EXPECT_TRUE(known.contains(number)) << number;
  }
  // And back: what may be named has a value, but for costs that a deployment does not have and
  // places where it serves nothing.
  for (const std::string& metric : listed) {
    double value = 0;
    const bool may_lack = metric.find("/cost_items/") != std::string::npos ||
                          metric.find("/cost_by_level/") != std::string::npos ||
                          metric.find("/places/") != std::string::npos;
    EXPECT_TRUE(may_lack || find_metric(result, metric, value)) << metric;
  }
}

TEST_F(PlanCommand, AMissedObjectiveIsShownFirstAndEndsWithSeven) {
  const ProgramOutput missed =
      with_objective("/deployments/national/cost/mid", R"("comparison":"<","value":1)");
  EXPECT_EQ(missed.code, 7);
  EXPECT_NE(missed.out.find("\n✗ /deployments/national/cost/mid < 1: "), std::string::npos)
      << missed.out;
  const ProgramOutput met =
      with_objective("/deployments/5/availability", R"("comparison":">","value":0.9)");
  EXPECT_EQ(met.code, 0);
  EXPECT_NE(met.out.find("\n✓ /deployments/5/availability > 0.9"), std::string::npos) << met.out;
  const auto written = Json::parse(std::ifstream(path("plan/result.json")));
  EXPECT_EQ(written["objectives"][0]["met"], true);
}

TEST_F(PlanCommand, AnObjectiveOnADeploymentThatIsNotShownIsCheckedTheSame) {
  const ProgramOutput output = run_typed(
      small_plan("plan", {"--deployments", "hub", "--set",
                          R"(/objectives=[{"metric":"/deployments/provincial/latency_ms/p99",)"
                          R"("comparison":">","value":0}])"}));
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_NE(output.out.find("✓ /deployments/provincial"), std::string::npos) << output.out;
  EXPECT_EQ(output.out.find("\n  provincial"), std::string::npos) << output.out;
}

TEST_F(PlanCommand, AnUnknownMetricEndsWithTwoBeforeAnythingIsSimulated) {
  const ProgramOutput output =
      with_objective("/deployments/natonal/cost/mid", R"("comparison":"<","value":1)");
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("did you mean /deployments/national/cost/mid?"), std::string::npos)
      << output.err;
  EXPECT_FALSE(std::filesystem::exists(path("plan")));
  const ProgramOutput checked =
      run_typed({"scenario", "check", shipped("national.json"), "--set",
                 R"(/objectives=[{"metric":"/price_of_chan/mid","comparison":"<","value":1}])"});
  EXPECT_EQ(checked.code, 2);
  EXPECT_NE(checked.err.find("did you mean /price_of_chain/mid?"), std::string::npos);
}

TEST_F(PlanCommand, AnOddWishIsAnsweredWithTheNearestNameOrTheReason) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--from", "isolaed"}, "did you mean isolated?"},
      {{"--against", "hubb"}, "did you mean hub?"},
      {{"--deployments", "hub,natonal"}, "did you mean national?"},
      {{"--from", "hub", "--against", "hub"}, "--from and --against are both hub"},
      {{"--uncertain", "chain.projct_build"}, "did you mean chain.project_build?"},
      {{"--trace", "t.json"}, "--trace: a plan simulates many worlds"},
      {{"--crypto", "real"}, "--crypto: has no effect on a plan"},
      {{"--load", "cohrt"}, "did you mean cohort?"},
      {{"--years", "0"}, "--years"},
      {{"--years", "31"}, "--years"}};
  for (const auto& [words, expected] : cases) {
    const ProgramOutput output = run_typed(small_plan("plan", words));
    EXPECT_EQ(output.code, 2) << expected;
    EXPECT_NE(output.err.find(expected), std::string::npos) << output.err;
    EXPECT_TRUE(output.out.empty()) << output.out;
  }
}

// --- Relations between whole plans, whatever the figures are

double mid_of(const Json& result, const std::string& pointer) {
  double value = 0;
  EXPECT_TRUE(find_metric(result, pointer, value)) << pointer;
  return value;
}

TEST_F(PlanCommand, ADearerPriceMakesTheWholePlanDearerAndLeavesTheSizesAlone) {
  const Json before = planned({});
  const Json after = planned({"--set", R"(/prices/server.general={"mid":900000})"});
  for (const Json& one : before["deployments"]) {
    const std::string at = "/deployments/" + one["id"].get<std::string>();
    EXPECT_GT(mid_of(after, at + "/cost/mid"), mid_of(before, at + "/cost/mid")) << at;
    EXPECT_GT(mid_of(after, at + "/cost_items/hardware/mid"),
              mid_of(before, at + "/cost_items/hardware/mid"))
        << at;
    EXPECT_EQ(mid_of(after, at + "/nodes"), mid_of(before, at + "/nodes")) << at;
    EXPECT_EQ(mid_of(after, at + "/latency_ms/p99"), mid_of(before, at + "/latency_ms/p99")) << at;
  }
  // More servers are idle where chains are built apart.
  EXPECT_GT(mid_of(after, "/redundancy_cost/steps/idle_capacity/mid"),
            mid_of(before, "/redundancy_cost/steps/idle_capacity/mid"));
}

TEST_F(PlanCommand, MoreVendorsMoveOnlyWhatNeedsAdapters) {
  // Two services a province cannot have more than two vendors.
  const Json few = planned({"--set", "/settings/deployment.vendors=1"});
  const Json many = planned({"--set", "/settings/deployment.vendors=9"});
  EXPECT_GT(mid_of(many, "/deployments/interconnected/cost_items/adapters/mid"),
            mid_of(few, "/deployments/interconnected/cost_items/adapters/mid"));
  EXPECT_GT(mid_of(many, "/redundancy_cost/steps/adapters/mid"),
            mid_of(few, "/redundancy_cost/steps/adapters/mid"));
  EXPECT_EQ(mid_of(many, "/deployments/national/cost/mid"),
            mid_of(few, "/deployments/national/cost/mid"));
}

TEST_F(PlanCommand, MoreLoadTakesMoreOfEverything) {
  const Json before = planned({"--set", "/demand/level_quantile=0.1"});
  const Json after = planned({"--set", "/demand/level_quantile=0.9"});
  for (const Json& one : before["deployments"]) {
    const std::string at = "/deployments/" + one["id"].get<std::string>();
    EXPECT_GT(mid_of(after, at + "/throughput_tps"), mid_of(before, at + "/throughput_tps")) << at;
    EXPECT_GT(mid_of(after, at + "/storage_bytes"), mid_of(before, at + "/storage_bytes")) << at;
    EXPECT_GE(mid_of(after, at + "/needed/cores"), mid_of(before, at + "/needed/cores")) << at;
    EXPECT_GT(mid_of(after, at + "/cost/mid"), mid_of(before, at + "/cost/mid")) << at;
  }
}

TEST_F(PlanCommand, ATighterServiceLevelIsNeverCheaperAndSaysWhatItMisses) {
  const Json loose = planned({});
  const Json tight = planned({"--set", "/service_level/default/replica_failures=2"});
  for (const Json& one : loose["deployments"]) {
    const std::string at = "/deployments/" + one["id"].get<std::string>();
    EXPECT_GE(mid_of(tight, at + "/needed/nodes"), mid_of(loose, at + "/needed/nodes")) << at;
    EXPECT_GE(mid_of(tight, at + "/needed/cost/mid"), mid_of(loose, at + "/needed/cost/mid")) << at;
  }
  const Json impossible = planned({"--set", "/service_level/default/latency_p99_ms=1"});
  for (const Json& one : impossible["deployments"]) {
    EXPECT_FALSE(one["unmet"].empty()) << one["id"];
  }
}

TEST_F(PlanCommand, ALongerHorizonCostsMoreAndAHigherDiscountRateLess) {
  const Json short_one = planned({"--years", "3"});
  const Json long_one = planned({"--years", "6"});
  const Json discounted =
      planned({"--years", "3", "--set", R"(/prices/discount_rate={"mid":0.3})"});
  for (const Json& one : short_one["deployments"]) {
    const std::string cost = "/deployments/" + one["id"].get<std::string>() + "/cost/mid";
    EXPECT_GT(mid_of(long_one, cost), mid_of(short_one, cost)) << cost;
    EXPECT_LT(mid_of(discounted, cost), mid_of(short_one, cost)) << cost;
  }
}

TEST_F(PlanCommand, CertainPricesLeaveNoIntervalAndSwappedEndsChangeTheSign) {
  const Json certain = planned({"--uncertain", "none"});
  for (const Json& one : certain["deployments"]) {
    EXPECT_EQ(one["cost"]["low"], one["cost"]["high"]) << one["id"];
  }
  const Json there = planned({"--from", "provincial", "--against", "national"});
  const Json back = planned({"--from", "national", "--against", "provincial"});
  EXPECT_GT(mid_of(there, "/redundancy_cost/mid"), 0);
  EXPECT_LT(mid_of(back, "/redundancy_cost/mid"), 0);
}

}  // namespace
}  // namespace govchain::analysis
