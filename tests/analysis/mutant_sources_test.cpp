// A planted bug proves something only if it is one that somebody could make: each says where it
// comes from, and a README that is named there exists.

#include "analysis/command/mutant_sources.h"

#include <filesystem>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "analysis/command/known_mutants.h"

namespace govchain::analysis {
namespace {

TEST(MutantSources, NoPlantedBugIsWithoutOne) {
  const std::vector<KnownMutant> mutants = known_mutants();
  ASSERT_FALSE(mutants.empty());
  for (const KnownMutant& mutant : mutants) {
    EXPECT_FALSE(mutant_source(mutant.name).empty()) << mutant.name;
  }
  EXPECT_EQ(mutant_source("raft/no-such-bug"), "");
}

TEST(MutantSources, ReadmesThatAreNamedExist) {
  size_t named = 0;
  for (const KnownMutant& mutant : known_mutants()) {
    std::istringstream words{std::string(mutant_source(mutant.name))};
    for (std::string word; words >> word;) {
      const size_t end = word.find("README.md");
      if (end == std::string::npos) continue;
      ++named;
      const std::string path = word.substr(0, end) + "README.md";
      EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(GOVCHAIN_SOURCE_DIR) / path))
          << mutant.name << ": " << path;
    }
  }
  EXPECT_GT(named, 0U);
}

}  // namespace
}  // namespace govchain::analysis
