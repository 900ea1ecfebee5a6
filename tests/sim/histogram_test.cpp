#include "sim/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sim/random.h"

namespace govchain::sim {
namespace {

// Values over the whole range, small ones often.
int64_t any_value(RandomStream& stream) {
  return static_cast<int64_t>(stream.next() >> stream.between(2, 60));
}

TEST(Histogram, EmptyHasZeroEverything) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_EQ(empty.mean_nanoseconds(), 0);
  EXPECT_EQ(empty.quantile(0.5), Duration::zero());
  EXPECT_EQ(empty.minimum(), Duration::zero());
  EXPECT_EQ(empty.maximum(), Duration::zero());
  EXPECT_TRUE(empty.buckets().empty());
}

TEST(Histogram, QuantilesAreWithinOneThousandthOfTheSortedValues) {
  for (uint64_t round = 0; round < 60; ++round) {
    RandomStream stream(1, RandomPurpose::kTest, round);
    std::vector<int64_t> values(1 + stream.below(500));
    Histogram histogram;
    for (int64_t& value : values) {
      value = any_value(stream);
      histogram.record(Duration::nanoseconds(value));
    }
    std::sort(values.begin(), values.end());
    EXPECT_EQ(histogram.minimum().nanoseconds(), values.front());
    EXPECT_EQ(histogram.maximum().nanoseconds(), values.back());
    for (const double q : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank =
          static_cast<size_t>(std::max(1.0, std::ceil(q * static_cast<double>(values.size()))));
      const int64_t exact = values[rank - 1];
      const int64_t got = histogram.quantile(q).nanoseconds();
      EXPECT_GE(got, exact);
      EXPECT_LE(got, values.back());
      EXPECT_LE(static_cast<double>(got - exact), static_cast<double>(exact) / 1000) << q;
    }
  }
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t value = 0; value < 2048; ++value) histogram.record(Duration::nanoseconds(value));
  for (int64_t value = 0; value < 2048; ++value) {
    const double q = static_cast<double>(value + 1) / 2048;
    EXPECT_EQ(histogram.quantile(q).nanoseconds(), value);
  }
  EXPECT_DOUBLE_EQ(histogram.mean_nanoseconds(), 1023.5);
}

TEST(Histogram, MergingIsAssociativeAndEqualsRecordingTogether) {
  for (uint64_t round = 0; round < 20; ++round) {
    RandomStream stream(2, RandomPurpose::kTest, round);
    Histogram parts[3];
    Histogram whole;
    for (Histogram& part : parts) {
      const uint64_t size = stream.below(50);  // sometimes none
      for (uint64_t i = 0; i < size; ++i) {
        const Duration value = Duration::nanoseconds(any_value(stream) >> 20);
        const uint64_t count = stream.below(3);
        part.record(value, count);
        for (uint64_t j = 0; j < count; ++j) whole.record(value);
      }
    }
    Histogram left = parts[0];
    left.merge(parts[1]);
    left.merge(parts[2]);
    Histogram right = parts[1];
    right.merge(parts[2]);
    Histogram other = parts[0];
    other.merge(right);
    EXPECT_EQ(left, whole);
    EXPECT_EQ(other, whole);
  }
}

TEST(Histogram, BucketsAscendCoverEveryValueAndAreNarrow) {
  Histogram histogram;
  RandomStream stream(3, RandomPurpose::kTest, 0);
  for (int i = 0; i < 2000; ++i) histogram.record(Duration::nanoseconds(any_value(stream)));
  histogram.record(Duration::max());
  uint64_t total = 0;
  Duration previous = Duration::nanoseconds(-1);
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    EXPECT_LT(previous, bucket.upper);
    previous = bucket.upper;
    total += bucket.count;
    EXPECT_GT(bucket.count, 0U);
  }
  EXPECT_EQ(total, histogram.count());
  EXPECT_EQ(previous, Duration::max());
}

}  // namespace
}  // namespace govchain::sim
