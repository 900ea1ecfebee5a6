// The tables of tests/consensus/README.md say what each paragraph of a protocol is told by. They
// name every script, and none that is not there.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"

namespace govchain::consensus::testing {
namespace {

const std::filesystem::path kTests = GOVCHAIN_SOURCE_DIR "/tests/consensus";
using Names = std::map<std::string, std::set<std::string>>;  // by folder

// A table about a folder says so in its head: "script under `scripts/raft/`".
std::string folder_of_table(const std::string& line) {
  const std::string mark = "script under `scripts/";
  const size_t start = line.find(mark);
  if (start == std::string::npos) return "";
  const size_t name = start + mark.size();
  return line.substr(name, line.find('/', name) - name);
}

// What stands between backquotes in the second column.
void add_scripts(const std::string& row, std::set<std::string>& scripts) {
  const size_t begin = row.find('|', 1);
  const size_t end = row.find('|', begin + 1);
  if (begin == std::string::npos || end == std::string::npos) return;
  std::istringstream column(row.substr(begin + 1, end - begin - 1));
  std::string text;
  for (bool quoted = false; std::getline(column, text, '`'); quoted = !quoted) {
    if (quoted) scripts.insert(text);
  }
}

Names scripts_named(const std::string& readme) {
  Names named;
  std::string folder;
  std::istringstream lines(readme);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() != '|') {
      folder.clear();
    } else if (const std::string begun = folder_of_table(line); !begun.empty()) {
      folder = begun;
    } else if (!folder.empty()) {
      add_scripts(line, named[folder]);
    }
  }
  return named;
}

Names scripts_there() {
  Names there;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kTests / "scripts")) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".txt") continue;
    there[path.parent_path().filename().string()].insert(path.stem().string());
  }
  return there;
}

std::string difference(const Names& all, const Names& known) {
  std::string text;
  for (const auto& [folder, scripts] : all) {
    const auto found = known.find(folder);
    for (const std::string& script : scripts) {
      if (found != known.end() && found->second.count(script) != 0) continue;
      text += " " + folder + "/" + script;
    }
  }
  return text;
}

TEST(ScriptsReadme, NamesEveryScriptAndNoneThatIsNotThere) {
  const Result<std::string> readme = read_text(kTests / "README.md");
  ASSERT_TRUE(readme) << readme.error().message;
  const Names named = scripts_named(*readme);
  const Names there = scripts_there();
  ASSERT_FALSE(there.empty());
  EXPECT_EQ(difference(there, named), "") << "not named in tests/consensus/README.md";
  EXPECT_EQ(difference(named, there), "") << "named, and not there";
}

TEST(ScriptsReadme, TablesAreReadAsTheyAreWritten) {
  const Names named = scripts_named(
      "| section | script under `scripts/raft/` | also |\n"
      "|---|---|---|\n"
      "| `not_this` | `one` `two` and prose | `nor_this` |\n"
      "\n"
      "| a table | of | something else |\n"
      "| x | `three` | |\n"
      "| paragraph | script under `scripts/pbft/` | |\n"
      "| x | `four` | |\n");
  const Names expected = {{"raft", {"one", "two"}}, {"pbft", {"four"}}};
  EXPECT_EQ(named, expected);
  EXPECT_EQ(difference(expected, {{"raft", {"two"}}}), " pbft/four raft/one");
}

}  // namespace
}  // namespace govchain::consensus::testing
