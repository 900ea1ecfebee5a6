#include "sim/random.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace govchain::sim {
namespace {

struct KnownAnswer {
  PhiloxCounter counter;
  PhiloxKey key;
  PhiloxCounter expected;
};

// The three vectors of Random123's kat_vectors for philox4x32 10.
TEST(Random, PhiloxMatchesTheKnownAnswersOfRandom123) {
  const std::vector<KnownAnswer> answers = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const KnownAnswer& answer : answers) {
    EXPECT_EQ(philox4x32_10(answer.counter, answer.key), answer.expected);
  }
}

TEST(Random, SkippingEqualsDrawing) {
  for (const uint64_t steps : {0U, 1U, 2U, 3U, 7U, 1000U}) {
    RandomStream drawn(5, RandomPurpose::kTest, 9);
    RandomStream skipped(5, RandomPurpose::kTest, 9);
    drawn.next();
    skipped.next();
    for (uint64_t i = 0; i < steps; ++i) drawn.next();
    skipped.skip(steps);
    EXPECT_EQ(drawn.position(), skipped.position());
    EXPECT_EQ(drawn.next(), skipped.next()) << steps;
  }
}

TEST(Random, StreamsDifferInSeedPurposeAndEntity) {
  std::set<uint64_t> firsts;
  size_t streams = 0;
  for (const uint64_t seed : {0ULL, 1ULL, 1ULL << 32U}) {
    for (const RandomPurpose purpose : {RandomPurpose::kArrivals, RandomPurpose::kTest}) {
      for (const uint64_t entity : {0ULL, 1ULL, 1ULL << 32U, ~0ULL}) {
        firsts.insert(RandomStream(seed, purpose, entity).next());
        ++streams;
      }
    }
  }
  EXPECT_EQ(firsts.size(), streams);
}

// The layout of counter and key is part of every digest.
TEST(Random, StreamReadsThePhiloxBlocksOfItsCounterInOrder) {
  RandomStream stream(1, RandomPurpose::kJitter, 2);
  RandomStream again(1, RandomPurpose::kJitter, 2);
  const PhiloxCounter words = philox4x32_10({2, 0, 0, 3U << 24U}, {1, 0});
  EXPECT_EQ(stream.next(), words[0] | (static_cast<uint64_t>(words[1]) << 32U));
  EXPECT_EQ(stream.next(), words[2] | (static_cast<uint64_t>(words[3]) << 32U));
  again.skip(1);
  EXPECT_EQ(again.next(), words[2] | (static_cast<uint64_t>(words[3]) << 32U));
}

TEST(Random, UniformStaysInItsIntervalWithTheRightMoments) {
  RandomStream stream(3, RandomPurpose::kTest, 0);
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(squares / kDraws - mean * mean, 1.0 / 12, 0.001);
}

TEST(Random, BoundedIntegersAreUniform) {
  RandomStream stream(4, RandomPurpose::kTest, 0);
  for (const uint64_t bound : {1ULL, 2ULL, 3ULL, 7ULL, 10ULL}) {
    std::vector<uint64_t> hits(bound);
    const uint64_t draws = 20'000 * bound;
    for (uint64_t i = 0; i < draws; ++i) {
      const uint64_t value = stream.below(bound);
      ASSERT_LT(value, bound);
      ++hits[value];
    }
    double chi_square = 0;
    for (const uint64_t count : hits) {
      const double difference = static_cast<double>(count) - 20'000;
      chi_square += difference * difference / 20'000;
    }
    EXPECT_LT(chi_square, 35) << bound;  // 99.99 % of chi-square with 9 degrees is 33.7
  }
}

// With bound 3·2^62 a plain product without rejection would hit some values twice as often.
TEST(Random, LargeBoundsAreWithoutBias) {
  RandomStream stream(4, RandomPurpose::kTest, 1);
  constexpr uint64_t kBound = 3ULL << 62U;
  constexpr int kDraws = 100'000;
  std::array<int, 3> residues{};
  for (int i = 0; i < kDraws; ++i) ++residues[stream.below(kBound) % 3];
  for (const int count : residues) EXPECT_NEAR(count, kDraws / 3, 800);
}

TEST(Random, RangesIncludeBothEnds) {
  RandomStream stream(6, RandomPurpose::kTest, 0);
  std::set<int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(stream.between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(stream.between(7, 7), 7);
  stream.between(INT64_MIN, INT64_MAX);
}

TEST(Random, ChanceIsNeverAtZeroAndAlwaysAtOne) {
  RandomStream stream(7, RandomPurpose::kTest, 0);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(stream.chance(0));
    EXPECT_TRUE(stream.chance(1));
  }
}

}  // namespace
}  // namespace govchain::sim
