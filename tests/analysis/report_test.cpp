#include "analysis/report/report.h"

#include <string>

#include <gtest/gtest.h>

namespace govchain::analysis {
namespace {

TEST(Report, HoldsTheDataInPlaceOfTheMarker) {
  const std::string page = render_report(R"({"scenario":"x"})");
  EXPECT_NE(page.find(R"(id="data">{"scenario":"x"}</script>)"), std::string::npos);
  EXPECT_EQ(page.find("@@DATA@@"), std::string::npos);
  EXPECT_NE(page.rfind("</html>"), std::string::npos);
}

TEST(Report, NoDataCanEndTheScriptElement) {
  const std::string page = render_report(R"({"source":"</script><script>alert(1)</script>"})");
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find(R"(\u003c/script>\u003cscript>alert(1))"), std::string::npos);
}

TEST(Report, IsOneFileThatFetchesNothing) {
  const std::string page = render_report("{}");
  for (const char* reference : {"src=\"", "<link rel=\"stylesheet\"", "@import", "url(http"}) {
    EXPECT_EQ(page.find(reference), std::string::npos) << reference;
  }
  EXPECT_LT(page.size(), 1'500'000U);
}

}  // namespace
}  // namespace govchain::analysis
