#include "analysis/statistics/interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/statistics/student_t.h"
#include "consensus/assert.h"

namespace govchain::analysis {

double Estimate::relative_half_width() const {
  if (!has_interval()) return std::numeric_limits<double>::infinity();
  if (half_width == 0) return 0;
  return mean == 0 ? std::numeric_limits<double>::infinity() : std::abs(half_width / mean);
}

Estimate estimate(std::span<const double> observations, double confidence) {
  Estimate result;
  result.observations = static_cast<uint32_t>(observations.size());
  if (observations.empty()) return result;
  const auto count = static_cast<double>(observations.size());
  for (const double value : observations) result.mean += value / count;
  if (observations.size() < 2) return result;
  double squares = 0;
  for (const double value : observations) {
    squares += (value - result.mean) * (value - result.mean);
  }
  const double error = std::sqrt(squares / (count - 1) / count);
  result.half_width = error * student_t_two_sided(confidence, result.observations - 1);
  return result;
}

Estimate paired_difference(std::span<const double> a, std::span<const double> b,
                           double confidence) {
  GOVCHAIN_ASSERT(a.size() == b.size());
  std::vector<double> differences(a.size());
  for (size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  return estimate(differences, confidence);
}

std::vector<double> batch_means(std::span<const double> series, uint32_t batches) {
  if (batches == 0 || series.size() < batches) return {};
  const size_t length = series.size() / batches;
  const size_t skipped = series.size() - length * batches;
  std::vector<double> means(batches, 0);
  for (uint32_t batch = 0; batch < batches; ++batch) {
    for (size_t i = 0; i < length; ++i) {
      means[batch] += series[skipped + batch * length + i] / static_cast<double>(length);
    }
  }
  return means;
}

StoppingPoint stopping_point(const std::vector<std::vector<double>>& series,
                             const Precision& precision) {
  size_t available = series.empty() ? 0 : series.front().size();
  for (const auto& one : series) available = std::min(available, one.size());
  const size_t last = std::min<size_t>(available, precision.cap);
  for (size_t count = std::max<size_t>(2, precision.floor); precision.relative > 0 && count <= last;
       ++count) {
    const bool enough = std::all_of(series.begin(), series.end(), [&](const auto& one) {
      return estimate(std::span(one).first(count)).relative_half_width() <= precision.relative;
    });
    if (enough) return {static_cast<uint32_t>(count), true};
  }
  if (available < precision.cap) return {};
  return {precision.cap, precision.relative <= 0};
}

}  // namespace govchain::analysis
