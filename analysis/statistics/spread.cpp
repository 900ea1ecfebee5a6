#include "analysis/statistics/spread.h"

#include <algorithm>
#include <cmath>

#include "consensus/assert.h"

namespace govchain::analysis {

namespace {

constexpr double kHalf = 0.5;
constexpr double kQuarter = 0.25;

}  // namespace

double quantile(std::span<const double> ascending, double share) {
  GOVCHAIN_ASSERT(!ascending.empty() && share >= 0 && share <= 1);
  const double place = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = place - static_cast<double>(below);
  return ascending[below] + part * (ascending[above] - ascending[below]);
}

Spread spread_of(std::vector<double> values) {
  Spread spread;
  if (values.empty()) return spread;
  std::sort(values.begin(), values.end());
  spread.values = values.size();
  spread.median = quantile(values, kHalf);
  spread.low_quartile = quantile(values, kQuarter);
  spread.high_quartile = quantile(values, 1 - kQuarter);
  spread.minimum = values.front();
  spread.maximum = values.back();
  for (double& value : values) value = std::fabs(value - spread.median);
  std::sort(values.begin(), values.end());
  spread.deviation = quantile(values, kHalf);
  return spread;
}

}  // namespace govchain::analysis
