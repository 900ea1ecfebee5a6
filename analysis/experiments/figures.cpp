#include "analysis/experiments/figures.h"

#include <cmath>

#include <fmt/format.h>

#include "analysis/command/terminal.h"

namespace govchain::analysis {

namespace {

std::string with_commas(const std::string& digits) {
  size_t end = digits.find('.');
  if (end == std::string::npos) end = digits.size();
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool inside = i > 0 && digits[i - 1] != '-' && i < end;
    if (inside && (end - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace

std::string figure(double value) {
  if (value == 0) return "0";
  if (!std::isfinite(value)) return value > 0 ? "∞" : value < 0 ? "-∞" : "not a number";
  // Rounded to three digits first, so that 999.7 counts as 1,000 and has no decimals.
  const double rounded = std::stod(fmt::format("{:.2e}", value));
  const double size = std::abs(rounded);
  if (size < 1e-4) return fmt::format("{:.3g}", value);
  int decimals = 0;
  for (double bound = 100; size < bound && decimals < 6; bound /= 10) ++decimals;
  std::string text = fmt::format("{:.{}f}", rounded, decimals);
  // Nought behind the point says nothing about a whole number, like 60 s.
  if (text.find('.') != std::string::npos && rounded == std::floor(rounded) && rounded == value) {
    text.erase(text.find('.'));
  }
  return with_commas(text);
}

std::string grouped(uint64_t value) { return with_commas(std::to_string(value)); }

std::string percent(double share) {
  if (share > 0 && share < 0.001) return "<0.1 %";
  return fmt::format("{:.{}f} %", share * 100, share < 0.0995 ? 1 : 0);
}

std::string signed_percent(double share) {
  constexpr double kShown = 1e-3;
  if (std::abs(share) < kShown) return percent(std::abs(share));
  return (share < 0 ? "-" : "+") + percent(std::abs(share));
}

std::string with_prefix(double value) {
  constexpr const char* kPrefixes[] = {"", " k", " M", " G", " T"};
  size_t prefix = 0;
  while (std::abs(value) >= 999.5 && prefix + 1 < std::size(kPrefixes)) {
    value /= 1000;
    ++prefix;
  }
  return figure(value) + kPrefixes[prefix];
}

size_t shown_width(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (i < text.size() && text[i] != 'm') ++i;
    } else {
      plain += text[i];
    }
  }
  return display_width(plain);
}

}  // namespace govchain::analysis
