#include "consensus/node/transport/backoff.h"

#include <set>

#include <gtest/gtest.h>

namespace govchain::consensus::node {
namespace {

constexpr auto kFirst = Duration::milliseconds(50);
constexpr auto kLongest = Duration::seconds(5);

TEST(Backoff, DoublesUpToTheLimitLessAtMostHalf) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Backoff backoff(kFirst, kLongest, seed);
    Duration whole = kFirst;
    for (int i = 0; i < 12; ++i) {
      const Duration wait = backoff.next();
      EXPECT_LE(wait, whole);
      EXPECT_GE(wait, whole / 2);
      whole = std::min(whole * 2, kLongest);
    }
    EXPECT_EQ(whole, kLongest);
    backoff.reset();
    EXPECT_LE(backoff.next(), kFirst);
  }
}

TEST(Backoff, IsNotTheSameForAll) {
  std::set<Duration> waits;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    waits.insert(Backoff(kFirst, kLongest, seed).next());
  }
  EXPECT_GT(waits.size(), 15U);
}

TEST(Penalty, GrowsWithEachOffenceUpToALimit) {
  EXPECT_EQ(penalty(kLongest, 0), kLongest);
  EXPECT_EQ(penalty(kLongest, 1), kLongest * 2);
  EXPECT_EQ(penalty(kLongest, 6), kLongest * 64);
  EXPECT_EQ(penalty(kLongest, 4'000'000'000), kLongest * 64);
}

}  // namespace
}  // namespace govchain::consensus::node
