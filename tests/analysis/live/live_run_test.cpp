// Networks of real processes, for a few seconds each.

#include <algorithm>
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

class LiveRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("live-run-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // Its exit code; the result, if it wrote one, is in result_.
  int run(const std::string& protocol, std::vector<std::string> more) {
    ChildRequest request;
    request.arguments = {GOVCHAIN_PROGRAM,
                         "live",
                         std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/live/" + protocol + ".json",
                         "--quiet",
                         "--out",
                         (folder_ / "out").string()};
    for (const char* change :
         {"/duration_seconds=4", "/warmup_seconds=1", "/chains/0/load/rate_per_second=100"}) {
      request.arguments.insert(request.arguments.end(), {"--set", change});
    }
    request.arguments.insert(request.arguments.end(), more.begin(), more.end());
    request.environment = {{"GOVCHAIN_HOME", GOVCHAIN_SOURCE_DIR}, {"TMPDIR", folder_.string()}};
    request.log = (folder_ / "log").string();
    auto program = ChildProcess::start(request);
    EXPECT_TRUE(program.ok());
    EXPECT_TRUE(program->wait(Duration::seconds(300)));
    std::ifstream result(folder_ / "out" / "result.json");
    if (result) result_ = Json::parse(result);
    const int status = program->ended().value_or(-1);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Well, or well on a machine that had no room for all of the load.
  void expect_well(int code) const {
    EXPECT_TRUE(code == 0 || code == 5) << code << "\n" << log();
    EXPECT_EQ(rules_broken(), std::vector<std::string>());
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] std::vector<std::string> rules_broken() const {
    std::vector<std::string> rules;
    for (const Json& one : result_["violations"]) rules.push_back(one["rule"]);
    return rules;
  }

  fs::path folder_;
  Json result_;
};

TEST_F(LiveRun, FourReplicasCommitWhatClientsSubmit) {
  expect_well(run("pbft", {}));
  const Json& chain = result_["chains"][0];
  EXPECT_EQ(chain["protocol"], "pbft");
  EXPECT_GT(chain["committed"], 100);
  EXPECT_EQ(chain["submitted"].get<int>(),
            chain["committed"].get<int>() + chain["refused"].get<int>() +
                chain["timed_out"].get<int>() + chain["in_flight"].get<int>());
  EXPECT_GT(chain["latency_ms"]["p50"], 0);
  EXPECT_GT(chain["blocks"], 0);
  EXPECT_GT(chain["messages"], 0);
  EXPECT_EQ(result_["links"], "direct");
  EXPECT_GT(result_["checks"]["acknowledged_payloads"], 100);
  EXPECT_GT(result_["checks"]["blocks_compared"], 0);
  // The network went with the run.
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("govchain-live")) << entry.path();
  }
}

TEST_F(LiveRun, SamplesShowWhatReplicasHoldAndClientsWait) {
  expect_well(run("raft", {"--samples", "1"}));
  const Json& samples = result_["samples"];
  ASSERT_EQ(samples.size(), 4U);
  uint64_t committed = 0;
  double last = 0;
  for (const Json& sample : samples) {
    EXPECT_GT(sample["at_seconds"], last);
    last = sample["at_seconds"];
    committed += sample["committed"].get<uint64_t>();
    ASSERT_EQ(sample["nodes"].size(), result_["nodes"].size());
    for (const Json& node : sample["nodes"]) {
      EXPECT_GT(node["rss_bytes"], 1 << 20U);
      EXPECT_GT(node["open_files"], 10);
      EXPECT_GT(node["stored_bytes"], 1 << 10U);
    }
  }
  // From the start on, where the result counts from the end of the warm-up.
  EXPECT_GE(committed, result_["chains"][0]["committed"].get<uint64_t>());
  EXPECT_GT(samples.back()["latency_ms"]["p99"], 0);
  EXPECT_GT(samples.back()["nodes"][0]["committed_height"],
            samples.front()["nodes"][0]["committed_height"]);
}

TEST_F(LiveRun, AProcessBesideItFindsTheNetworkAndEndsWithTheLoad) {
  const std::string told = (folder_ / "told").string();
  expect_well(run("raft", {"--beside", "ls $GOVCHAIN_NETWORK/network.json >" + told + "; echo " +
                                           "$GOVCHAIN_REPLICA_PORTS $GOVCHAIN_CLIENT_PORTS >>" +
                                           told + "; sleep 1000"}));
  std::ifstream file(told);
  std::string network;
  std::string replicas;
  std::string clients;
  file >> network >> replicas >> clients;
  EXPECT_TRUE(network.ends_with("/network/network.json")) << network;
  const auto count = static_cast<ptrdiff_t>(result_["nodes"].size());
  EXPECT_EQ(std::count(replicas.begin(), replicas.end(), ','), count - 1);
  EXPECT_EQ(std::count(clients.begin(), clients.end(), ','), count - 1);
}

TEST_F(LiveRun, AProcessBesideItThatFailsIsNamed) {
  EXPECT_EQ(run("raft", {"--beside", "echo no luck >&2; exit 3"}), 2) << log();
  EXPECT_NE(log().find("exited with 3: no luck"), std::string::npos) << log();
}

TEST_F(LiveRun, NothingAcknowledgedIsLostWhenAllReplicasAreKilled) {
  expect_well(run("pbft", {"--set", "/duration_seconds=10", "--set",
                           R"(/faults=[{"kind":"crash","at_seconds":3,"duration_seconds":1,)"
                           R"("replicas":[0,1,2,3]}])"}));
  EXPECT_EQ(result_["kills"]["kills"], 4);
  EXPECT_EQ(result_["nodes"][0]["starts"], 2);
  EXPECT_GT(result_["checks"]["acknowledged_payloads"], 100);
}

TEST_F(LiveRun, ReplicasThatDoNotSyncAreFoundToLoseWhatTheyAcknowledged) {
  EXPECT_EQ(run("pbft", {"--set", "/duration_seconds=10", "--swallow-syncs-after", "3", "--set",
                         R"(/faults=[{"kind":"crash","at_seconds":5,"duration_seconds":1,)"
                         R"("replicas":[0,1,2,3]}])"}),
            6)
      << log();
  EXPECT_FALSE(rules_broken().empty());
}

TEST_F(LiveRun, APauseAndAPartitionPassAndEverybodyComesBack) {
  expect_well(run(
      "raft", {"--set", "/duration_seconds=10", "--set",
               R"(/network/places=[{"id":"here","local_delay_ms":3}])", "--set",
               R"(/faults=[{"kind":"pause","at_seconds":2,"duration_seconds":1,"replicas":[1]},)"
               R"({"kind":"partition","at_seconds":4,"duration_seconds":2,"replicas":[2]}])"}));
  EXPECT_EQ(result_["links"], "delay_line");
  EXPECT_GT(result_["delay_line_cpu_seconds"], 0);
  // There and back to a majority, at least.
  EXPECT_GE(result_["chains"][0]["latency_ms"]["p50"], 6);
}

TEST_F(LiveRun, ReadsThroughKillsFitOneOrderOfEverything) {
  expect_well(run("raft", {"--reads", "100", "--set", "/duration_seconds=10", "--set",
                           R"(/faults=[{"kind":"crash","at_seconds":3,"duration_seconds":1,)"
                           R"("replicas":[0,1,2]}])"}));
  EXPECT_GT(result_["reads"]["answered"], 100);
  EXPECT_GT(result_["reads"]["latency_ms"]["p50"], 0);
  EXPECT_GT(result_["checks"]["reads_compared"], 100);
  EXPECT_GT(result_["checks"]["registers"], 50);
  EXPECT_GT(result_["checks"]["ordered_operations"], result_["checks"]["reads_compared"]);
}

// What a replica that is cut off knows is old: whoever answers from it without asking a majority is
// caught. It is cut off for long enough that the others have a leader also on a busy machine.
TEST_F(LiveRun, StaleReadsAreFound) {
  EXPECT_EQ(
      run("raft", {"--reads", "100", "--local-reads", "--set", "/duration_seconds=11", "--set",
                   R"(/faults=[{"kind":"partition","at_seconds":3,"duration_seconds":6,)"
                   R"("replicas":[2]}])"}),
      6)
      << log();
  const std::vector<std::string> rules = rules_broken();
  EXPECT_NE(std::find(rules.begin(), rules.end(), "real-time order"), rules.end());
}

// Its votes stop, the others go on, and with room again it has all blocks. (As root only.)
TEST_F(LiveRun, AFullDiskIsSurvived) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may mount a small file system";
  const int code = run("raft", {"--set", "/duration_seconds=14", "--set",
                                "/chains/0/load/rate_per_second=1000", "--set",
                                R"(/faults=[{"kind":"disk_full","at_seconds":2,)"
                                R"("duration_seconds":8,"replicas":[1]}])"});
  if (log().find("not permitted") != std::string::npos) {
    GTEST_SKIP() << "no file system may be mounted here";
  }
  expect_well(code);
  EXPECT_EQ(result_["full_disks"]["filled"], 1);
  EXPECT_EQ(result_["full_disks"]["noticed"], 1);
  EXPECT_GT(result_["chains"][0]["committed"], 500);
}

TEST_F(LiveRun, WhatCannotBeDoneIsNamed) {
  EXPECT_EQ(run("pbft", {"--set", R"(/faults=[{"kind":"loss","at_seconds":1,"probability":0.1}])"}),
            2);
  EXPECT_NE(log().find("/faults/0"), std::string::npos) << log();
}

}  // namespace
}  // namespace govchain::analysis::live
