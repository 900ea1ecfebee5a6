#pragma once
// A replica's own monotonic clock: it runs at its own rate, which faults can change.

#include <cstdint>

#include "consensus/units.h"
#include "sim/units.h"

namespace govchain::sim {

class ReplicaClock {
 public:
  // Parts per billion by which the clock runs fast, from `now` on. Never steps.
  void set_drift(TimePoint now, int64_t parts_per_billion) {
    base_local_ = local(now);
    base_global_ = now;
    drift_ = parts_per_billion;
  }
  [[nodiscard]] TimePoint local(TimePoint global) const {
    const Duration elapsed = global - base_global_;
    if (drift_ == 0) return base_local_ + elapsed;
    return base_local_ + elapsed + scaled(elapsed, drift_, kBillion);
  }
  // The first global time at which the clock shows `local` or more; `not_before` if it does so by
  // then. TimePoint::max() if that is out of reach.
  [[nodiscard]] TimePoint global(TimePoint local_time, TimePoint not_before) const {
    if (local_time <= local(not_before)) return not_before;
    if (local_time == TimePoint::max()) return TimePoint::max();
    const Duration ahead = local_time - base_local_;
    if (drift_ == 0) return base_global_ + ahead;
    TimePoint guess = base_global_ + scaled(ahead, kBillion, kBillion + drift_);
    const Duration tick = Duration::nanoseconds(1);
    while (guess > not_before && local(guess - tick) >= local_time) guess = guess - tick;
    while (local(guess) < local_time) guess += tick;
    return guess < not_before ? not_before : guess;
  }

 private:
  static constexpr int64_t kBillion = 1'000'000'000;
  static Duration scaled(Duration value, int64_t numerator, int64_t denominator) {
    __extension__ using SignedWide = __int128;
    return Duration::nanoseconds(static_cast<int64_t>(static_cast<SignedWide>(value.nanoseconds()) *
                                                      numerator / denominator));
  }

  TimePoint base_local_;
  TimePoint base_global_;
  int64_t drift_ = 0;
};

}  // namespace govchain::sim
