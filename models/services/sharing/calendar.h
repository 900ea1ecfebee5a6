#pragma once
// Working days: Monday to Friday in China Standard Time (UTC+8, no daylight saving). Public
// holidays move every year by a notice of the State Council and are not in the calendar.

#include <cstdint>

namespace govchain::models::sharing {

inline constexpr int64_t kDayNanoseconds = 86'400'000'000'000;
inline constexpr int64_t kChinaOffsetNanoseconds = 8 * 3'600'000'000'000;

// Number of the local day that contains `time` (nanoseconds since 1970 UTC); day 0 is 1970-01-01.
[[nodiscard]] int64_t local_day(int64_t time);
[[nodiscard]] bool is_working_day(int64_t day);
// End (the first nanosecond after it) of the `days`-th working day after the local day of `time`:
// the day on which a request arrives does not count.
[[nodiscard]] int64_t working_day_deadline(int64_t time, uint16_t days);

}  // namespace govchain::models::sharing
