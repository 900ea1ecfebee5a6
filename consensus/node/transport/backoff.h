#pragma once
// How long to wait before the next try: twice as long after each, up to a limit, less a random part
// of up to a half, so that those who lost the same peer do not come back together.

#include <algorithm>
#include <cstdint>

#include "consensus/time.h"

namespace govchain::consensus::node {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, uint64_t seed)
      : first_(first), longest_(longest), next_(first), state_(seed) {}

  [[nodiscard]] Duration next() {
    const Duration whole = next_;
    next_ = next_ > longest_ / 2 ? longest_ : next_ * 2;
    const int64_t half = whole.nanoseconds() / 2;
    return whole - Duration::nanoseconds(static_cast<int64_t>(random() % uint64_t(half + 1)));
  }
  void reset() { next_ = first_; }

 private:
  // SplitMix64 (Steele, Lea & Flood 2014).
  uint64_t random() {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t value = state_;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
  }
  Duration first_;
  Duration longest_;
  Duration next_;
  uint64_t state_;
};

// How long a peer that broke the framing is kept out, after so many earlier times.
[[nodiscard]] inline Duration penalty(Duration first, uint32_t earlier) {
  constexpr uint32_t kMaxDoublings = 6;
  return first * (int64_t{1} << std::min(earlier, kMaxDoublings));
}

}  // namespace govchain::consensus::node
