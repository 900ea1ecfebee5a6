// The sources name the lines of the paper's Algorithm 1 where they are implemented: all of them, so
// that a reader with the paper in hand finds each, and none that the paper does not have.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace govchain::consensus::tendermint::testing {
namespace {

constexpr int kLines = 67;
// A range of more lines than a rule has is a heading: it does not say where each line is.
constexpr int kLongestRange = 4;

// "lines 24, 26 and 30" and "lines 65-67"; `last` is the highest line that is named at all.
void add_cited(const std::string& comment, std::set<int>& cited, int& last) {
  static const std::regex kList("[Ll]ines? ([0-9]+((-|, | and | or |, or )[0-9]+)*)");
  static const std::regex kPart("([0-9]+)(-([0-9]+))?");
  const std::sregex_iterator none;
  for (std::sregex_iterator list(comment.begin(), comment.end(), kList); list != none; ++list) {
    const std::string numbers = (*list)[1];
    for (std::sregex_iterator part(numbers.begin(), numbers.end(), kPart); part != none; ++part) {
      const int begin = std::stoi((*part)[1]);
      const int end = (*part)[3].matched ? std::stoi((*part)[3]) : begin;
      last = std::max(last, end);
      if (end - begin >= kLongestRange) continue;
      for (int line = begin; line <= end; ++line) cited.insert(line);
    }
  }
}

TEST(TendermintAlgorithm, EveryLineIsNamedWhereItIsImplemented) {
  const std::filesystem::path folder = GOVCHAIN_SOURCE_DIR "/consensus/tendermint";
  std::set<int> cited;
  int last = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    // Planted bugs name the lines that they break.
    if (path.extension() == ".md" || path.stem() == "mutant") continue;
    std::ifstream source(path);
    for (std::string line; std::getline(source, line);) {
      const size_t comment = line.find("//");
      if (comment != std::string::npos) add_cited(line.substr(comment), cited, last);
    }
  }
  for (int line = 1; line <= kLines; ++line) EXPECT_TRUE(cited.contains(line)) << line;
  EXPECT_EQ(last, kLines);
}

TEST(TendermintAlgorithm, ListsAndShortRangesAreRead) {
  std::set<int> cited;
  int last = 0;
  add_cited("// Lines 3, 5 and 8-9; not line12, nor lines 20-40.", cited, last);
  EXPECT_EQ(cited, (std::set<int>{3, 5, 8, 9}));
  EXPECT_EQ(last, 40);
}

}  // namespace
}  // namespace govchain::consensus::tendermint::testing
