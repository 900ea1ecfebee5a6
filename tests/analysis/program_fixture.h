#pragma once
// The program as a person types it, inside the test's process.

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace govchain::analysis {

struct ProgramOutput {
  int code = 0;
  std::string out;
  std::string err;
};

[[nodiscard]] ProgramOutput run_typed(const std::vector<std::string>& arguments);

// A test with a folder of its own.
class ProgramTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  [[nodiscard]] std::string path(const std::string& name) const;
  [[nodiscard]] static std::string shipped(const std::string& name);
  // Three provinces, two services, few draws, a short peak: a plan of a second. `more` follows.
  [[nodiscard]] std::vector<std::string> small_plan(const std::string& out,
                                                    const std::vector<std::string>& more) const;

  std::filesystem::path folder_;
};

}  // namespace govchain::analysis
