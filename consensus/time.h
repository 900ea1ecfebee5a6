#pragma once
// Integer time. A Duration and a TimePoint count nanoseconds in 64 signed bits (292 years), so that
// arithmetic on them is exact and equal on every machine. A TimePoint is a reading of one clock (a
// replica's monotonic clock, or the simulation's); readings of different clocks must not be mixed.

#include <compare>
#include <cstdint>
#include <limits>

namespace govchain::consensus {

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration nanoseconds(int64_t count) { return Duration(count); }
  static constexpr Duration microseconds(int64_t count) { return Duration(count * 1'000); }
  static constexpr Duration milliseconds(int64_t count) { return Duration(count * 1'000'000); }
  static constexpr Duration seconds(int64_t count) { return Duration(count * 1'000'000'000); }
  static constexpr Duration zero() { return Duration(0); }
  static constexpr Duration max() { return Duration(std::numeric_limits<int64_t>::max()); }

  [[nodiscard]] constexpr int64_t nanoseconds() const { return nanoseconds_; }
  // For people and for statistics; never for a decision of a protocol or of the kernel.
  [[nodiscard]] constexpr double to_seconds() const {
    return static_cast<double>(nanoseconds_) * 1e-9;
  }
  [[nodiscard]] constexpr double to_milliseconds() const {
    return static_cast<double>(nanoseconds_) * 1e-6;
  }

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) {
    return Duration(a.nanoseconds_ + b.nanoseconds_);
  }
  friend constexpr Duration operator-(Duration a, Duration b) {
    return Duration(a.nanoseconds_ - b.nanoseconds_);
  }
  friend constexpr Duration operator-(Duration a) { return Duration(-a.nanoseconds_); }
  friend constexpr Duration operator*(Duration a, int64_t factor) {
    return Duration(a.nanoseconds_ * factor);
  }
  friend constexpr Duration operator*(int64_t factor, Duration a) {
    return Duration(a.nanoseconds_ * factor);
  }
  friend constexpr Duration operator/(Duration a, int64_t divisor) {
    return Duration(a.nanoseconds_ / divisor);
  }
  friend constexpr int64_t operator/(Duration a, Duration b) {
    return a.nanoseconds_ / b.nanoseconds_;
  }
  friend constexpr Duration operator%(Duration a, Duration b) {
    return Duration(a.nanoseconds_ % b.nanoseconds_);
  }
  constexpr Duration& operator+=(Duration other) { return *this = *this + other; }
  constexpr Duration& operator-=(Duration other) { return *this = *this - other; }

 private:
  constexpr explicit Duration(int64_t nanoseconds) : nanoseconds_(nanoseconds) {}
  int64_t nanoseconds_ = 0;
};

class TimePoint {
 public:
  constexpr TimePoint() = default;
  static constexpr TimePoint since_start(Duration elapsed) { return TimePoint(elapsed); }
  static constexpr TimePoint max() { return TimePoint(Duration::max()); }

  [[nodiscard]] constexpr Duration since_start() const { return elapsed_; }
  [[nodiscard]] constexpr int64_t nanoseconds() const { return elapsed_.nanoseconds(); }

  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint a, Duration b) {
    return TimePoint(a.elapsed_ + b);
  }
  friend constexpr TimePoint operator-(TimePoint a, Duration b) {
    return TimePoint(a.elapsed_ - b);
  }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return a.elapsed_ - b.elapsed_; }
  constexpr TimePoint& operator+=(Duration other) { return *this = *this + other; }

 private:
  constexpr explicit TimePoint(Duration elapsed) : elapsed_(elapsed) {}
  Duration elapsed_;
};

}  // namespace govchain::consensus
