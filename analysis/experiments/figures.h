#pragma once
// Numbers as people read them: three significant digits, thousands apart, no exponent where one can
// do without.

#include <cstdint>
#include <string>
#include <string_view>

namespace govchain::analysis {

// "0.00123", "1.23", "12.3", "123", "1,230,000"; "0" for zero.
[[nodiscard]] std::string figure(double value);
// "1,234,567", exactly.
[[nodiscard]] std::string grouped(uint64_t value);
// A share in 0..1: "12.3 %".
[[nodiscard]] std::string percent(double share);
// A change: "+12.3 %", "-20 %"; what is too small to be written has no sign.
[[nodiscard]] std::string signed_percent(double share);
// "1.23 M", "12.3 k", "123".
[[nodiscard]] std::string with_prefix(double value);
// Columns on a terminal, escape sequences of colours left out.
[[nodiscard]] size_t shown_width(std::string_view text);

}  // namespace govchain::analysis
