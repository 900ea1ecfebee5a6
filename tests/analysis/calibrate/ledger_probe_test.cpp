// Which states the ledger is measured in.

#include <gtest/gtest.h>

#include "analysis/calibrate/probes.h"
#include "models/ledger/ledger.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"
#include "sim/host/processor_model.h"

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

// The model takes a state's records from the size of its snapshot.
TEST(LedgerProbe, MeasuresOnStatesWhoseRecordsAreAsLongAsTheModelSays) {
  const auto snapshot_of = [](uint32_t records) {
    models::LedgerConfig config = models::standard_chain(consensus::ChainId(1), 10, 2);
    config.genesis = models::shared_catalogue(config.departments.front().id, records);
    return models::Ledger(std::move(config)).snapshot().size();
  };
  EXPECT_EQ((snapshot_of(2'000) - snapshot_of(1'000)) / 1'000,
            sim::ProcessorModel::kBytesPerMeasuredRecord);
}

}  // namespace
}  // namespace govchain::analysis
