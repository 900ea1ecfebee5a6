#include "models/services/sharing/calendar.h"

namespace govchain::models::sharing {
namespace {

constexpr int64_t kWorkingDaysPerWeek = 5;
constexpr int64_t kDaysPerWeek = 7;

// 0 = Monday. 1970-01-01 was a Thursday.
int64_t weekday(int64_t day) {
  const int64_t remainder = (day + 3) % kDaysPerWeek;
  return remainder < 0 ? remainder + kDaysPerWeek : remainder;
}

}  // namespace

int64_t local_day(int64_t time) {
  const int64_t local = time + kChinaOffsetNanoseconds;
  const int64_t quotient = local / kDayNanoseconds;
  return local % kDayNanoseconds < 0 ? quotient - 1 : quotient;
}

bool is_working_day(int64_t day) { return weekday(day) < kWorkingDaysPerWeek; }

int64_t working_day_deadline(int64_t time, uint16_t days) {
  // A request at the weekend counts as one on the Friday before.
  int64_t day = local_day(time);
  while (!is_working_day(day)) --day;
  const int64_t past_monday = weekday(day) + days;
  const int64_t last = day - weekday(day) + past_monday / kWorkingDaysPerWeek * kDaysPerWeek +
                       past_monday % kWorkingDaysPerWeek;
  return (last + 1) * kDayNanoseconds - kChinaOffsetNanoseconds;
}

}  // namespace govchain::models::sharing
