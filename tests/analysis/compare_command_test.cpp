// govchain compare: the same scenario under several protocols.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/protocols.h"
#include "tests/analysis/program_fixture.h"

namespace govchain::analysis {
namespace {

class Compare : public ProgramTest {
 protected:
  [[nodiscard]] std::vector<std::string> short_compare(
      const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{
        "compare", shipped("consensus/lan.json"), "--set", "/duration_seconds=2",
        "--set",   "/warmup_seconds=1",           "--out", path(out),
        "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] nlohmann::json result(const std::string& out) const {
    std::ifstream file(path(out + "/result.json"));
    return nlohmann::json::parse(file);
  }
};

TEST_F(Compare, RunsEveryProtocolThereIs) {
  const ProgramOutput output = run_typed(short_compare("all"));
  ASSERT_EQ(output.code, 0) << output.err;
  const nlohmann::json json = result("all");
  ASSERT_EQ(json["runs"].size(), consensus::protocols().size());
  for (size_t i = 0; i < json["runs"].size(); ++i) {
    const std::string name(consensus::protocols()[i]->name);
    EXPECT_EQ(json["runs"][i]["protocol"], name);
    EXPECT_EQ(json["runs"][i]["run"]["chains"][0]["protocol"], name);
    EXPECT_GT(json["runs"][i]["run"]["chains"][0]["committed"], 0) << name;
    EXPECT_NE(output.out.find("\n" + name + " "), std::string::npos) << output.out;
  }
  EXPECT_TRUE(std::filesystem::exists(path("all/index.html")));
}

TEST_F(Compare, APointIsTheRunThatRunMakes) {
  ASSERT_EQ(run_typed(short_compare("both", {"--protocols", "raft,pbft"})).code, 0);
  const nlohmann::json json = result("both");
  ASSERT_EQ(json["runs"].size(), 2U);
  for (const nlohmann::json& run : json["runs"]) {
    const std::string protocol = run["protocol"];
    ASSERT_EQ(run_typed({"run", shipped("consensus/lan.json"), "--set", "/duration_seconds=2",
                         "--set", "/warmup_seconds=1", "--set", "/chains/0/protocol=" + protocol,
                         "--out", path(protocol), "--quiet"})
                  .code,
              0);
    EXPECT_EQ(run["run"]["digest"], result(protocol)["digest"]) << protocol;
  }
}

TEST_F(Compare, VariesReplicasAndLoadsInTheOrderGiven) {
  const ProgramOutput output = run_typed(short_compare(
      "grid", {"--protocols", "raft", "--replicas", "5,3", "--loads", "100,50", "--json"}));
  ASSERT_EQ(output.code, 0) << output.err;
  const nlohmann::json json = nlohmann::json::parse(output.out);
  ASSERT_EQ(json["runs"].size(), 4U);
  const std::vector<std::pair<int, int>> expected{{5, 100}, {5, 50}, {3, 100}, {3, 50}};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(json["runs"][i]["replicas"], expected[i].first);
    EXPECT_NEAR(json["runs"][i]["offered_tps"].get<double>(), expected[i].second,
                0.25 * expected[i].second);
  }
}

// Every block begins a view of HotStuff's, and none of these has failed; a leader that is down is a
// failure for everybody that has him in turn.
TEST_F(Compare, CountsViewsThatFailedAlikeForAllProtocols) {
  ASSERT_EQ(run_typed(short_compare("calm")).code, 0);
  for (const nlohmann::json& run : result("calm")["runs"]) {
    EXPECT_EQ(run["run"]["chains"][0]["view_changes"], 0) << run["protocol"];
  }
  const ProgramOutput output = run_typed(short_compare(
      "down",
      {"--protocols", "pbft,tendermint,qbft,hotstuff", "--set", "/duration_seconds=8", "--set",
       R"(/faults=[{"kind": "crash", "at_seconds": 2, "duration_seconds": 4,)"
       R"( "chain": "main", "replicas": [0]}])"}));
  ASSERT_EQ(output.code, 0) << output.err;
  EXPECT_NE(output.out.find("failed views"), std::string::npos) << output.out;
  for (const nlohmann::json& run : result("down")["runs"]) {
    const auto failed = run["run"]["chains"][0]["view_changes"].get<uint64_t>();
    EXPECT_GE(failed, 1U) << run["protocol"];
    // At most one in each timeout of a second, or thrice as many where a leader is met again.
    EXPECT_LE(failed, 12U) << run["protocol"];
  }
}

TEST_F(Compare, DoesNotDependOnThreads) {
  ASSERT_EQ(run_typed(short_compare("one", {"--threads", "1"})).code, 0);
  ASSERT_EQ(run_typed(short_compare("three", {"--threads", "3"})).code, 0);
  const nlohmann::json one = result("one");
  const nlohmann::json three = result("three");
  for (size_t i = 0; i < one["runs"].size(); ++i) {
    EXPECT_EQ(one["runs"][i]["run"]["digest"], three["runs"][i]["run"]["digest"]);
  }
}

TEST_F(Compare, NamesWhatIsWrong) {
  const ProgramOutput unknown = run_typed(short_compare("x", {"--protocols", "pbtf"}));
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("did you mean pbft"), std::string::npos) << unknown.err;
  EXPECT_EQ(run_typed(short_compare("x", {"--replicas", "0"})).code, 2);
  EXPECT_EQ(run_typed(short_compare("x", {"--loads", "-3"})).code, 2);
  const ProgramOutput word = run_typed(short_compare("x", {"--loads", "much"}));
  EXPECT_EQ(word.code, 2);
  EXPECT_NE(word.err.find("\"much\" is not a number"), std::string::npos) << word.err;
  EXPECT_EQ(run_typed({"compare", shipped("national.json")}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(path("x")));
}

}  // namespace
}  // namespace govchain::analysis
