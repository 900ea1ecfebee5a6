// A validation of one cell: three replicas for five seconds, and the same simulated. With its
// calibration some twenty seconds on a machine that has time.

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/live/child_process.h"

namespace govchain::analysis::live {
namespace {

namespace fs = std::filesystem;
using consensus::Duration;
using Json = nlohmann::json;

class ValidateRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("validate-run-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  int run(std::vector<std::string> arguments) {
    ChildRequest request;
    request.arguments = std::move(arguments);
    request.arguments.insert(request.arguments.begin(), GOVCHAIN_PROGRAM);
    request.environment = {{"GOVCHAIN_HOME", GOVCHAIN_SOURCE_DIR}, {"TMPDIR", folder_.string()}};
    request.log = (folder_ / "log").string();
    auto program = ChildProcess::start(request);
    EXPECT_TRUE(program.ok());
    EXPECT_TRUE(program->wait(Duration::seconds(300)));
    const int status = program->ended().value_or(-1);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int validate(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "validate", std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/live/raft.json",
        "--quiet",  "--profile",
        profile(),  "--out",
        out()};
    for (const char* change :
         {"/duration_seconds=5", "/warmup_seconds=4", "/chains/0/load/rate_per_second=100"}) {
      arguments.insert(arguments.end(), {"--set", change});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  [[nodiscard]] std::string profile() const { return (folder_ / "here.json").string(); }
  [[nodiscard]] std::string out() const { return (folder_ / "out").string(); }
  [[nodiscard]] Json result() const {
    std::ifstream file(fs::path(out()) / "result.json");
    return Json::parse(file, nullptr, false);
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  fs::path folder_;
};

TEST_F(ValidateRun, PutsLiveAndSimulatedSideBySide) {
  ASSERT_EQ(run({"calibrate", "--quick", "--quiet", "--records", "1000", "--out", profile(),
                 "--folder", folder_.string()}),
            0)
      << log();
  // Within the limits, beyond them, or on a machine that had no room or no peace: all are answers.
  const int code = validate({});
  EXPECT_TRUE(code == 0 || code == 5 || code == 7) << code << "\n" << log();
  const Json measured = result();
  ASSERT_EQ(measured["cells"].size(), 1U) << log();
  EXPECT_TRUE(measured["complete"]);
  const Json& cell = measured["cells"][0];
  EXPECT_EQ(cell["name"], "live-raft");
  EXPECT_DOUBLE_EQ(cell["offered_tps"], 100);
  for (const char* side : {"live", "simulated", "free"}) {
    EXPECT_GT(cell[side]["throughput_tps"], 0) << side;
    EXPECT_GT(cell[side]["latency_ms"]["p50"], 0) << side;
  }
  EXPECT_GT(cell["live"]["processor"], 0);
  EXPECT_GT(cell["simulated"]["processor"], 0);
  EXPECT_EQ(cell["free"]["processor"], 0);
  EXPECT_EQ(code == 5, !(cell["quiet"].get<bool>() && cell["offered"].get<bool>()));
  EXPECT_TRUE(fs::exists(fs::path(out()) / "index.html"));

  // What was measured is taken up, and not measured again.
  EXPECT_EQ(validate({"--resume"}), code) << log();
  EXPECT_EQ(result()["cells"][0]["live"], cell["live"]);
  EXPECT_EQ(validate({"--resume", "--set", "/seed=7"}), 2);
}

}  // namespace
}  // namespace govchain::analysis::live
