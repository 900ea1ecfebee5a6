// Which states the ledger is measured in.

#include <gtest/gtest.h>

#include "analysis/calibrate/probes.h"

namespace govchain::analysis {
namespace {

TEST(LedgerProbe, LeavesOutWhatDoesNotFitIntoMemoryAndSaysSo) {
  ProbeSettings settings;
  settings.effort = 0.01;
  settings.hurries = false;
  settings.state_sizes = {500, 1'000'000'000'000};
  std::vector<Skipped> skipped;
  const std::unique_ptr<Probe> probe = make_ledger_probe(settings, skipped);
  ASSERT_TRUE(probe->prepare());
  ASSERT_EQ(skipped.size(), 1U);
  EXPECT_EQ(skipped[0].what, "execute with 1000000000000 records");
  EXPECT_NE(skipped[0].why.find("MiB of available memory"), std::string::npos) << skipped[0].why;
  SystemClocks clocks;
  Figures figures;
  ASSERT_TRUE(probe->round(clocks, figures));
  for (const auto& [name, row] : figures.rows()) EXPECT_EQ(*name.label("records"), "500");
  EXPECT_EQ(figures.rows().size(), 4U);
}

}  // namespace
}  // namespace govchain::analysis
