#include "analysis/validate/result.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/report/report.h"
#include "analysis/validate/kept.h"

namespace govchain::analysis::validate {
namespace {

using consensus::Duration;
using testing::HasSubstr;

ValidationResult example() {
  ValidationResult result;
  for (const Configuration& configuration : fractional_design({consensus::Protocol::kPbft})) {
    for (const LoadLevel level : kLoadLevels) {
      Cell cell;
      cell.name = describe(configuration);
      cell.configuration = configuration;
      cell.level = level;
      cell.offered = 1'000 * share_of(level);
      cell.live = {cell.offered, Duration::milliseconds(20), Duration::milliseconds(60)};
      cell.simulated = {cell.offered * 1.05, Duration::milliseconds(22),
                        Duration::milliseconds(70)};
      cell.free = {cell.offered, Duration::milliseconds(10), Duration::milliseconds(10)};
      result.cells.push_back(cell);
    }
  }
  result.profile = "measured";
  result.machine = "two cores";
  result.links = "delay_line";
  return result;
}

TEST(ValidationResult, SaysInJsonWhatIsValidAndWhichCellIsWorst) {
  ValidationResult result = example();
  auto json = nlohmann::json::parse(validation_json(result, "govchain validate --design"));
  EXPECT_FALSE(json["valid"]);  // p50 is off by a fifth
  EXPECT_DOUBLE_EQ(json["score"]["p50"]["median_error"], 0.2);
  EXPECT_EQ(json["cells"].size(), 16U);
  EXPECT_EQ(json["score"]["throughput"]["cells"], 2U);
  EXPECT_TRUE(json["cells"][0]["errors"]["throughput"].is_null());
  result.limits.p50 = 0.25;
  json = nlohmann::json::parse(validation_json(result, ""));
  EXPECT_TRUE(json["valid"]);
  result.cells.back().simulated.throughput = 3'000;
  json = nlohmann::json::parse(validation_json(result, ""));
  EXPECT_EQ(json["score"]["throughput"]["worst"]["cell"], result.cells.back().name);
  EXPECT_DOUBLE_EQ(json["score"]["throughput"]["worst"]["error"], 2);
}

TEST(ValidationResult, SaysInTextWhatWasNotScored) {
  const std::string text = validation_text(example(), {});
  EXPECT_THAT(text, HasSubstr("saturation throughput"));
  EXPECT_THAT(text, HasSubstr("* calibrates"));
  EXPECT_THAT(text, HasSubstr("20 22"));
  EXPECT_THAT(validation_text({}, {}), HasSubstr("no cell says anything of it"));
}

TEST(ValidationResult, IsReadBackAsItWasMeasured) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("kept-" + std::to_string(::getpid()))).string();
  const ValidationResult result = example();
  std::ofstream(path) << validation_json(result, "");
  const auto cells = read_measured(path, result);
  ASSERT_TRUE(cells) << cells.error().message;
  ASSERT_EQ(cells->size(), result.cells.size());
  for (size_t i = 0; i < cells->size(); ++i) {
    EXPECT_EQ((*cells)[i].name, result.cells[i].name);
    EXPECT_EQ((*cells)[i].level, result.cells[i].level);
    EXPECT_EQ((*cells)[i].live, result.cells[i].live);
  }
  ValidationResult other = result;
  other.changes = {"/duration_seconds=5"};
  EXPECT_FALSE(read_measured(path, other));
  other = result;
  other.machine = "four cores";
  EXPECT_FALSE(read_measured(path, other));
  std::filesystem::remove(path);
}

TEST(ValidationResult, FitsIntoTheReportsPage) {
  const std::string page = render_report(validation_json(example(), "govchain validate"));
  EXPECT_THAT(page, HasSubstr("</html>"));
}

}  // namespace
}  // namespace govchain::analysis::validate
