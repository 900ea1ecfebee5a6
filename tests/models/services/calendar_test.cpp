#include "models/services/sharing/calendar.h"

#include <gtest/gtest.h>

#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::sharing {
namespace {

// Day by day, as a clerk would count.
int64_t deadline_by_counting(int64_t time, int days) {
  int64_t day = local_day(time);
  while (days > 0) {
    ++day;
    if (is_working_day(day)) --days;
  }
  return (day + 1) * kDayNanoseconds - kChinaOffsetNanoseconds;
}

TEST(Calendar, KnowsTheWeekdays) {
  // 2024-01-01 was a Monday.
  const int64_t monday = local_day(testing::kStart);
  for (int64_t day = 0; day < 70; ++day) {
    EXPECT_EQ(is_working_day(monday - 35 + day), day % 7 < 5) << day;
  }
}

TEST(Calendar, DaysTurnAtMidnightInChina) {
  const int64_t midnight_in_china = testing::kStart + 16 * testing::kHour;
  EXPECT_EQ(local_day(midnight_in_china), local_day(midnight_in_china - 1) + 1);
  EXPECT_EQ(local_day(-1 - 8 * testing::kHour), -1);
  EXPECT_EQ(local_day(0), 0);
}

TEST(Calendar, CountsLikeAClerk) {
  testing::Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto time = static_cast<int64_t>(random.below(3'000'000'000)) * testing::kSecond +
                      static_cast<int64_t>(random.below(1'000'000'000));
    const auto days = static_cast<uint16_t>(1 + random.below(60));
    ASSERT_EQ(working_day_deadline(time, days), deadline_by_counting(time, days))
        << time << " + " << days;
  }
}

}  // namespace
}  // namespace govchain::models::sharing
