#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/experiments/figures.h"
#include "analysis/statistics/interval.h"
#include "analysis/statistics/student_t.h"
#include "sim/distribution.h"
#include "sim/random.h"

namespace govchain::analysis {
namespace {

struct TableRow {
  uint32_t degrees;
  double t90;
  double t95;
  double t99;
};

// Two-sided quantiles as printed in statistics tables (for instance NIST/SEMATECH
// e-Handbook 1.3.6.7.2).
constexpr TableRow kTable[] = {
    {1, 6.314, 12.706, 63.657}, {2, 2.920, 4.303, 9.925},  {3, 2.353, 3.182, 5.841},
    {4, 2.132, 2.776, 4.604},   {5, 2.015, 2.571, 4.032},  {6, 1.943, 2.447, 3.707},
    {7, 1.895, 2.365, 3.499},   {8, 1.860, 2.306, 3.355},  {9, 1.833, 2.262, 3.250},
    {10, 1.812, 2.228, 3.169},  {15, 1.753, 2.131, 2.947}, {20, 1.725, 2.086, 2.845},
    {29, 1.699, 2.045, 2.756},  {30, 1.697, 2.042, 2.750}, {60, 1.671, 2.000, 2.660},
    {100, 1.660, 1.984, 2.626},
};

TEST(StudentT, AgreesWithTheTables) {
  for (const TableRow& row : kTable) {
    EXPECT_NEAR(student_t_two_sided(0.90, row.degrees), row.t90, 0.00051) << row.degrees;
    EXPECT_NEAR(student_t_two_sided(0.95, row.degrees), row.t95, 0.00051) << row.degrees;
    EXPECT_NEAR(student_t_two_sided(0.99, row.degrees), row.t99, 0.00051) << row.degrees;
  }
}

TEST(StudentT, HasTheClosedFormsOfOneAndTwoDegrees) {
  constexpr double kPi = 3.14159265358979323846;
  for (const double t : {0.1, 0.7, 1.0, 3.0, 40.0}) {
    EXPECT_NEAR(student_t_within(t, 1), 2 / kPi * std::atan(t), 1e-14);
    EXPECT_NEAR(student_t_within(t, 2), t / std::sqrt(2 + t * t), 1e-15);
  }
}

TEST(StudentT, ApproachesTheNormalDistribution) {
  EXPECT_NEAR(student_t_two_sided(0.95, 10'000), sim::normal_quantile(0.975), 5e-4);
}

TEST(Interval, OfAKnownSample) {
  const std::vector<double> sample{9, 10, 11, 12, 8};
  const Estimate result = estimate(sample);
  EXPECT_DOUBLE_EQ(result.mean, 10);
  EXPECT_NEAR(result.half_width, 2.776445 * std::sqrt(2.5 / 5), 1e-5);
  EXPECT_FALSE(estimate(std::vector<double>{3}).has_interval());
}

// Nineteen of twenty intervals hold the truth; the i.i.d. case is where this is a theorem.
TEST(Interval, CoversTheMeanAsOftenAsItSays) {
  uint32_t covered = 0;
  constexpr uint32_t kTrials = 4'000;
  sim::RandomStream random(1, sim::RandomPurpose::kTest, 3);
  for (uint32_t trial = 0; trial < kTrials; ++trial) {
    std::vector<double> sample;
    for (int i = 0; i < 6; ++i) sample.push_back(5 + sim::draw_standard_normal(random));
    const Estimate result = estimate(sample);
    covered += result.low() <= 5 && 5 <= result.high();
  }
  EXPECT_NEAR(covered, 0.95 * kTrials, 4 * std::sqrt(kTrials * 0.95 * 0.05));
}

TEST(Interval, CommonRandomNumbersTakeTheCommonNoiseOut) {
  sim::RandomStream random(2, sim::RandomPurpose::kTest, 4);
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 10; ++i) {
    const double common = 100 * sim::draw_standard_normal(random);
    a.push_back(common + 1 + 0.1 * sim::draw_standard_normal(random));
    b.push_back(common);
  }
  const Estimate difference = paired_difference(a, b);
  EXPECT_NEAR(difference.mean, 1, 0.2);
  EXPECT_LT(difference.half_width, 0.2);
  EXPECT_GT(estimate(a).half_width, 10);
}

TEST(BatchMeans, LeaveTheBeginningOut) {
  const std::vector<double> series{100, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(batch_means(series, 3), (std::vector<double>{1.5, 3.5, 5.5}));
  EXPECT_TRUE(batch_means(series, 8).empty());
}

TEST(Bounds, ArithmeticHoldsEveryCombination) {
  const Bounds a{1, 3};
  const Bounds b{-2, 5};
  for (const double x : {1.0, 2.0, 3.0}) {
    for (const double y : {-2.0, 0.0, 5.0}) {
      EXPECT_TRUE((a + b).contains(x + y));
      EXPECT_TRUE((a - b).contains(x - y));
      EXPECT_TRUE((b * -2).contains(y * -2));
    }
  }
  EXPECT_FALSE((a - b).contains(5.1));
  EXPECT_TRUE(a.overlaps({3, 4}));
  EXPECT_FALSE(a.overlaps({3.1, 4}));
}

TEST(StoppingPoint, IsThePrefixThatSufficesWhateverRanAhead) {
  const std::vector<double> values{10, 10.5, 9.5, 10, 10, 10.1, 9.9, 10, 10, 10};
  Precision precision;
  precision.relative = 0.03;
  precision.floor = 3;
  precision.cap = 10;
  const StoppingPoint all = stopping_point({values}, precision);
  ASSERT_TRUE(all.reached);
  EXPECT_GT(all.observations, 3U);
  EXPECT_LT(all.observations, 10U);
  const std::vector<double> exactly(values.begin(), values.begin() + all.observations);
  EXPECT_EQ(stopping_point({exactly}, precision).observations, all.observations);
  const std::vector<double> less(exactly.begin(), exactly.end() - 1);
  EXPECT_EQ(stopping_point({less}, precision).observations, 0U);
}

TEST(StoppingPoint, SaysWhenTheCapCameFirst) {
  Precision precision;
  precision.relative = 0.001;
  precision.floor = 2;
  precision.cap = 4;
  const StoppingPoint stop = stopping_point({{1, 2, 3, 4}}, precision);
  EXPECT_EQ(stop.observations, 4U);
  EXPECT_FALSE(stop.reached);
}

TEST(Figures, HaveThreeSignificantDigits) {
  EXPECT_EQ(figure(0), "0");
  EXPECT_EQ(figure(60), "60");
  EXPECT_EQ(figure(0.0123456), "0.0123");
  EXPECT_EQ(figure(1.23456), "1.23");
  EXPECT_EQ(figure(12.3456), "12.3");
  EXPECT_EQ(figure(123.456), "123");
  EXPECT_EQ(figure(999.6), "1,000");
  EXPECT_EQ(figure(1234567), "1,230,000");
  EXPECT_EQ(figure(-45.67), "-45.7");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(percent(0.1234), "12 %");
  EXPECT_EQ(percent(0.01234), "1.2 %");
  EXPECT_EQ(percent(0.0001), "<0.1 %");
  EXPECT_EQ(with_prefix(12'345'678), "12.3 M");
  EXPECT_EQ(with_prefix(999'600), "1.00 M");
  EXPECT_EQ(shown_width("\033[32m✓\033[0m 中"), 4U);
}

}  // namespace
}  // namespace govchain::analysis
