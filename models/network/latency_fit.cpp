#include <cmath>

#include <Eigen/Dense>

#include "models/network/backbone.h"

namespace govchain::models {

namespace {

// To a billionth: below it the factorisation's rounding may depend on the machine's vector width.
double rounded(double value) { return std::floor(value * 1e9 + 0.5) / 1e9; }

}  // namespace

consensus::Result<LatencyFit> fit_latency(const std::vector<MeasuredRoundTrip>& measured) {
  std::vector<const MeasuredRoundTrip*> usable;
  bool lengths_differ = false;
  for (const MeasuredRoundTrip& pair : measured) {
    if (pair.cross_border || pair.quality.starts_with("weak")) continue;
    usable.push_back(&pair);
    lengths_differ |= pair.kilometres != usable.front()->kilometres;
  }
  if (usable.size() < 2 || !lengths_differ) {
    return consensus::Error{consensus::ErrorCode::kInvalid,
                            "a latency fit needs two measured pairs of different length that are "
                            "neither cross-border nor weak; found " +
                                std::to_string(usable.size()),
                            "rtt_measured"};
  }
  const auto rows = static_cast<Eigen::Index>(usable.size());
  Eigen::MatrixX2d design(rows, 2);
  Eigen::VectorXd observed(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    design(row, 0) = 1;
    design(row, 1) = usable[static_cast<size_t>(row)]->kilometres;
    observed(row) = usable[static_cast<size_t>(row)]->milliseconds;
  }
  const Eigen::Vector2d solution = design.colPivHouseholderQr().solve(observed);
  const double residual = (design * solution - observed).squaredNorm() / static_cast<double>(rows);
  return LatencyFit{.intercept_milliseconds = rounded(solution(0)),
                    .milliseconds_per_kilometre = rounded(solution(1)),
                    .pairs = static_cast<uint32_t>(usable.size()),
                    .residual_milliseconds = rounded(std::sqrt(residual))};
}

}  // namespace govchain::models
