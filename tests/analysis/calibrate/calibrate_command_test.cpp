// govchain calibrate, as a person types it. Nothing here is about how long anything took.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/command/terminal.h"
#include "scenarios/data_loader.h"
#include "tests/analysis/program_fixture.h"

namespace govchain::analysis {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// One quick calibration for all tests that look at what it wrote.
class Calibrated : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    place_ = fs::temp_directory_path() / ("govchain-calibrated-" + std::to_string(::getpid()));
    fs::create_directories(place_ / "disk");
    output_ = run_typed({"calibrate", "--quick", "--records", "1000,10000", "--out",
                         (place_ / "here.json").string(), "--folder", (place_ / "disk").string()});
  }
  static void TearDownTestSuite() { fs::remove_all(place_); }

  [[nodiscard]] static std::string profile_path() { return (place_ / "here.json").string(); }
  [[nodiscard]] static Json profile() {
    std::ifstream file(profile_path());
    return Json::parse(file, nullptr, false);
  }

  static fs::path place_;
  static ProgramOutput output_;
};
fs::path Calibrated::place_;
ProgramOutput Calibrated::output_;

TEST_F(Calibrated, EndsWellAndSaysSoOnStandardOutputAlone) {
  EXPECT_EQ(output_.code, 0) << output_.err;
  EXPECT_EQ(output_.err, "");
  EXPECT_NE(output_.out.find("message_receive"), std::string::npos);
  EXPECT_NE(output_.out.find("profile " + profile_path()), std::string::npos);
}

TEST_F(Calibrated, PrintsATableOfEightyColumns) {
  std::istringstream lines(output_.out.substr(0, output_.out.rfind("\nprofile ")));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80U) << line;
}

TEST_F(Calibrated, LeavesNothingInTheFolder) { EXPECT_TRUE(fs::is_empty(place_ / "disk")); }

TEST_F(Calibrated, WritesAProfileThatTheReaderTakes) {
  const auto read = scenarios::load_profile_file(profile_path());
  ASSERT_TRUE(read.ok()) << read.error().where << " " << read.error().message;
  EXPECT_EQ(read->id, "here");
  const sim::OperationCosts& costs = read->costs;
  for (const sim::Duration cost :
       {costs.message_receive, costs.message_send, costs.per_kilobyte_network, costs.sign,
        costs.verify, costs.hash_per_kilobyte, costs.execute_transaction, costs.admit_transaction,
        costs.client_verify, read->disk.sync}) {
    EXPECT_GT(cost, sim::Duration::zero());
  }
  EXPECT_FALSE(read->disk.write_rate.is_unlimited());
  EXPECT_FALSE(read->disk.read_rate.is_unlimited());
}

TEST_F(Calibrated, EveryFieldThatWasMeasuredNamesTheMachineAndTheRows) {
  const Json written = profile();
  for (const char* section : {"costs", "disk"}) {
    for (const auto& [key, row] : written[section].items()) {
      EXPECT_EQ(row["quality"], "measured") << key;
      EXPECT_NE(row["source"].get<std::string>().find("; median of "), std::string::npos) << key;
    }
  }
}

TEST_F(Calibrated, EveryMeasurementIsPositiveAndHasSpread) {
  const Json rows = profile()["measurements"]["rows"];
  ASSERT_GT(rows.size(), 200U);
  for (const Json& row : rows) {
    const Json& us = row["us"];
    EXPECT_GT(us["minimum"].get<double>(), 0) << row;
    EXPECT_LE(us["minimum"], us["low_quartile"]) << row;
    EXPECT_LE(us["low_quartile"], us["median"]) << row;
    EXPECT_LE(us["median"], us["high_quartile"]) << row;
    EXPECT_LE(us["high_quartile"], us["maximum"]) << row;
    EXPECT_GE(row["samples"].get<uint64_t>(), 1U) << row;
    EXPECT_FALSE(row["per"].get<std::string>().empty()) << row;
  }
}

TEST_F(Calibrated, MeasuresEverythingThatTheReadmeNames) {
  const std::vector<Json> rows = profile()["measurements"]["rows"];
  std::map<std::string, std::set<std::string>> labels;  // of each kind of row
  for (const Json& row : rows) {
    std::set<std::string>& of = labels[row["what"]];
    of.insert("");
    for (const auto& [key, value] : row["of"].items()) of.insert(value.get<std::string>());
  }
  const auto has = [&labels](const std::string& what, std::initializer_list<const char*> values) {
    for (const char* value : values) {
      EXPECT_TRUE(labels[what].contains(value)) << what << ": " << value;
    }
  };
  has("hash", {"sha256", "sm3", "64 bytes", "bulk"});
  for (const char* what : {"sign", "verify", "verify certificate", "verify client"}) {
    has(what, {"ed25519", "sm2"});
  }
  for (const char* what : {"step", "engine", "encode", "decode"}) {
    has(what, {"pbft", "raft", "tendermint", "qbft", "hotstuff", "3", "4", "5", "7", "10"});
  }
  has("step", {"pre-prepare", "prepare", "commit", "persisted", "executed", "signed"});
  has("execute", {"sharing", "licence", "invoice", "1000", "10000"});
  has("send", {"separate", "64 together", "bulk"});
  has("receive", {"separate", "64 together", "bulk"});
  has("hand over", {"asleep", "busy"});
  has("log sync", {"1", "8", "64", "block of 100"});
  has("engine payload", {"pbft", "raft", "tendermint", "qbft", "hotstuff"});
  has("rested sync", {"1 ms", "3 ms", "10 ms"});  // as the model looks for them
  if (std::thread::hardware_concurrency() > 1) has("wake a core", {"0.1 ms", "1 ms", "10 ms"});
  for (const char* what :
       {"message transit", "hand-over delay", "change threads", "change processes", "log",
        "write file", "read file", "store", "store sync", "admit"}) {
    has(what, {""});
  }
}

TEST_F(Calibrated, SaysOnWhichMachineAndHowQuietItWas) {
  const Json measurements = profile()["measurements"];
  for (const char* key : {"processor", "kernel", "file_system", "date"}) {
    EXPECT_FALSE(measurements["machine"][key].get<std::string>().empty()) << key;
  }
  const Json& quiet = measurements["quiet"];
  EXPECT_EQ(quiet["noisy"].get<bool>(), !quiet["reasons"].empty());
  EXPECT_NE(output_.out.find(quiet["noisy"].get<bool>() ? "NOISY:" : "quiet:"), std::string::npos);
}

TEST_F(Calibrated, ProfileIsUsedByARun) {
  const auto utilisation = [this](const std::string& profile) {
    const ProgramOutput ran =
        run_typed({"run", shipped("consensus/pbft-lan.json"), "--profile", profile, "--set",
                   "/duration_seconds=2", "--set", "/warmup_seconds=1", "--out", path("out"),
                   "--json", "--quiet"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    return Json::parse(ran.out)["chains"][0]["cpu_utilisation"].get<double>();
  };
  EXPECT_GT(utilisation(profile_path()), 0);
  EXPECT_EQ(utilisation(shipped("data/profiles/free.json")), 0);
}

// --- Mistakes

using CalibrateCommand = ProgramTest;

TEST_F(CalibrateCommand, RefusesAFolderThatIsNone) {
  const ProgramOutput missing = run_typed({"calibrate", "--quick", "--folder", path("nowhere")});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err, path("nowhere") + ": no such folder\n");
  std::ofstream(path("file")) << "x";
  const ProgramOutput file = run_typed({"calibrate", "--quick", "--folder", path("file")});
  EXPECT_EQ(file.code, 2);
  EXPECT_EQ(file.err, path("file") + ": is not a folder\n");
}

// Not even the superuser can write there.
TEST_F(CalibrateCommand, FailsWhereNothingCanBeWritten) {
  const ProgramOutput output = run_typed({"calibrate", "--quick", "--folder", "/proc"});
  EXPECT_EQ(output.code, 1);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err.rfind("/proc: nothing can be written in this folder: ", 0), 0U)
      << output.err;
}

TEST_F(CalibrateCommand, SaysBeforeItMeasuresThatTheProfileCannotBeWritten) {
  const ProgramOutput output =
      run_typed({"calibrate", "--out", "/proc/nothing/here.json", "--folder", path("nowhere")});
  EXPECT_EQ(output.code, 1);
  EXPECT_EQ(output.out, "");
  EXPECT_NE(output.err.find("/proc/nothing"), std::string::npos) << output.err;
}

TEST_F(CalibrateCommand, ChecksThatItCanWriteWithoutTouchingWhatIsThere) {
  std::ofstream(path("here.json")) << "an older one";
  const ProgramOutput output =
      run_typed({"calibrate", "--out", path("here.json"), "--folder", path("nowhere")});
  EXPECT_EQ(output.code, 2);
  std::ifstream file(path("here.json"));
  std::string text;
  std::getline(file, text);
  EXPECT_EQ(text, "an older one");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(CalibrateCommand, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run_typed({"calibrate", "--signature", "rsa"}).code, 2);
  EXPECT_EQ(run_typed({"calibrate", "--fodler", "x"}).code, 2);
  EXPECT_EQ(run_typed({"calibrate", "--records", "0"}).code, 2);
}

}  // namespace
}  // namespace govchain::analysis
