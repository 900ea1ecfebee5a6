#include "analysis/calibrate/clocks.h"

#include <algorithm>
#include <ctime>
#include <pthread.h>
#include <vector>

#include "analysis/calibrate/settings.h"
#include "analysis/calibrate/thread_clock.h"
#include "consensus/assert.h"

namespace govchain::analysis {

using consensus::Duration;

namespace {

Duration read_clock(clockid_t clock) {
  timespec time{};
  const int failed = clock_gettime(clock, &time);
  GOVCHAIN_ASSERT(failed == 0);
  return Duration::seconds(time.tv_sec) + Duration::nanoseconds(time.tv_nsec);
}

}  // namespace

Duration cost_of_processor_clock(Clocks& clocks) {
  constexpr size_t kReadings = 101;
  std::vector<Duration> readings;
  for (size_t i = 0; i < kReadings; ++i) readings.push_back(processor_time(clocks, [] {}));
  const auto middle = readings.begin() + kReadings / 2;
  std::nth_element(readings.begin(), middle, readings.end());
  return *middle;
}

Duration SystemClocks::processor() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
Duration SystemClocks::wall() { return read_clock(CLOCK_MONOTONIC); }

void ThreadClock::take_this_thread() {
  if (taken_.load(std::memory_order_relaxed)) return;
  clockid_t clock{};
  const int failed = pthread_getcpuclockid(pthread_self(), &clock);
  GOVCHAIN_ASSERT(failed == 0);
  clock_.store(clock, std::memory_order_relaxed);
  taken_.store(true, std::memory_order_release);
}

std::optional<Duration> ThreadClock::read() const {
  if (!taken_.load(std::memory_order_acquire)) return std::nullopt;
  return read_clock(clock_.load(std::memory_order_relaxed));
}

}  // namespace govchain::analysis
