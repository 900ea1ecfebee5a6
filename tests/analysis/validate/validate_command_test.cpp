// govchain validate, as a person types it. What takes no processes; tests/analysis/live has those.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/analysis/program_fixture.h"

namespace govchain::analysis {
namespace {

class ValidateCommand : public ProgramTest {
 protected:
  [[nodiscard]] ProgramOutput validate(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"validate", "--quiet", "--out", path("out")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_typed(arguments);
  }
  [[nodiscard]] static std::string free_machine() { return shipped("data/profiles/free.json"); }
};

TEST_F(ValidateCommand, WantsAProfile) {
  const ProgramOutput output = validate({shipped("live/pbft.json")});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("--profile"), std::string::npos) << output.err;
}

TEST_F(ValidateCommand, NamesTheNearestProtocol) {
  const ProgramOutput output = validate({"--profile", free_machine(), "--protocol", "tendermit"});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("did you mean tendermint?"), std::string::npos) << output.err;
}

TEST_F(ValidateCommand, RefusesReplicasThatTheDesignDoesNotHave) {
  const ProgramOutput output =
      validate({"--profile", free_machine(), "--protocol", "pbft", "--replicas", "5"});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("no configuration of the design"), std::string::npos) << output.err;
}

TEST_F(ValidateCommand, RefusesAMachineThatWasNotMeasured) {
  const ProgramOutput output = validate({shipped("live/pbft.json"), "--profile", free_machine()});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("has no measurements"), std::string::npos) << output.err;
  EXPECT_FALSE(std::filesystem::exists(path("out/result.json")));
}

TEST_F(ValidateCommand, ResumesNothingThatIsNoValidation) {
  const std::vector<std::string> resume = {"--profile", free_machine(), "--resume",
                                           shipped("live/pbft.json")};
  ProgramOutput output = validate(resume);
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("nothing to go on with"), std::string::npos) << output.err;
  std::filesystem::create_directories(path("out"));
  std::ofstream(path("out/result.json")) << R"({"plan": true})";
  output = validate(resume);
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("is no result of a validation"), std::string::npos) << output.err;
}

}  // namespace
}  // namespace govchain::analysis
