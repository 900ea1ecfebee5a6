#pragma once
// Quantities whose unit lives in their type.

#include <compare>
#include <cstdint>
#include <limits>

#include "consensus/assert.h"
#include "consensus/time.h"

namespace govchain::consensus {

// 128-bit intermediate, so that size * time cannot overflow; both supported compilers have it.
__extension__ using Wide = unsigned __int128;

// A size in bytes.
class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(uint64_t count) : count_(count) {}
  [[nodiscard]] constexpr uint64_t count() const { return count_; }

  friend constexpr auto operator<=>(Bytes, Bytes) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return Bytes(a.count_ + b.count_); }
  friend constexpr Bytes operator-(Bytes a, Bytes b) {
    GOVCHAIN_ASSERT(a.count_ >= b.count_);
    return Bytes(a.count_ - b.count_);
  }
  friend constexpr Bytes operator*(Bytes a, uint64_t factor) { return Bytes(a.count_ * factor); }
  constexpr Bytes& operator+=(Bytes other) { return *this = *this + other; }
  constexpr Bytes& operator-=(Bytes other) { return *this = *this - other; }

 private:
  uint64_t count_ = 0;
};

// A transfer rate, held in bits per second because lines are sold so. Zero means unlimited.
class Rate {
 public:
  constexpr Rate() = default;
  static constexpr Rate bits_per_second(uint64_t bits) { return Rate(bits); }
  static constexpr Rate unlimited() { return Rate(0); }
  [[nodiscard]] constexpr uint64_t bits_per_second() const { return bits_per_second_; }
  [[nodiscard]] constexpr bool is_unlimited() const { return bits_per_second_ == 0; }
  // Time to move `size` at this rate, rounded up to a whole nanosecond; zero if unlimited.
  [[nodiscard]] constexpr Duration time_for(Bytes size) const {
    if (is_unlimited()) return Duration::zero();
    const auto bits_in_nanoseconds = static_cast<Wide>(size.count()) * 8U * 1'000'000'000U;
    return Duration::nanoseconds(
        static_cast<int64_t>((bits_in_nanoseconds + bits_per_second_ - 1) / bits_per_second_));
  }
  friend constexpr auto operator<=>(Rate, Rate) = default;

 private:
  constexpr explicit Rate(uint64_t bits) : bits_per_second_(bits) {}
  uint64_t bits_per_second_ = 0;
};

}  // namespace govchain::consensus
