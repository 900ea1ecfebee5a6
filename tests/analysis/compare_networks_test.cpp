// govchain compare-networks: one scenario on every network model, beside the closed form.

#include "analysis/experiments/compare_networks.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/experiments/apart.h"
#include "consensus/protocols.h"
#include "tests/analysis/program_fixture.h"
#include "tests/analysis/run_fixture.h"

namespace govchain::analysis {
namespace {

using consensus::Error;
using consensus::ErrorCode;

class CompareNetworks : public ProgramTest {
 protected:
  [[nodiscard]] nlohmann::json result(const std::string& out) const {
    std::ifstream file(path(out + "/result.json"));
    return nlohmann::json::parse(file);
  }
};

// Where nothing waits for a card or a trunk, it makes no difference how they are shared.
struct Unhurried {
  std::string scenario;
  std::vector<std::string> changes;
};

std::vector<Unhurried> unhurried() {
  std::vector<Unhurried> all;
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    for (const char* const where : {"lan", "wan"}) {
      for (const int replicas : {4, 7}) {
        const std::string scenario =
            "consensus/" + std::string(traits->name) + "-" + where + ".json";
        all.push_back({scenario,
                       {"/duration_seconds=4", "/warmup_seconds=1",
                        "/chains/0/replicas=" + std::to_string(replicas)}});
      }
    }
  }
  // Votes among many, larger payloads, jitter and loss.
  all.push_back(
      {"consensus/pbft-wan.json",
       {"/duration_seconds=4", "/warmup_seconds=1", "/chains/0/load/payload_bytes=2048"}});
  all.push_back({"consensus/raft-wan.json",
                 {"/duration_seconds=20", "/warmup_seconds=1", "/network/loss=0.001"}});
  all.push_back({"consensus/tendermint-lan.json",
                 {"/duration_seconds=4", "/warmup_seconds=1",
                  R"(/network/jitter={"kind": "exponential", "spread_ms": 1})"}});
  return all;
}

TEST_F(CompareNetworks, FifoAndUncappedFlowsAgreeWithinTwoPercentWhereBandwidthIsNoBottleneck) {
  const std::vector<Unhurried> scenarios = unhurried();
  ASSERT_GE(scenarios.size(), 20U);
  for (const Unhurried& one : scenarios) {
    std::string name = one.scenario;
    for (const std::string& change : one.changes) name += " " + change;
    std::vector<NetworkCase> cases;
    for (const char* const model : {"fifo", "simgrid-uncapped"}) {
      std::vector<std::string> changes = one.changes;
      changes.push_back(std::string("/network/model=") + model);
      cases.push_back({model, scenario_in(one.scenario, changes)});
    }
    const auto comparison = compare_networks(cases, {2, nullptr});
    ASSERT_TRUE(comparison) << name << ": " << comparison.error().message;
    const NetworkFigures& fifo = comparison->networks[0];
    const NetworkFigures& flows = comparison->networks[1];
    EXPECT_GT(fifo.throughput, 0) << name;
    for (const auto member : {&NetworkFigures::throughput, &NetworkFigures::mean,
                              &NetworkFigures::p50, &NetworkFigures::p99}) {
      EXPECT_NEAR(flows.*member / fifo.*member, 1, 0.02) << name;
    }
    EXPECT_EQ(fifo.violations + flows.violations, 0U) << name;
  }
}

// Nothing costs anything but the way, one decision at a time: arithmetic is all there is to it.
constexpr const char* kFree = R"({
  "kind": "consensus", "id": "free", "summary": "nothing costs anything", "seed": 1, "duration_seconds": 40, "warmup_seconds": 5,
  "network": {
    "places": [ { "id": "a" }, { "id": "b" }, { "id": "c" }, { "id": "d" } ],
    "delay_ms": 10,
    "delays": [ { "between": [ "a", "b" ], "ms": 3 }, { "between": [ "a", "d" ], "ms": 41 },
                { "between": [ "b", "c" ], "ms": 17 } ],
    "connection_setup_round_trips": 0
  },
  "chains": [ {
    "id": "main", "protocol": "pbft", "replicas": 4, "places": [ "a", "b", "c", "d" ],
    "machine": { "profile": "free" }, "engine": { "batch_delay_ms": 0, "pipelining": 1 },
    "load": { "rate_per_second": 2, "payload_bytes": 128 }
  } ]
})";

TEST(DecisionBounds, IsWhatASimulationWithoutCostsTakes) {
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    const std::string name(traits->name);
    const scenarios::Scenario scenario = scenario_of(kFree, {"/chains/0/protocol=" + name});
    const RunResult run = run_of(scenario);
    const auto bounds = decision_bounds(scenario.world, 0);
    ASSERT_TRUE(bounds) << name;
    const sim::Histogram& decision = run.chains.front().decision;
    ASSERT_GT(decision.count(), 20U) << name;
    const double least = bounds->fastest_leader.to_milliseconds();
    const double most = bounds->slowest_leader.to_milliseconds();
    // The histogram's buckets are a share wide.
    EXPECT_GE(decision.quantile(0).to_milliseconds(), least * 0.98) << name;
    EXPECT_LE(decision.maximum().to_milliseconds(), most * 1.02) << name;
    // Where leaders take turns every one of them is seen.
    if (name == "raft" || name == "pbft") continue;
    EXPECT_LE(decision.quantile(0).to_milliseconds(), least * 1.02) << name;
    EXPECT_GE(decision.maximum().to_milliseconds(), most * 0.98) << name;
  }
}

TEST(DecisionBounds, OfEqualWaysIsTheNumberOfDelays) {
  const std::vector<std::pair<std::string, int>> delays = {
      {"raft", 3}, {"pbft", 3}, {"tendermint", 3}, {"qbft", 3}, {"hotstuff", 5}};
  for (const auto& [protocol, count] : delays) {
    const scenarios::Scenario scenario =
        scenario_of(kFree, {"/network/delays=[]", "/chains/0/protocol=" + protocol});
    const auto bounds = decision_bounds(scenario.world, 0);
    ASSERT_TRUE(bounds);
    EXPECT_EQ(bounds->fastest_leader, sim::Duration::milliseconds(10) * count) << protocol;
    EXPECT_EQ(bounds->slowest_leader, bounds->fastest_leader) << protocol;
  }
}

// A name is worth nothing to a voter that has to ask for the bytes: they must be there before it.
TEST(DecisionBounds, HoldAlikeWhereProposalsNameTheirPayloads) {
  std::vector<std::vector<std::string>> cases;
  for (const consensus::ProtocolTraits* traits : consensus::protocols()) {
    cases.push_back({"/chains/0/protocol=" + std::string(traits->name)});
  }
  cases.push_back({"/chains/0/protocol=hotstuff", R"(/chains/0/hotstuff={"leader": "stable"})"});
  for (std::vector<std::string> changes : cases) {
    const std::string name = changes.back();
    changes.insert(changes.end(),
                   {"/network/delays=[]", "/chains/0/load/rate_per_second=40",
                    "/chains/0/engine/pipelining=8", "/chains/0/engine/proposal_bodies=by_digest"});
    const scenarios::Scenario scenario = scenario_of(kFree, changes);
    const auto bounds = decision_bounds(scenario.world, 0);
    ASSERT_TRUE(bounds) << name;
    const double expected = bounds->fastest_leader.to_milliseconds();
    const RunResult run = run_of(scenario);
    EXPECT_NEAR(run.chains.front().decision.quantile(0.9).to_milliseconds(), expected,
                expected * 0.02)
        << name;
  }
}

TEST(Apart, TellsTextsAndErrorsInOrderAndADeath) {
  const auto says = [](std::string text) -> ApartWork {
    return [text]() -> consensus::Result<std::string> { return text; };
  };
  const std::string large(1'000'000, 'x');
  const auto texts = run_apart({says("one"), says(large), says(""), says("four")}, 2);
  ASSERT_TRUE(texts);
  EXPECT_EQ(*texts, (std::vector<std::string>{"one", large, "", "four"}));

  const ApartWork fails = []() -> consensus::Result<std::string> {
    return Error{ErrorCode::kNotFound, "is not there", "/here"};
  };
  const auto failed = run_apart({says("one"), fails, says("three")}, 2);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(failed.error().message, "is not there");
  EXPECT_EQ(failed.error().where, "/here");

  const ApartWork dies = []() -> consensus::Result<std::string> { ::abort(); };
  const auto died = run_apart({dies}, 1);
  ASSERT_FALSE(died);
  EXPECT_EQ(died.error().code, ErrorCode::kIo);
  EXPECT_NE(died.error().message.find("Aborted"), std::string::npos) << died.error().message;
}

TEST_F(CompareNetworks, SaysWhatDiffersAndWhy) {
  const ProgramOutput output = run_typed({"compare-networks", shipped("consensus/pbft-wan.json"),
                                          "--set", "/duration_seconds=3", "--set",
                                          "/warmup_seconds=1", "--out", path("wan"), "--quiet"});
  ASSERT_EQ(output.code, 0) << output.err;
  const nlohmann::json json = result("wan");
  ASSERT_EQ(json["networks"].size(), network_models().size());
  for (size_t i = 0; i < network_models().size(); ++i) {
    EXPECT_EQ(json["networks"][i]["network"], network_models()[i]);
    EXPECT_GT(json["networks"][i]["run"]["chains"][0]["committed"], 0);
    EXPECT_NE(output.out.find("\n" + network_models()[i] + " "), std::string::npos);
  }
  EXPECT_LT(json["closed_form"]["decision_ms"]["fastest_leader"],
            json["closed_form"]["decision_ms"]["slowest_leader"]);
  // LV08 was made for connections that begin cold.
  EXPECT_GT(json["steps"][2]["p50"].get<double>(), 5);
  EXPECT_NE(json["steps"][2]["cause"].get<std::string>().find("13.01"), std::string::npos);
  EXPECT_NEAR(json["steps"][0]["p50"].get<double>(), 0, 0.02);
  ASSERT_EQ(json["transfers"].size(), 5U);
  for (const nlohmann::json& row : json["transfers"]) {
    EXPECT_NEAR(row["measured_ms"]["fifo"].get<double>(), row["closed_form_ms"].get<double>(), 1e-4)
        << row;
  }
  EXPECT_TRUE(std::filesystem::exists(path("wan/index.html")));
}

TEST_F(CompareNetworks, AModelIsTheRunThatRunMakes) {
  const std::vector<std::string> shorter = {"--set", "/duration_seconds=2", "--set",
                                            "/warmup_seconds=1", "--quiet"};
  std::vector<std::string> compared = {"compare-networks", shipped("consensus/raft-lan.json"),
                                       "--out", path("all")};
  compared.insert(compared.end(), shorter.begin(), shorter.end());
  ASSERT_EQ(run_typed(compared).code, 0);
  for (const nlohmann::json& one : result("all")["networks"]) {
    const std::string network = one["network"];
    std::vector<std::string> arguments = {
        "run", shipped("consensus/raft-lan.json"), "--network", network, "--out", path(network)};
    arguments.insert(arguments.end(), shorter.begin(), shorter.end());
    const auto alone = run_apart({[&arguments]() -> consensus::Result<std::string> {
                                   return std::to_string(run_typed(arguments).code);
                                 }},
                                 1);
    ASSERT_TRUE(alone) << alone.error().message;
    EXPECT_EQ(alone->front(), "0");
    EXPECT_EQ(one["run"]["digest"], result(network)["digest"]) << network;
  }
}

TEST_F(CompareNetworks, NamesWhatIsWrong) {
  const std::string scenario = shipped("consensus/pbft-lan.json");
  EXPECT_EQ(run_typed({"compare-networks", shipped("national.json")}).code, 2);
  const ProgramOutput chosen = run_typed({"compare-networks", scenario, "--network", "fifo"});
  EXPECT_EQ(chosen.code, 2);
  EXPECT_NE(chosen.err.find("every model"), std::string::npos) << chosen.err;
  const ProgramOutput unknown = run_typed({"run", scenario, "--network", "simgird"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("did you mean simgrid"), std::string::npos) << unknown.err;
  const ProgramOutput several = run_typed(
      {"run", scenario, "--network", "simgrid", "--replications", "3", "--out", path("x")});
  EXPECT_EQ(several.code, 2);
  EXPECT_NE(several.err.find("--replications"), std::string::npos) << several.err;
  const ProgramOutput cut =
      run_typed({"run", shipped("consensus/pbft-wan.json"), "--network", "simgrid", "--set",
                 R"(/faults=[{"kind": "trunk_cut", "at_seconds": 12, "duration_seconds": 4, )"
                 R"("trunk": ["node Shanghai", "node Beijing"]}])",
                 "--out", path("x")});
  EXPECT_EQ(cut.code, 2);
  EXPECT_NE(cut.err.find("routes are fixed"), std::string::npos) << cut.err;
  EXPECT_FALSE(std::filesystem::exists(path("x")));
}

}  // namespace
}  // namespace govchain::analysis
