// Scripts that others wrote for etcd-io/raft, told in our words by
// tests/consensus/convert_etcd_script: none has a command without a counterpart, none ends in an
// error, and their tables are ours but for those that tests/consensus/README.md names.
// GOVCHAIN_ETCD_SCRIPTS is the folder (testdata there).

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/run_script.h"

namespace govchain::consensus::testing {
namespace {

const std::filesystem::path kTests = GOVCHAIN_SOURCE_DIR "/tests/consensus";
using Differences = std::map<std::string, size_t>;  // tables by script

// What the converter prints, or nothing if it gives up; it says why on its own.
std::optional<std::string> converted(const std::filesystem::path& script) {
  const std::string command =
      "'" + (kTests / "convert_etcd_script").string() + "' '" + script.string() + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    text.append(buffer.data(), got);
  }
  if (pclose(pipe) == 0) return text;
  ADD_FAILURE() << text;
  return std::nullopt;
}

bool is_table(const Case& command) {
  return command.command == "state" || command.command == "progress" || command.command == "log";
}

struct Figures {
  size_t files = 0;
  size_t tables = 0;
  Differences differences;

  [[nodiscard]] std::string text() const {
    size_t different = 0;
    for (const auto& [script, count] : differences) different += count;
    return std::to_string(tables - different) + " of " + std::to_string(tables) +
           " tables are the same, and all of them in " +
           std::to_string(files - differences.size()) + " of " + std::to_string(files) + " files";
  }
};

// Rows "| `name` | 2 | why |" of the table whose head says so.
Differences documented(const std::string& readme) {
  Differences named;
  std::istringstream lines(readme);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| script there | tables |", 0) == 0) inside = true;
    if (line.empty()) inside = false;
    if (!inside || line.rfind("| `", 0) != 0) continue;
    const size_t end = line.find('`', 3);
    const size_t column = line.find('|', end) + 2;
    const auto tables = parse_number(line.substr(column, line.find(' ', column) - column));
    EXPECT_TRUE(tables) << line;
    named[line.substr(3, end - 3)] = tables.value_or(0);
  }
  return named;
}

TEST(EtcdScripts, AreToldAlikeButForWhatIsDocumented) {
  const char* folder = std::getenv("GOVCHAIN_ETCD_SCRIPTS");
  if (folder == nullptr || !std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "set GOVCHAIN_ETCD_SCRIPTS to the folder testdata of etcd-io/raft";
  }
  Figures figures;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    ++figures.files;
    const std::optional<std::string> text = converted(entry.path());
    if (!text) continue;
    const ScriptRun run = run_script(*text, entry.path().filename().string());
    EXPECT_EQ(run.error, "");
    figures.tables +=
        static_cast<size_t>(std::count_if(run.cases.begin(), run.cases.end(), is_table));
    for (const size_t i : run.different) {
      EXPECT_TRUE(is_table(run.cases[i])) << run.cases[i].where() << ": " << run.outputs[i];
      ++figures.differences[entry.path().stem().string()];
    }
  }
  std::cout << figures.text() << "\n";
  RecordProperty("tables", figures.text());
  const Result<std::string> readme = read_text(kTests / "README.md");
  ASSERT_TRUE(readme);
  // Another version of those scripts has other tables; what is documented is about one.
  if (readme->find(" of " + std::to_string(figures.tables) + " tables are the same") ==
      std::string::npos) {
    std::cout << "not the version that tests/consensus/README.md speaks of\n";
    return;
  }
  EXPECT_NE(readme->find(figures.text()), std::string::npos) << figures.text();
  EXPECT_EQ(figures.differences, documented(*readme));
}

}  // namespace
}  // namespace govchain::consensus::testing
