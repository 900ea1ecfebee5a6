#include "tests/analysis/program_fixture.h"

#include <cstdlib>
#include <unistd.h>

#include "analysis/command/command.h"

namespace govchain::analysis {

namespace fs = std::filesystem;

ProgramOutput run_typed(const std::vector<std::string>& arguments) {
  setenv("GOVCHAIN_HOME", GOVCHAIN_SOURCE_DIR, 1);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  ProgramOutput output;
  output.code = run_program(arguments);
  output.out = testing::internal::GetCapturedStdout();
  output.err = testing::internal::GetCapturedStderr();
  return output;
}

void ProgramTest::SetUp() {
  folder_ = fs::temp_directory_path() / ("govchain-program-" + std::to_string(::getpid()));
  fs::create_directories(folder_);
}

void ProgramTest::TearDown() { fs::remove_all(folder_); }

std::string ProgramTest::path(const std::string& name) const { return (folder_ / name).string(); }

std::string ProgramTest::shipped(const std::string& name) {
  return std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/" + name;
}

std::vector<std::string> ProgramTest::small_plan(const std::string& out,
                                                 const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"plan",    shipped("national.json"),
                                    "--set",   R"(/platforms=["CN-GD","CN-BJ","CN-HE"])",
                                    "--set",   "/draws=200",
                                    "--set",   R"(/services=["digital-identity","e-licence"])",
                                    "--set",   R"(/service_level/services={})",
                                    "--set",   "/deployment/peak_duration_seconds=3",
                                    "--set",   "/deployment/peak_warmup_seconds=1",
                                    "--quiet", "--out",
                                    path(out)};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace govchain::analysis
