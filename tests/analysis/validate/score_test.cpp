#include "analysis/validate/score.h"

#include <gtest/gtest.h>

namespace govchain::analysis::validate {
namespace {

using consensus::Duration;

Figures latencies(int64_t p50, int64_t p99) {
  return {0, Duration::milliseconds(p50), Duration::milliseconds(p99)};
}

Cell saturated(double live, double simulated, bool calibrates = false) {
  Cell cell;
  cell.configuration.calibrates = calibrates;
  cell.level = LoadLevel::kSaturation;
  cell.live.throughput = live;
  cell.simulated.throughput = simulated;
  return cell;
}

TEST(Score, ComparesThroughputAtSaturationOnly) {
  Cell cell = saturated(1'000, 900);
  EXPECT_DOUBLE_EQ(*errors_of(cell).throughput, 0.1);
  EXPECT_FALSE(errors_of(cell).p50);
  cell.level = LoadLevel::kFourFifths;
  EXPECT_FALSE(errors_of(cell).throughput);
}

TEST(Score, TakesPropagationAndTimersOffBothLatencies) {
  Cell cell;
  cell.level = LoadLevel::kHalf;
  cell.live = latencies(110, 200);
  cell.simulated = latencies(105, 150);
  cell.free = latencies(100, 100);
  // 5 ms where 10 are: a half, though 105 and 110 differ by 5 %.
  EXPECT_DOUBLE_EQ(*errors_of(cell).p50, 0.5);
  EXPECT_DOUBLE_EQ(*errors_of(cell).p99, 0.5);
}

TEST(Score, SaysNothingOfALatencyThatIsAllPropagation) {
  Cell cell;
  cell.level = LoadLevel::kFifth;
  cell.live = latencies(100, 300);
  cell.simulated = latencies(101, 300);
  cell.free = latencies(100, 100);
  EXPECT_FALSE(errors_of(cell).p50);
  EXPECT_DOUBLE_EQ(*errors_of(cell).p99, 0);
}

TEST(Score, IsTheMedianOverTheCellsThatDoNotCalibrate) {
  const std::vector<Cell> cells = {saturated(100, 500, true), saturated(100, 110),
                                   saturated(100, 70), saturated(100, 98)};
  const Score found = score(cells);
  EXPECT_EQ(found.throughput.cells, 3U);
  EXPECT_DOUBLE_EQ(found.throughput.median, 0.1);
  EXPECT_EQ(found.throughput.worst, 2U);
  EXPECT_DOUBLE_EQ(found.throughput.worst_error, 0.3);
  EXPECT_DOUBLE_EQ(score({cells[1], cells[2]}).throughput.median, 0.2);
}

TEST(Score, OfNothingIsNotWithinAnyLimit) { EXPECT_FALSE(within(score({}), {})); }

TEST(Score, OfMetricsThatNoCellSpeaksOfAsksNothing) {
  EXPECT_TRUE(within(score({saturated(100, 95)}), {}));
  EXPECT_FALSE(within(score({saturated(100, 85)}), {}));
}

TEST(Score, LeavesOutCellsWhoseLoadWasNotOffered) {
  Cell cell;
  cell.level = LoadLevel::kHalf;
  cell.offered = 100;
  cell.live = latencies(10, 10);
  cell.live.throughput = 97;
  cell.simulated = latencies(20, 20);
  cell.live.load_made = 0.995;
  EXPECT_EQ(score({cell}).p50.cells, 1U);
  cell.live.load_made = 0.98;
  EXPECT_EQ(score({cell}).p50.cells, 0U);
}

TEST(Score, LeavesOutCellsThatOthersDisturbed) {
  Cell cell = saturated(100, 95);
  cell.live.others = 0.09;
  EXPECT_EQ(score({cell}).throughput.cells, 1U);
  cell.live.others = 0.11;
  EXPECT_EQ(score({cell}).throughput.cells, 0U);
}

TEST(Score, TakesALoadThatFellShortButWasMoreThanTheChainCouldTake) {
  Cell cell = saturated(100, 95);
  cell.offered = 400;
  cell.live.load_made = 0.5;
  EXPECT_TRUE(was_offered(cell));
  cell.live.load_made = 0.3;
  EXPECT_FALSE(was_offered(cell));
}

TEST(Score, ComparesThroughputOfAGivenLoadOnlyIfItWasTooMuch) {
  Cell cell = saturated(100, 80);
  cell.level = LoadLevel::kAsGiven;
  cell.offered = 110;
  EXPECT_FALSE(errors_of(cell).throughput);
  cell.offered = 200;
  EXPECT_DOUBLE_EQ(errors_of(cell).throughput.value_or(0), 0.2);
  EXPECT_FALSE(errors_of(cell).p50);
}

TEST(Score, IsWithinLimitsIfEveryMedianIs) {
  Cell cell;
  cell.level = LoadLevel::kHalf;
  cell.live = latencies(10, 10);
  cell.simulated = latencies(11, 12);
  EXPECT_TRUE(within(score({saturated(100, 95), cell}), {}));
  EXPECT_FALSE(within(score({saturated(100, 85), cell}), {}));
  cell.simulated = latencies(12, 12);
  EXPECT_FALSE(within(score({saturated(100, 95), cell}), {}));
  cell.simulated = latencies(11, 14);
  EXPECT_FALSE(within(score({saturated(100, 95), cell}), {}));
}

}  // namespace
}  // namespace govchain::analysis::validate
