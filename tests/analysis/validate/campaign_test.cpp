#include "analysis/validate/campaign.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace govchain::analysis::validate {
namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Protocol;
using consensus::Result;

// A chain that commits what is offered up to its capacity, with latencies that say who measured.
struct Chain {
  double capacity;
  Duration latency;
  std::vector<double> rates;  // as asked

  Result<Figures> operator()(const scenarios::Scenario& scenario) {
    double rate = 0;
    for (const sim::LoadSpec& load : scenario.world.loads) rate += load.rate.at(0).per_second;
    rates.push_back(rate);
    return Figures{std::min(rate, capacity), latency, latency * 3};
  }
};

class CampaignTest : public testing::Test {
 protected:
  CampaignTest() {
    request_.design = {fractional_design({Protocol::kPbft})[1]};
    request_.scenario_of = [](const Configuration& /*configuration*/) {
      return std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/consensus/pbft-lan.json";
    };
    request_.load.home = GOVCHAIN_SOURCE_DIR;
    request_.free_profile = std::string(GOVCHAIN_SOURCE_DIR) + "/scenarios/data/profiles/free.json";
    request_.live = [this](const scenarios::Scenario& scenario) { return live_(scenario); };
    request_.simulate = [this](const scenarios::Scenario& scenario) {
      const bool free = scenario.world.hosts.at(0).profile.id == "free";
      return free ? free_(scenario) : simulated_(scenario);
    };
  }
  [[nodiscard]] std::vector<Cell> run() {
    const auto cells = run_campaign(request_);
    EXPECT_TRUE(cells) << (cells ? "" : cells.error().message);
    return cells ? *cells : std::vector<Cell>();
  }

  Chain live_{1'000, Duration::milliseconds(10), {}};
  Chain simulated_{900, Duration::milliseconds(9), {}};
  Chain free_{1e12, Duration::milliseconds(5), {}};
  CampaignRequest request_;
};

TEST_F(CampaignTest, OffersSharesOfWhatWasCommittedLive) {
  const std::vector<Cell> cells = run();
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(cells[0].level, LoadLevel::kSaturation);
  EXPECT_DOUBLE_EQ(cells[1].offered, 200);
  EXPECT_DOUBLE_EQ(cells[2].offered, 500);
  EXPECT_DOUBLE_EQ(cells[3].offered, 800);
  for (const Cell& cell : cells) {
    EXPECT_EQ(cell.live.p50, Duration::milliseconds(10));
    EXPECT_EQ(cell.simulated.p50, Duration::milliseconds(9));
    EXPECT_EQ(cell.free.p50, Duration::milliseconds(5));
  }
}

TEST_F(CampaignTest, SaturatesBothUnderTheSameLoad) {
  live_.capacity = 5'000;
  const std::vector<Cell> cells = run();
  ASSERT_FALSE(cells.empty());
  EXPECT_LT(cells[0].live.throughput, kKeepsUp * cells[0].offered);
  EXPECT_DOUBLE_EQ(cells[0].live.throughput, 5'000);
  EXPECT_DOUBLE_EQ(cells[0].simulated.throughput, 900);
  EXPECT_EQ(std::count(simulated_.rates.begin(), simulated_.rates.end(), cells[0].offered), 1);
}

TEST_F(CampaignTest, TakesMediansOfRepetitions) {
  const std::vector<int64_t> latencies = {30, 10, 20};
  request_.repetitions = 3;
  request_.levels = {LoadLevel::kSaturation, LoadLevel::kHalf};
  request_.live = [&](const scenarios::Scenario& scenario) {
    Result<Figures> figures = live_(scenario);
    figures->p50 = Duration::milliseconds(latencies[live_.rates.size() % 3]);
    return figures;
  };
  const std::vector<Cell> cells = run();
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(cells[1].repetitions, 3U);
  EXPECT_EQ(cells[1].live.p50, Duration::milliseconds(20));
  EXPECT_EQ(cells[1].live_least.p50, Duration::milliseconds(10));
  EXPECT_EQ(cells[1].live_most.p50, Duration::milliseconds(30));
}

TEST_F(CampaignTest, MeasuresAgainWhatOthersDisturbed) {
  request_.levels = {LoadLevel::kSaturation, LoadLevel::kHalf};
  int half = 0;
  request_.live = [&](const scenarios::Scenario& scenario) {
    Result<Figures> figures = live_(scenario);
    if (live_.rates.back() == 500) figures->others = ++half < 3 ? 0.4 : 0.02;
    return figures;
  };
  const std::vector<Cell> cells = run();
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(half, 3);
  EXPECT_EQ(cells[1].repetitions, 1U);
  EXPECT_DOUBLE_EQ(cells[1].live.others, 0.02);
}

TEST_F(CampaignTest, GivesUpWhereItIsNeverQuiet) {
  request_.levels = {LoadLevel::kSaturation};
  request_.live = [&](const scenarios::Scenario& scenario) {
    Result<Figures> figures = live_(scenario);
    figures->others = 0.5;
    return figures;
  };
  const std::vector<Cell> cells = run();
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_FALSE(is_comparable(cells[0]));
}

TEST_F(CampaignTest, SimulatesAnewWhatWasMeasuredBefore) {
  const std::vector<Cell> before = run();
  request_.measured = before;
  live_.rates.clear();
  simulated_.latency = Duration::milliseconds(8);
  const std::vector<Cell> cells = run();
  ASSERT_EQ(cells.size(), before.size());
  EXPECT_TRUE(live_.rates.empty());
  EXPECT_EQ(cells[1].live, before[1].live);
  EXPECT_EQ(cells[1].simulated.p50, Duration::milliseconds(8));
}

TEST_F(CampaignTest, EndsAfterSoManyCells) {
  request_.most_cells = 2;
  EXPECT_EQ(run().size(), 2U);
}

TEST_F(CampaignTest, RunsScenariosUnderTheirOwnLoad) {
  const std::string path = request_.scenario_of({});
  const auto cells = run_scenarios(request_, {path});
  ASSERT_TRUE(cells) << cells.error().message;
  ASSERT_EQ(cells->size(), 1U);
  EXPECT_EQ(cells->front().level, LoadLevel::kAsGiven);
  EXPECT_DOUBLE_EQ(cells->front().offered, live_.rates.at(0));
  EXPECT_EQ(cells->front().live.p50, Duration::milliseconds(10));
}

TEST_F(CampaignTest, KeepsWhatWasMeasuredAfterEachCell) {
  std::vector<size_t> kept;
  request_.keep = [&](const std::vector<Cell>& cells) {
    kept.push_back(cells.size());
    return consensus::success();
  };
  EXPECT_EQ(run().size(), 4U);
  EXPECT_EQ(kept, (std::vector<size_t>{1, 2, 3, 4}));
}

TEST_F(CampaignTest, NamesTheConfigurationWhoseRunFailed) {
  request_.live = [](const scenarios::Scenario& /*scenario*/) -> Result<Figures> {
    return Error{ErrorCode::kIo, "replica 2 did not start", {}};
  };
  const auto cells = run_campaign(request_);
  ASSERT_FALSE(cells);
  EXPECT_EQ(cells.error().message, describe(request_.design[0]) + ": replica 2 did not start");
}

TEST_F(CampaignTest, EndsWhenItIsStopped) {
  std::atomic<bool> stop{false};
  request_.stop = &stop;
  request_.progress = [&](size_t done, size_t all, const std::string& /*now*/) {
    EXPECT_EQ(all, 4U);
    if (done == 2) stop = true;
  };
  const auto cells = run_campaign(request_);
  ASSERT_FALSE(cells);
  EXPECT_EQ(cells.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(std::find(live_.rates.begin(), live_.rates.end(), 200.0) != live_.rates.end());
  EXPECT_TRUE(std::find(live_.rates.begin(), live_.rates.end(), 500.0) == live_.rates.end());
}

TEST_F(CampaignTest, SaysSoIfNothingLimitsTheChain) {
  simulated_.capacity = 1e12;
  request_.highest_rate = 50'000;
  const auto cells = run_campaign(request_);
  ASSERT_FALSE(cells);
  EXPECT_NE(cells.error().message.find("keeps up with any load"), std::string::npos)
      << cells.error().message;
}

}  // namespace
}  // namespace govchain::analysis::validate
