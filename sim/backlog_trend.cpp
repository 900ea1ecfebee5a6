#include "sim/backlog_trend.h"

#include <cmath>
#include <vector>

namespace govchain::sim {

namespace {

// Batches of the slope, and Student's t for its 95 % interval with two degrees fewer.
constexpr size_t kSlopeBatches = 10;
constexpr double kStudent95 = 2.306;

}  // namespace

// Least squares over the means of ten batches of the window: batch means, because neighbouring
// samples are far from independent.
void fit_backlog(Duration warmup, ChainResult& chain) {
  const auto first = static_cast<size_t>(
      (warmup + chain.backlog_interval - Duration::nanoseconds(1)) / chain.backlog_interval);
  const std::vector<double>& series = chain.backlog_series;
  if (series.size() < first + 2 * kSlopeBatches) return;
  const size_t per_batch = (series.size() - first) / kSlopeBatches;
  std::vector<double> means;
  for (size_t batch = 0; batch < kSlopeBatches; ++batch) {
    double sum = 0;
    for (size_t i = 0; i < per_batch; ++i) sum += series[first + batch * per_batch + i];
    means.push_back(sum / static_cast<double>(per_batch));
  }
  const double step = chain.backlog_interval.to_seconds() * static_cast<double>(per_batch);
  const auto count = static_cast<double>(kSlopeBatches);
  const double middle = (count - 1) / 2;
  double mean = 0;
  for (const double value : means) mean += value / count;
  double moment = 0;
  double spread = 0;
  for (size_t i = 0; i < kSlopeBatches; ++i) {
    const double x = static_cast<double>(i) - middle;
    moment += x * (means[i] - mean);
    spread += x * x;
  }
  const double slope = moment / spread;
  double residual = 0;
  for (size_t i = 0; i < kSlopeBatches; ++i) {
    const double error = means[i] - mean - slope * (static_cast<double>(i) - middle);
    residual += error * error;
  }
  chain.backlog_slope = slope / step;
  chain.backlog_slope_error = std::sqrt(residual / (count - 2) / spread) / step;
  const double lower = chain.backlog_slope - kStudent95 * chain.backlog_slope_error;
  constexpr double kShareOfOffered = 0.01;
  chain.saturated = lower > 0 && lower > kShareOfOffered * chain.offered_per_second;
}

}  // namespace govchain::sim
