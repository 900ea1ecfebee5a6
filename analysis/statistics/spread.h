#pragma once
// A middle and how far values lie around it, by order alone: one bad minute among many does not
// move them, as it would move a mean.

#include <cstddef>
#include <span>
#include <vector>

namespace govchain::analysis {

struct Spread {
  size_t values = 0;
  double median = 0;
  double low_quartile = 0;
  double high_quartile = 0;
  double deviation = 0;  // median of the distances from the median
  double minimum = 0;
  double maximum = 0;
  // Distance of the quartiles over the median; 0 if the median is 0.
  [[nodiscard]] double relative() const {
    return median == 0 ? 0 : (high_quartile - low_quartile) / median;
  }
};

// The value below which so much of `ascending` lies, between neighbours in proportion (Hyndman and
// Fan 1996, type 7). `share` in 0..1; at least one value.
[[nodiscard]] double quantile(std::span<const double> ascending, double share);

// All zero without values.
[[nodiscard]] Spread spread_of(std::vector<double> values);

}  // namespace govchain::analysis
