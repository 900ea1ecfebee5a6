#include "sim/distribution.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace govchain::sim {
namespace {

double units_in_the_last_place(double got, double exact) {
  const double next = std::nextafter(std::abs(exact), std::numeric_limits<double>::infinity());
  return std::abs(got - exact) / (next - std::abs(exact));
}

TEST(Distribution, LogarithmIsWithinTwoUnitsOfLibm) {
  RandomStream stream(1, RandomPurpose::kTest, 0);
  double worst = 0;
  for (int i = 0; i < 300'000; ++i) {
    double x = 1 + (stream.uniform() - 0.5) * std::ldexp(1.0, -static_cast<int>(stream.below(30)));
    if (i % 2 == 0)
      x = std::ldexp(1 + stream.uniform(), static_cast<int>(stream.between(-1074, 1022)));
    if (x == 1) continue;
    worst = std::max(worst, units_in_the_last_place(natural_logarithm(x), std::log(x)));
  }
  EXPECT_LE(worst, 2.0);
  EXPECT_EQ(natural_logarithm(1), 0);
}

TEST(Distribution, ExponentialIsWithinTwoUnitsOfLibm) {
  RandomStream stream(2, RandomPurpose::kTest, 0);
  double worst = 0;
  for (int i = 0; i < 300'000; ++i) {
    double x = (stream.uniform() - 0.5) * 1400;
    if (i % 2 == 0)
      x = (stream.uniform() - 0.5) * std::ldexp(1.0, -static_cast<int>(stream.below(40)));
    worst = std::max(worst, units_in_the_last_place(exponential_function(x), std::exp(x)));
  }
  EXPECT_LE(worst, 2.0);
  EXPECT_EQ(exponential_function(0), 1);
  EXPECT_EQ(exponential_function(-1e9), 0);
}

TEST(Distribution, LogFactorialAgreesWithLibm) {
  for (uint64_t k = 2; k < 3000; ++k) {
    const double exact = std::lgamma(static_cast<double>(k) + 1);
    EXPECT_NEAR(log_factorial(k) / exact, 1, 1e-13) << k;
  }
  EXPECT_EQ(log_factorial(0), 0);
  EXPECT_NEAR(log_factorial(1'000'000'000) / std::lgamma(1e9 + 1), 1, 1e-13);
}

TEST(Distribution, NormalQuantileInvertsTheDistributionFunction) {
  for (int i = 1; i < 20'000; ++i) {
    const double p = i / 20'000.0;
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / p, 1, 1e-13) << p;
  }
  for (double p = 0.01; p > 1e-300; p /= 7) {  // far tail, where the third branch works
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / p, 1, 2e-12) << p;
  }
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_EQ(normal_quantile(0.25), -normal_quantile(0.75));
}

struct Moments {
  double mean = 0;
  double variance = 0;
  std::vector<double> sorted;
  [[nodiscard]] double quantile(double q) const {
    return sorted[static_cast<size_t>(q * static_cast<double>(sorted.size()))];
  }
};

template <typename Draw>
Moments sample(int draws, Draw&& draw) {
  Moments moments;
  for (int i = 0; i < draws; ++i) moments.sorted.push_back(draw());
  for (const double value : moments.sorted) moments.mean += value / draws;
  for (const double value : moments.sorted) {
    moments.variance += (value - moments.mean) * (value - moments.mean) / draws;
  }
  std::sort(moments.sorted.begin(), moments.sorted.end());
  return moments;
}

constexpr int kDraws = 200'000;

TEST(Distribution, ExponentialHasItsMomentsAndQuantiles) {
  RandomStream stream(3, RandomPurpose::kTest, 0);
  const Duration mean = Duration::milliseconds(3);
  const Moments got =
      sample(kDraws, [&] { return draw_exponential(stream, mean).to_milliseconds(); });
  EXPECT_NEAR(got.mean, 3, 5 * 3 / std::sqrt(kDraws));
  EXPECT_NEAR(got.variance, 9, 0.3);
  for (const double q : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = -3 * std::log1p(-q);
    const double density = std::exp(-exact / 3) / 3;
    EXPECT_NEAR(got.quantile(q), exact, 5 * std::sqrt(q * (1 - q) / kDraws) / density) << q;
  }
  EXPECT_GE(got.sorted.front(), 0);
}

TEST(Distribution, NormalHasItsMomentsAndQuantiles) {
  RandomStream stream(4, RandomPurpose::kTest, 0);
  const Moments got = sample(kDraws, [&] {
    return draw_normal(stream, Duration::milliseconds(250), Duration::milliseconds(50))
        .to_milliseconds();
  });
  EXPECT_NEAR(got.mean, 250, 5 * 50 / std::sqrt(kDraws));
  EXPECT_NEAR(std::sqrt(got.variance), 50, 0.5);
  for (const double z : {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0}) {
    const double q = 0.5 * std::erfc(-z / std::sqrt(2.0));
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
    EXPECT_NEAR((got.quantile(q) - 250) / 50, z, 5 * std::sqrt(q * (1 - q) / kDraws) / density)
        << z;
  }
}

TEST(Distribution, LogNormalHasItsMedianAndShape) {
  RandomStream stream(5, RandomPurpose::kTest, 0);
  const Moments got = sample(kDraws, [&] {
    return std::log(draw_log_normal(stream, Duration::seconds(2), 0.5).to_seconds());
  });
  EXPECT_NEAR(got.mean, std::log(2.0), 5 * 0.5 / std::sqrt(kDraws));
  EXPECT_NEAR(std::sqrt(got.variance), 0.5, 0.005);
  EXPECT_EQ(draw_log_normal(stream, Duration::seconds(2), 0), Duration::seconds(2));
}

class PoissonOfMean : public testing::TestWithParam<double> {};

TEST_P(PoissonOfMean, FollowsTheMassFunction) {
  const double mean = GetParam();
  RandomStream stream(6, RandomPurpose::kTest, static_cast<uint64_t>(mean * 1000));
  const Moments got =
      sample(kDraws, [&] { return static_cast<double>(draw_poisson(stream, mean)); });
  EXPECT_NEAR(got.mean, mean, 5 * std::sqrt(mean / kDraws) + 1e-12);
  EXPECT_NEAR(got.variance, mean, 0.03 * mean + 1e-12);
  // Chi-square over the values whose expectation is at least 50, the rest pooled.
  double chi_square = 0;
  double degrees = 0;
  double rest_expected = kDraws;
  double rest_seen = kDraws;
  for (double k = std::max(0.0, std::floor(mean - 6 * std::sqrt(mean)));
       k <= mean + 6 * std::sqrt(mean) + 6; ++k) {
    const double log_mass =
        (mean == 0 ? (k == 0 ? 0 : -1e9) : k * std::log(mean)) - mean - std::lgamma(k + 1);
    const double expected = kDraws * std::exp(log_mass);
    if (expected < 50) continue;
    const auto range = std::equal_range(got.sorted.begin(), got.sorted.end(), k);
    const auto seen = static_cast<double>(range.second - range.first);
    chi_square += (seen - expected) * (seen - expected) / expected;
    rest_expected -= expected;
    rest_seen -= seen;
    ++degrees;
  }
  EXPECT_LT(chi_square, degrees + 5 * std::sqrt(2 * degrees) + 5);
  EXPECT_NEAR(rest_seen, rest_expected, 5 * std::sqrt(rest_expected + 1) + 1);
}

INSTANTIATE_TEST_SUITE_P(Distribution, PoissonOfMean,
                         testing::Values(0.0, 0.01, 0.7, 3.0, 9.99, 10.0, 12.5, 47.0, 800.0));

TEST(Distribution, RoundingIsToNearestAndCut) {
  EXPECT_EQ(round_to_nanoseconds(2.5), Duration::nanoseconds(3));
  EXPECT_EQ(round_to_nanoseconds(-2.5), Duration::nanoseconds(-3));
  EXPECT_EQ(round_to_nanoseconds(2.4), Duration::nanoseconds(2));
  EXPECT_EQ(round_to_nanoseconds(1e300), Duration::nanoseconds(int64_t{1} << 62U));
  EXPECT_EQ(round_to_nanoseconds(-1e300), Duration::nanoseconds(-(int64_t{1} << 62U)));
}

// Bits, not values: whatever compiler and optimisation, these must not move (pinned from this code;
// g++ and clang, -O0 and -O2 agree).
TEST(Distribution, BitsArePinned) {
  RandomStream stream(7, RandomPurpose::kTest, 0);
  uint64_t accumulated = 0;
  for (int i = 0; i < 1000; ++i) {
    accumulated =
        accumulated * 31 +
        static_cast<uint64_t>(
            draw_normal(stream, Duration::seconds(1), Duration::seconds(1)).nanoseconds());
    accumulated =
        accumulated * 31 +
        static_cast<uint64_t>(draw_exponential(stream, Duration::seconds(1)).nanoseconds());
    accumulated =
        accumulated * 31 +
        static_cast<uint64_t>(draw_log_normal(stream, Duration::seconds(1), 0.7).nanoseconds());
    accumulated = accumulated * 31 + draw_poisson(stream, 30);
  }
  EXPECT_EQ(accumulated, 3609845374893880829U);
}

}  // namespace
}  // namespace govchain::sim
