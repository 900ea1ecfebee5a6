// Every script under tests/consensus/scripts prints what it says it prints. With
// GOVCHAIN_REWRITE_SCRIPTS=1 the printed outcome is written into the scripts instead; read the
// difference before you believe it.

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/consensus/script/interpreter.h"

namespace govchain::consensus::testing {
namespace {

constexpr const char* kFolder = GOVCHAIN_SOURCE_DIR "/tests/consensus/scripts";

std::vector<std::filesystem::path> all_scripts() {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

class Script : public ::testing::TestWithParam<std::filesystem::path> {};

INSTANTIATE_TEST_SUITE_P(Protocols, Script, ::testing::ValuesIn(all_scripts()),
                         [](const auto& script) {
                           std::string name = script.param.parent_path().filename().string() + "_" +
                                              script.param.stem().string();
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char letter) { return std::isalnum(letter) == 0; }, '_');
                           return name;
                         });

TEST_P(Script, PrintsWhatItSays) {
  const Result<std::string> text = read_text(GetParam());
  ASSERT_TRUE(text) << text.error().where << ": " << text.error().message;
  const auto cases = parse_cases(*text, GetParam().filename().string());
  ASSERT_TRUE(cases) << cases.error().where << ": " << cases.error().message;
  ASSERT_FALSE(cases->empty());
  const bool rewrite = std::getenv("GOVCHAIN_REWRITE_SCRIPTS") != nullptr;
  Interpreter interpreter;
  std::vector<std::string> outputs;
  for (const Case& command : *cases) {
    outputs.push_back(interpreter.run(command));
    EXPECT_EQ(outputs.back().find("DISAGREES"), std::string::npos) << command.where();
    EXPECT_EQ(outputs.back().find("TWICE"), std::string::npos) << command.where();
    if (!rewrite) {
      EXPECT_EQ(outputs.back(), command.expected)
          << command.where() << ": " << command.command
          << "\n(GOVCHAIN_REWRITE_SCRIPTS=1 writes the new outcome into the script)";
    }
  }
  if (rewrite) std::ofstream(GetParam(), std::ios::binary) << with_outputs(*text, *cases, outputs);
}

}  // namespace
}  // namespace govchain::consensus::testing
