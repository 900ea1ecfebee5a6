// The program as a person types it: exit codes, what goes where, and the nearest valid name.

#include "analysis/command/command.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace govchain::analysis {
namespace {

namespace fs = std::filesystem;

struct Output {
  int code = 0;
  std::string out;
  std::string err;
};

Output run(const std::vector<std::string>& arguments) {
  setenv("GOVCHAIN_HOME", GOVCHAIN_SOURCE_DIR, 1);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Output output;
  output.code = run_program(arguments);
  output.out = testing::internal::GetCapturedStdout();
  output.err = testing::internal::GetCapturedStderr();
  return output;
}

class Command : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("govchain-command-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_ / name).string();
  }
  [[nodiscard]] static std::string shipped(const std::string& name) {
    return std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/" + name;
  }
  [[nodiscard]] std::vector<std::string> short_run(const std::string& out) const {
    return {"run",    shipped("consensus/pbft-lan.json"),
            "--set",  "/duration_seconds=2",
            "--set",  "/warmup_seconds=1",
            "--out",  path(out),
            "--quiet"};
  }

  fs::path folder_;
};

TEST_F(Command, HelpOpensWithExamplesAndListsWhatWorks) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"plan", "--help"},
                                             {"fuzz", "--help"},
                                             {"run", "--help"},
                                             {"compare", "--help"},
                                             {"calibrate", "--help"},
                                             {"scenario", "--help"},
                                             {"scenario", "check", "-h"},
                                             {"live", "--help"},
                                             {"validate", "--help"},
                                             {"node", "--help"},
                                             {"node", "init", "--help"},
                                             {"node", "call", "--help"},
                                             {"node", "add", "--help"},
                                             {"node", "remove", "--help"},
                                             {"verify-block", "--help"},
                                             {"compare-digests", "--help"}}) {
    const Output output = run(arguments);
    EXPECT_EQ(output.code, 0);
    const size_t examples = output.out.find("Examples:\n  govchain ");
    EXPECT_NE(examples, std::string::npos) << output.out;
    EXPECT_LT(examples, output.out.find("Usage: govchain")) << output.out;
    EXPECT_TRUE(output.err.empty());
    size_t start = 0;
    for (size_t end = output.out.find('\n'); end != std::string::npos;
         end = output.out.find('\n', start)) {
      EXPECT_LE(end - start, 80U) << output.out.substr(start, end - start);
      start = end + 1;
    }
  }
  const Output help = run({"--help"});
  // "load" is there for `live` alone.
  for (const char* absent : {"sweep", "twins", "serve", "regress", "load"}) {
    EXPECT_EQ(help.out.find(std::string("  ") + absent + " "), std::string::npos) << absent;
  }
  EXPECT_EQ(run({"live", "--help"}).out.find("--swallow-syncs-after"), std::string::npos);
}

TEST_F(Command, AMistypedWordIsAnsweredWithTheNearestOne) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"rn"}, "govchain: unknown command \"rn\"; did you mean run?"},
      {{"scenrio", "list"}, "govchain: unknown command \"scenrio\"; did you mean scenario?"},
      {{"scenario", "lsit"}, "govchain scenario: unknown command \"lsit\"; did you mean list?"},
      {{"run", "--sed", "3"}, "govchain run: unknown option --sed; did you mean --seed?"},
      {{"run", "x.json", "--thread=2"},
       "govchain run: unknown option --thread; did you mean --threads?"},
      {{"run", "--hlep"}, "govchain run: unknown option --hlep; did you mean --help?"},
      {{"frobnicate"}, "govchain: unknown command \"frobnicate\"\n"},
  };
  for (const auto& [arguments, expected] : cases) {
    const Output output = run(arguments);
    EXPECT_EQ(output.code, 2) << expected;
    EXPECT_TRUE(output.err.starts_with(expected)) << output.err;
    EXPECT_TRUE(output.out.empty());
  }
}

TEST_F(Command, AMissingFileSuggestsTheOneThatWasMeant) {
  const Output output = run({"run", "pbft-wna.json"});
  EXPECT_EQ(output.code, 2);
  EXPECT_TRUE(output.err.starts_with(
      "pbft-wna.json: no such file; did you mean scenarios/consensus/pbft-wan.json?"))
      << output.err;
}

TEST_F(Command, RunPrintsJsonAndWritesTheSame) {
  std::vector<std::string> arguments = short_run("a");
  arguments.push_back("--json");
  const Output output = run(arguments);
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_TRUE(output.err.empty()) << output.err;
  const auto printed = nlohmann::json::parse(output.out);
  std::ifstream file(path("a/result.json"));
  const auto written = nlohmann::json::parse(file);
  EXPECT_EQ(printed, written);
  EXPECT_TRUE(fs::exists(path("a/index.html")));
  EXPECT_TRUE(fs::exists(path("a/scenario.json")));
  for (const auto& entry : fs::directory_iterator(path("a"))) {
    EXPECT_NE(entry.path().extension(), ".tmp");
  }
}

TEST_F(Command, ThePipedTextHasNoColour) {
  const Output output = run(short_run("a"));
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_EQ(output.out.find('\033'), std::string::npos);
  EXPECT_NE(output.out.find("pbft, 4 replicas in 1 place"), std::string::npos) << output.out;
}

TEST_F(Command, AMissedObjectiveIsSaidFirstAndEndsWithSeven) {
  std::vector<std::string> arguments = short_run("a");
  arguments.insert(
      arguments.end(),
      {"--set",
       R"(/objectives=[{"metric":"/chains/0/throughput_tps","comparison":">","value":1e9}])"});
  const Output output = run(arguments);
  EXPECT_EQ(output.code, 7);
  EXPECT_TRUE(output.out.starts_with("✗ /chains/0/throughput_tps > ")) << output.out;
}

TEST_F(Command, AnUnknownMetricEndsWithTwo) {
  std::vector<std::string> arguments = short_run("a");
  arguments.insert(
      arguments.end(),
      {"--set",
       R"(/objectives=[{"metric":"/chains/0/troughput_tps","comparison":">","value":1}])"});
  const Output output = run(arguments);
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("did you mean /chains/0/throughput_tps?"), std::string::npos)
      << output.err;
}

TEST_F(Command, CompareDigestsFindsTheFirstEvent) {
  ASSERT_EQ(run(short_run("a")).code, 0);
  ASSERT_EQ(run(short_run("b")).code, 0);
  std::vector<std::string> other = short_run("c");
  other.insert(other.end(), {"--seed", "2"});
  ASSERT_EQ(run(other).code, 0);
  const Output same = run({"compare-digests", path("a"), path("b")});
  EXPECT_EQ(same.code, 0);
  EXPECT_TRUE(same.out.starts_with("the same: digest ")) << same.out;
  const Output different = run({"compare-digests", path("a"), path("c")});
  EXPECT_EQ(different.code, 5);
  EXPECT_NE(different.out.find("first event that differs, number "), std::string::npos)
      << different.out;
  EXPECT_NE(different.out.find("first figure that differs: /scenario_hash"), std::string::npos)
      << different.out;
  EXPECT_EQ(run({"compare-digests", path("a"), path("none")}).code, 2);
}

TEST_F(Command, ScenarioListIsAnArrayOfIdPathAndSummary) {
  const Output output = run({"scenario", "list", "--json"});
  EXPECT_EQ(output.code, 0);
  const auto list = nlohmann::json::parse(output.out);
  ASSERT_TRUE(list.is_array());
  for (const auto& entry : list) {
    EXPECT_EQ(entry.size(), 3U);
    EXPECT_FALSE(entry["id"].get<std::string>().empty());
    EXPECT_TRUE(
        fs::exists(std::string(GOVCHAIN_SOURCE_DIR) + "/" + entry["path"].get<std::string>()));
    EXPECT_FALSE(entry["summary"].get<std::string>().empty());
  }
}

TEST_F(Command, ScenarioCheckNamesEveryWrongFile) {
  std::ofstream(path("bad.json")) << "{ \"id\": 1 }";
  const Output output = run({"scenario", "check", shipped("consensus/lan.json"), path("bad.json")});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.out.find("lan.json: ok"), std::string::npos);
  EXPECT_NE(output.err.find("bad.json:1:"), std::string::npos) << output.err;
}

TEST_F(Command, OutputThatCannotBeWrittenIsNamed) {
  std::ofstream(path("file")) << "not a folder";
  std::vector<std::string> arguments = short_run("file/inside");
  const Output output = run(arguments);
  EXPECT_EQ(output.code, 1);
  EXPECT_NE(output.err.find(path("file")), std::string::npos) << output.err;
}

}  // namespace
}  // namespace govchain::analysis
