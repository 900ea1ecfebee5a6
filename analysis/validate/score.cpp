#include "analysis/validate/score.h"

#include <algorithm>
#include <cmath>

namespace govchain::analysis::validate {

namespace {

using consensus::Duration;

std::optional<double> latency_error(Duration live, Duration simulated, Duration free) {
  const Duration net_live = live - free;
  const Duration net_simulated = simulated - free;
  if (net_live < kLeastNetLatency) return std::nullopt;
  return std::abs(static_cast<double>(net_simulated.nanoseconds() - net_live.nanoseconds())) /
         static_cast<double>(net_live.nanoseconds());
}

MetricScore score_metric(const std::vector<Cell>& cells, std::optional<double> Errors::*metric) {
  MetricScore score;
  std::vector<double> errors;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].configuration.calibrates || !is_comparable(cells[i])) continue;
    const std::optional<double> error = errors_of(cells[i]).*metric;
    if (!error) continue;
    errors.push_back(*error);
    if (!score.worst || *error > score.worst_error) {
      score.worst = i;
      score.worst_error = *error;
    }
  }
  score.cells = errors.size();
  if (errors.empty()) return score;
  std::sort(errors.begin(), errors.end());
  const size_t middle = errors.size() / 2;
  score.median =
      errors.size() % 2 == 1 ? errors[middle] : (errors[middle - 1] + errors[middle]) / 2;
  return score;
}

}  // namespace

bool is_saturated(double offered, const Figures& figures) {
  return figures.throughput < kKeepsUp * offered;
}

bool was_offered(const Cell& cell) {
  constexpr double kNearlyAll = 0.99;
  if (cell.live.load_made >= kNearlyAll) return true;
  return is_saturated(cell.offered, cell.live) &&
         is_saturated(cell.offered * cell.live.load_made, cell.live);
}

bool was_quiet(const Figures& live) { return live.others <= kDisturbed; }

bool is_comparable(const Cell& cell) { return was_offered(cell) && was_quiet(cell.live); }

Errors errors_of(const Cell& cell) {
  Errors errors;
  const bool overloaded =
      cell.level == LoadLevel::kAsGiven && is_saturated(cell.offered, cell.live);
  if (cell.level == LoadLevel::kSaturation || overloaded) {
    if (cell.live.throughput > 0) {
      errors.throughput =
          std::abs(cell.simulated.throughput - cell.live.throughput) / cell.live.throughput;
    }
    return errors;
  }
  errors.p50 = latency_error(cell.live.p50, cell.simulated.p50, cell.free.p50);
  errors.p99 = latency_error(cell.live.p99, cell.simulated.p99, cell.free.p99);
  return errors;
}

Score score(const std::vector<Cell>& cells) {
  return {score_metric(cells, &Errors::throughput), score_metric(cells, &Errors::p50),
          score_metric(cells, &Errors::p99)};
}

bool within(const Score& score, const Limits& limits) {
  if (score.throughput.cells + score.p50.cells + score.p99.cells == 0) return false;
  const auto holds = [](const MetricScore& metric, double limit) {
    return metric.cells == 0 || metric.median <= limit;
  };
  return holds(score.throughput, limits.throughput) && holds(score.p50, limits.p50) &&
         holds(score.p99, limits.p99);
}

}  // namespace govchain::analysis::validate
