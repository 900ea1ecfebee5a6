// Scenarios through the whole path that `govchain run` takes.

#include "analysis/experiments/run.h"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/analysis/run_fixture.h"

namespace govchain::analysis {
namespace {

using Json = nlohmann::json;

// One place, everything free, one-way delay 10 ms, ten transactions a second.
const char* const kClosedForm = R"({
  "id": "closed-form", "kind": "consensus", "summary": "delays only",
  "duration_seconds": 30, "warmup_seconds": 5,
  "machine": { "profile": "free" },
  "network": { "places": [ { "id": "room", "local_delay_ms": 10 } ], "connection_setup_round_trips": 0 },
  "chains": [ {
    "id": "main", "protocol": "pbft", "replicas": 4,
    "engine": { "batch_delay_ms": 0, "block_transactions": 1, "timeout_ms": 4000 },
    "load": { "rate_per_second": 10, "payload_bytes": 100, "arrivals": "uniform", "ingress": "first_replica" }
  } ]
})";

TEST(ClosedForm, PbftCommitsThreeDelaysAfterTheProposal) {
  for (const char* replicas : {"4", "7", "16"}) {
    const RunResult result =
        run_text_of(kClosedForm, {std::string("/chains/0/replicas=") + replicas});
    const sim::ChainResult& chain = result.chains[0];
    EXPECT_GT(chain.transactions.committed, 200U);
    EXPECT_EQ(chain.latency.minimum(), sim::Duration::milliseconds(30)) << replicas;
    EXPECT_EQ(chain.latency.maximum(), sim::Duration::milliseconds(30)) << replicas;
    EXPECT_EQ(chain.decision.maximum(), sim::Duration::milliseconds(30)) << replicas;
  }
}

TEST(ClosedForm, TheClientSeesPbftAfterFive) {
  const RunResult result = run_text_of(kClosedForm, {"/chains/0/load/access_delay_ms=10"});
  EXPECT_EQ(result.chains[0].latency.maximum(), sim::Duration::milliseconds(50));
}

// Who leads is drawn, so everybody is asked; at the leader it takes two delays, elsewhere more.
TEST(ClosedForm, RaftCommitsTwoDelaysAfterTheProposalAtTheLeader) {
  for (const char* replicas : {"3", "5"}) {
    const RunResult result =
        run_text_of(kClosedForm, {"/chains/0/protocol=raft", "/chains/0/load/ingress=every_replica",
                                  std::string("/chains/0/replicas=") + replicas});
    const sim::ChainResult& chain = result.chains[0];
    EXPECT_GT(chain.transactions.committed, 200U);
    EXPECT_EQ(chain.latency.minimum(), sim::Duration::milliseconds(20)) << replicas;
  }
}

// A leader that sends every body itself: rate / (size (n - 1)), less what headers take.
TEST(ClosedForm, ThroughputMeetsTheBoundOfTheLeadersCardAndNeverExceedsIt) {
  const double payload = 50'000;
  const double rate = 10e6;
  const double bound = rate / 8 / (payload * 3);
  const RunResult result = run_text_of(
      kClosedForm,
      {"/machine/nic_mbps=10", "/chains/0/load/payload_bytes=50000", "/warmup_seconds=0",
       "/chains/0/load/rate_per_second=10", "/duration_seconds=400", "/client_timeout_seconds=1000",
       "/chains/0/engine/timeout_ms=60000", "/chains/0/engine/max_timeout_ms=60000"});
  const double throughput = static_cast<double>(result.chains[0].transactions.committed) / 400;
  EXPECT_LE(throughput, bound);
  EXPECT_GE(throughput, bound * 0.99);
  EXPECT_TRUE(result.chains[0].saturated);
  EXPECT_TRUE(result.violations.empty());
}

// --- Shipped scenarios, shortened

struct Shipped {
  const char* path;
  std::vector<std::string> changes;
};

class ShippedScenarioRuns : public testing::TestWithParam<Shipped> {};

TEST_P(ShippedScenarioRuns, CountsAddUpAndNoRuleIsBroken) {
  const RunResult result = run_file(GetParam().path, GetParam().changes);
  EXPECT_TRUE(result.violations.empty())
      << result.violations.front().rule << ": " << result.violations.front().detail;
  for (const sim::ChainResult& chain : result.chains) {
    const sim::TransactionCounts& counts = chain.transactions;
    EXPECT_EQ(counts.submitted,
              counts.committed + counts.refused + counts.timed_out + counts.in_flight)
        << chain.name;
    EXPECT_GT(counts.committed, 0U) << chain.name;
    EXPECT_FALSE(chain.saturated) << chain.name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, ShippedScenarioRuns,
    testing::Values(
        Shipped{"consensus/lan.json", {"/duration_seconds=2", "/warmup_seconds=1"}},
        Shipped{"consensus/wan.json", {"/duration_seconds=4", "/warmup_seconds=2"}},
        Shipped{"consensus/pbft-lan.json", {"/duration_seconds=2", "/warmup_seconds=1"}},
        Shipped{"consensus/pbft-wan.json", {"/duration_seconds=4", "/warmup_seconds=2"}},
        Shipped{"consensus/raft-lan.json", {"/duration_seconds=4", "/warmup_seconds=3"}},
        Shipped{"consensus/raft-wan.json", {"/duration_seconds=8", "/warmup_seconds=5"}},
        Shipped{"bench/pbft-128.json", {"/duration_seconds=1", "/warmup_seconds=0.5"}},
        Shipped{"province.json", {"/duration_seconds=8", "/warmup_seconds=5"}},
        Shipped{"published/bft-simulator-4.json", {"/duration_seconds=40"}},
        Shipped{"published/bft-simulator-16.json", {"/duration_seconds=40"}},
        Shipped{"published/bft-simulator-64.json", {"/duration_seconds=20"}}),
    [](const auto& one) {
      std::string name = one.param.path;
      for (char& letter : name) {
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
      }
      return name;
    });

// --- Replications

TEST(Replications, GiveTheSameDigestOnAnyNumberOfThreads) {
  RunRequest one;
  one.replications = 4;
  RunRequest three = one;
  three.threads = 3;
  const RunResult a = run_text_of(kClosedForm, {"/chains/0/load/arrivals=poisson"}, one);
  const RunResult b = run_text_of(kClosedForm, {"/chains/0/load/arrivals=poisson"}, three);
  EXPECT_EQ(run_digest(a), run_digest(b));
  EXPECT_EQ(a.digests.size(), 4U);
  EXPECT_EQ(std::set<std::string>(a.digests.begin(), a.digests.end()).size(), 4U);
  const RunResult other =
      run_text_of(kClosedForm, {"/chains/0/load/arrivals=poisson", "/seed=99"}, one);
  EXPECT_NE(run_digest(a), run_digest(other));
}

TEST(Replications, StopWhenPreciseEnoughOnAnyNumberOfThreads) {
  RunRequest one;
  one.replications = 20;
  one.precision = 0.05;
  RunRequest three = one;
  three.threads = 3;
  const RunResult a = run_text_of(kClosedForm, {"/chains/0/load/arrivals=poisson"}, one);
  const RunResult b = run_text_of(kClosedForm, {"/chains/0/load/arrivals=poisson"}, three);
  EXPECT_TRUE(a.precision_reached);
  EXPECT_LT(a.digests.size(), 20U);
  EXPECT_EQ(run_digest(a), run_digest(b));
}

TEST(Replications, TheFirstIsTheRunItself) {
  RunRequest many;
  many.replications = 2;
  const RunResult single = run_text_of(kClosedForm, {});
  const RunResult both = run_text_of(kClosedForm, {}, many);
  EXPECT_EQ(single.digests[0], both.digests[0]);
}

// --- Objectives

TEST(Objectives, AreCheckedAgainstTheResult) {
  const std::string change =
      R"(/objectives=[{"metric":"/chains/0/latency_ms/p99","comparison":"<=","value":31},)"
      R"({"metric":"/chains/0/throughput_tps","comparison":">","value":11}])";
  const RunResult result = run_text_of(kClosedForm, {change});
  ASSERT_EQ(result.objectives.size(), 2U);
  EXPECT_TRUE(result.objectives[0].met);
  EXPECT_NEAR(result.objectives[0].value, 30, 0.05);
  EXPECT_FALSE(result.objectives[1].met);
}

TEST(Objectives, AnUnknownMetricIsAnErrorWithTheNearestOne) {
  const auto error = run_error_of(
      kClosedForm,
      {R"(/objectives=[{"metric":"/chains/0/latency_ms/p98","comparison":"<","value":1}])"});
  EXPECT_NE(error.message.find("did you mean /chains/0/latency_ms/p9"), std::string::npos)
      << error.message;
}

// --- JSON

bool has_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "count") return value.is_number_unsigned();
  if (type == "share") return value >= 0 && value <= 1;
  return type == "number" && value.is_number() && std::isfinite(value.get<double>());
}

// A small reader of the schema's subset that results need; the loader's valijson stays where it is.
void expect_shape(const Json& schema, const Json& value, const std::string& pointer) {
  if (schema.is_string()) {
    EXPECT_TRUE(has_type(value, schema.get<std::string>())) << pointer << ": " << value;
  } else if (schema.is_array()) {
    ASSERT_TRUE(value.is_array()) << pointer;
    for (size_t i = 0; i < value.size(); ++i) {
      expect_shape(schema[0], value[i], pointer + "/" + std::to_string(i));
    }
  } else {
    ASSERT_TRUE(value.is_object()) << pointer;
    for (const auto& [key, inner] : schema.items()) {
      ASSERT_TRUE(value.contains(key)) << pointer << "/" << key;
      expect_shape(inner, value[key], pointer + "/" + key);
    }
  }
}

TEST(RunJson, HasEveryFieldOfTheContractInItsOrder) {
  const Json latency = {{"mean", "number"}, {"p50", "number"},  {"p90", "number"},
                        {"p99", "number"},  {"p999", "number"}, {"max", "number"}};
  const Json chain = {{"id", "string"},           {"protocol", "string"},
                      {"replicas", "count"},      {"offered_tps", "number"},
                      {"submitted", "count"},     {"committed", "count"},
                      {"refused", "count"},       {"timed_out", "count"},
                      {"in_flight", "count"},     {"throughput_tps", "number"},
                      {"latency_ms", latency},    {"blocks", "count"},
                      {"view_changes", "count"},  {"messages", "count"},
                      {"network_bytes", "count"}, {"cpu_utilisation", "share"},
                      {"storage_bytes", "count"}, {"saturated", "boolean"}};
  const Json service = {
      {"id", "string"}, {"completed", "count"}, {"refused", "count"}, {"latency_ms", latency}};
  const Json simulation = {{"events", "count"},         {"messages", "count"},
                           {"cpu_seconds", "number"},   {"wall_seconds", "number"},
                           {"peak_rss_bytes", "count"}, {"threads", "count"}};
  const Json contract = {{"scenario", "string"},
                         {"scenario_hash", "string"},
                         {"model_version", "string"},
                         {"seed", "count"},
                         {"simulated_seconds", "number"},
                         {"warmup_seconds", "number"},
                         {"chains", Json::array({chain})},
                         {"services", Json::array({service})},
                         {"violations", Json::array({Json::object()})},
                         {"digest", "string"},
                         {"simulation", simulation}};
  const RunResult result = run_text_of(kClosedForm, {});
  const std::string text = run_json(result, "govchain run x", true);
  expect_shape(contract, Json::parse(text), "");
  std::vector<std::string> order;
  const auto ordered = nlohmann::ordered_json::parse(text);
  for (const auto& item : ordered.items()) {
    if (contract.contains(item.key())) order.push_back(item.key());
  }
  EXPECT_EQ(order, (std::vector<std::string>{"scenario", "scenario_hash", "model_version", "seed",
                                             "simulated_seconds", "warmup_seconds", "chains",
                                             "services", "violations", "digest", "simulation"}));
}

TEST(RunText, FitsTheTerminalAndSaysWhatMatters) {
  RunRequest request;
  request.replications = 3;
  const scenarios::Scenario scenario =
      scenario_of(kClosedForm, {"/chains/0/load/arrivals=poisson"});
  const RunResult result = run_of(scenario, request);
  for (const int columns : {60, 80, 120}) {
    const std::string text = run_text(result, scenario.world, {columns, false});
    EXPECT_NE(text.find("committed"), std::string::npos);
    EXPECT_NE(text.find("(±"), std::string::npos);
    EXPECT_NE(text.find("violations none"), std::string::npos);
    EXPECT_EQ(text.find('\033'), std::string::npos);
    size_t start = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
      // Characters, not bytes: "±" is two.
      size_t width = 0;
      for (size_t i = start; i < end; ++i) {
        width += (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
      }
      EXPECT_LE(width, static_cast<size_t>(columns)) << text.substr(start, end - start);
      start = end + 1;
    }
  }
}

}  // namespace
}  // namespace govchain::analysis
