// govchain validate --published: the list of figures, and what is said of them.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/published/published.h"
#include "tests/analysis/program_fixture.h"

namespace govchain::analysis::published {
namespace {

class PublishedFigures : public ProgramTest {
 protected:
  // A home with this list, and the shipped scenarios.
  [[nodiscard]] std::string home_with(const std::string& figures) const {
    std::filesystem::create_directories(path("scenarios"));
    for (const char* const folder : {"data", "published"}) {
      std::filesystem::copy(std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/" + folder,
                            path("scenarios") + "/" + folder,
                            std::filesystem::copy_options::recursive |
                                std::filesystem::copy_options::overwrite_existing);
    }
    std::ofstream(path("scenarios/data/published.json")) << figures;
    return path("");
  }
};

// Each group has its own machine, and no point has one of its own: that would be tuning.
TEST_F(PublishedFigures, OfAGroupShareAScenarioOrDifferInReplicasAlone) {
  const auto groups = read_groups(GOVCHAIN_SOURCE_DIR);
  ASSERT_TRUE(groups) << groups.error().message;
  ASSERT_GE(groups->size(), 2U);
  for (const Group& group : *groups) {
    EXPECT_FALSE(group.unknown.empty() || group.finding.empty() || group.source.empty());
    ASSERT_FALSE(group.points.empty());
    for (const Point& point : group.points) {
      for (const std::string& change : point.changes) {
        const std::string pointer = change.substr(0, change.find('='));
        EXPECT_TRUE(pointer == "/chains/0/replicas" || pointer == "/duration_seconds" ||
                    pointer == "/chains/0/load/rate_per_second")
            << change;
      }
      EXPECT_FALSE(point.figures.empty());
    }
  }
}

TEST_F(PublishedFigures, OfHotstuffWithFourReplicasAreWithinFivePercent) {
  auto groups = read_groups(GOVCHAIN_SOURCE_DIR);
  ASSERT_TRUE(groups);
  std::erase_if(*groups, [](const Group& group) { return group.id != "hotstuff-delay"; });
  ASSERT_EQ(groups->size(), 1U);
  std::erase_if(groups->front().points, [](const Point& point) { return point.name != "n = 4"; });
  PublishedRequest request;
  request.home = GOVCHAIN_SOURCE_DIR;
  request.threads = 2;
  const auto result = compare_with_published(*groups, request);
  ASSERT_TRUE(result) << result.error().where << ": " << result.error().message;
  ASSERT_EQ(result->compared.size(), 2U);
  for (const Compared& one : result->compared) {
    EXPECT_LE(one.figure.within, 0.05);
    EXPECT_TRUE(one.holds()) << one.point << ": " << one.ours;
  }
  const std::string text = published_text(*result);
  EXPECT_NE(text.find("2 figures, 0 beyond"), std::string::npos) << text;
}

TEST_F(PublishedFigures, FurtherOffThanTheyMayBeAreSaidToBe) {
  const std::string list = R"({"groups": [{"id": "g", "title": "t", "source": "s", "unknown": "u",
    "finding": "f", "points": [{"name": "p", "scenario": "hotstuff-delay.json",
    "changes": ["/duration_seconds=6"], "figures": [
      {"what": "replicas", "metric": "/chains/0/replicas", "published": 5, "within": 0.1},
      {"what": "twice", "metric": "/chains/0/replicas", "scale": 2, "published": 8, "within": 0}
    ]}]}]})";
  const std::string home = home_with(list);
  auto groups = read_groups(home);
  ASSERT_TRUE(groups);
  PublishedRequest request;
  request.home = home;
  const auto result = compare_with_published(*groups, request);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->compared.size(), 2U);
  EXPECT_FALSE(result->compared[0].holds());
  EXPECT_DOUBLE_EQ(result->compared[0].error(), -0.2);
  EXPECT_TRUE(result->compared[1].holds());
  EXPECT_NE(published_text(*result).find("-20 % !"), std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(published_json(*result, "command"));
  EXPECT_EQ(json["published"][0]["figures"][0]["holds"], false);

  groups->front().points.front().figures.front().metric = "/chains/0/replicsa";
  const auto unknown = compare_with_published(*groups, request);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().where, "g, p: /chains/0/replicsa");
}

TEST_F(PublishedFigures, AListThatLacksSomethingIsRefusedByName) {
  const auto lacks = read_groups(home_with(R"({"groups": [{"id": "g"}]})"));
  ASSERT_FALSE(lacks);
  EXPECT_EQ(lacks.error().code, consensus::ErrorCode::kMalformed);
  EXPECT_NE(lacks.error().message.find("title"), std::string::npos) << lacks.error().message;
  EXPECT_FALSE(read_groups(path("nowhere")));
}

TEST_F(PublishedFigures, TakeNoProfile) {
  const ProgramOutput output = run_typed({"validate", "--published", "--profile", "x.json"});
  EXPECT_EQ(output.code, 2);
  EXPECT_NE(output.err.find("a machine of its own"), std::string::npos) << output.err;
  EXPECT_EQ(run_typed({"validate"}).code, 2);
}

}  // namespace
}  // namespace govchain::analysis::published
