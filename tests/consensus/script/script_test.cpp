// Every script under tests/consensus/scripts prints what it says it prints, and every one in the
// folder that GOVCHAIN_SCRIPTS names. With GOVCHAIN_REWRITE_SCRIPTS=1 the printed outcome is
// written into the scripts instead; read the difference before you believe it.

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/run_script.h"

namespace govchain::consensus::testing {
namespace {

constexpr const char* kFolder = GOVCHAIN_SOURCE_DIR "/tests/consensus/scripts";

std::vector<std::filesystem::path> all_scripts() {
  std::vector<std::filesystem::path> scripts;
  std::vector<std::filesystem::path> folders = {kFolder};
  if (const char* others = std::getenv("GOVCHAIN_SCRIPTS")) folders.emplace_back(others);
  for (const std::filesystem::path& folder : folders) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
      if (entry.path().extension() == ".txt") scripts.push_back(entry.path());
    }
    // The folder itself then stands for what is missing, so that its absence is seen.
    if (missing) scripts.push_back(folder);
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

class Script : public ::testing::TestWithParam<std::filesystem::path> {};

// Folders of others may hold names that differ in punctuation only, so that these are numbered.
std::string name_of(const ::testing::TestParamInfo<std::filesystem::path>& script) {
  std::string name =
      script.param.parent_path().filename().string() + "_" + script.param.stem().string();
  if (script.param.string().rfind(kFolder, 0) != 0) name += "_" + std::to_string(script.index);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char letter) { return std::isalnum(letter) == 0; },
      '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Protocols, Script, ::testing::ValuesIn(all_scripts()), name_of);

TEST_P(Script, PrintsWhatItSays) {
  const Result<std::string> text = read_text(GetParam());
  ASSERT_TRUE(text) << text.error().where << ": " << text.error().message;
  const ScriptRun run = run_script(*text, GetParam().string());
  ASSERT_TRUE(run.error.empty()) << run.error;
  for (size_t i = 0; i < run.outputs.size(); ++i) {
    EXPECT_EQ(run.outputs[i].find("DISAGREES"), std::string::npos) << run.cases[i].where();
    EXPECT_EQ(run.outputs[i].find("TWICE"), std::string::npos) << run.cases[i].where();
  }
  if (std::getenv("GOVCHAIN_REWRITE_SCRIPTS") != nullptr) {
    std::ofstream(GetParam(), std::ios::binary) << with_outputs(*text, run.cases, run.outputs);
    return;
  }
  for (const size_t i : run.different) {
    ADD_FAILURE() << run.cases[i].where() << ": '" << run.cases[i].command
                  << "' printed what is not expected\nexpected:\n"
                  << run.cases[i].expected << "printed:\n"
                  << run.outputs[i]
                  << "(GOVCHAIN_REWRITE_SCRIPTS=1 writes the new outcome into the script)";
  }
}

}  // namespace
}  // namespace govchain::consensus::testing
