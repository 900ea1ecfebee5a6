// Medians and quartiles.

#include "analysis/statistics/spread.h"

#include <gtest/gtest.h>

namespace govchain::analysis {
namespace {

TEST(Spread, QuantilesLieBetweenNeighboursInProportion) {
  const std::vector<double> four{1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(quantile(four, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(four, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(four, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(four, 0.9), 3.7);
  EXPECT_DOUBLE_EQ(quantile(four, 1), 4);
}

TEST(Spread, SortsWhatItIsGiven) {
  const Spread spread = spread_of({9, 1, 5, 3, 7});
  EXPECT_EQ(spread.values, 5U);
  EXPECT_DOUBLE_EQ(spread.median, 5);
  EXPECT_DOUBLE_EQ(spread.low_quartile, 3);
  EXPECT_DOUBLE_EQ(spread.high_quartile, 7);
  EXPECT_DOUBLE_EQ(spread.deviation, 2);  // of 4, 4, 0, 2, 2
  EXPECT_DOUBLE_EQ(spread.minimum, 1);
  EXPECT_DOUBLE_EQ(spread.maximum, 9);
  EXPECT_DOUBLE_EQ(spread.relative(), 0.8);
}

TEST(Spread, OneBadMinuteDoesNotMoveIt) {
  const Spread quiet = spread_of({10, 10.1, 9.9, 10.2, 9.8, 10, 10});
  const Spread disturbed = spread_of({10, 10.1, 9.9, 500, 9.8, 10, 10});
  EXPECT_DOUBLE_EQ(quiet.median, disturbed.median);
  EXPECT_NEAR(quiet.high_quartile, disturbed.high_quartile, 0.1);
  EXPECT_DOUBLE_EQ(disturbed.maximum, 500);
}

TEST(Spread, OfOneValueIsThatValueAndOfNoneNothing) {
  const Spread one = spread_of({3});
  EXPECT_DOUBLE_EQ(one.low_quartile, 3);
  EXPECT_DOUBLE_EQ(one.high_quartile, 3);
  EXPECT_DOUBLE_EQ(one.deviation, 0);
  EXPECT_EQ(spread_of({}).values, 0U);
  EXPECT_DOUBLE_EQ(spread_of({}).relative(), 0);
}

}  // namespace
}  // namespace govchain::analysis
