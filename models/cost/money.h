#pragma once
// Amounts of money: integer fen (1/100 yuan), real money of the plan's price year, value-added tax
// excluded. 64 bits hold 92 thousand trillion yuan.

#include <compare>
#include <cstdint>

namespace govchain::models {

class Money {
 public:
  constexpr Money() = default;
  static constexpr Money fen(int64_t count) { return Money(count); }
  static constexpr Money yuan(int64_t count) { return Money(count * 100); }
  // Rounds half away from zero; for results of a valuation, which are computed in double yuan.
  static constexpr Money from_yuan(double yuan) {
    return Money(static_cast<int64_t>(yuan * 100 + (yuan < 0 ? -0.5 : 0.5)));
  }
  [[nodiscard]] constexpr int64_t fen() const { return fen_; }
  [[nodiscard]] constexpr double to_yuan() const { return static_cast<double>(fen_) / 100; }

  friend constexpr auto operator<=>(Money, Money) = default;
  friend constexpr Money operator+(Money a, Money b) { return Money(a.fen_ + b.fen_); }
  friend constexpr Money operator-(Money a, Money b) { return Money(a.fen_ - b.fen_); }
  constexpr Money& operator+=(Money other) { return *this = *this + other; }
  constexpr Money& operator-=(Money other) { return *this = *this - other; }

 private:
  constexpr explicit Money(int64_t fen) : fen_(fen) {}
  int64_t fen_ = 0;
};

}  // namespace govchain::models
