#pragma once
// Confidence intervals over independent observations: replications, or means of batches of one long
// run. Never over single transactions, which depend on each other.

#include <cstdint>
#include <span>
#include <vector>

namespace govchain::analysis {

inline constexpr double kConfidence = 0.95;

// A mean and how well it is known.
struct Estimate {
  double mean = 0;
  double half_width = 0;  // of the interval; 0 with fewer than two observations
  uint32_t observations = 0;
  [[nodiscard]] double low() const { return mean - half_width; }
  [[nodiscard]] double high() const { return mean + half_width; }
  [[nodiscard]] bool has_interval() const { return observations >= 2; }
  // Half width over mean; 0 if both are 0, infinite without an interval.
  [[nodiscard]] double relative_half_width() const;
};

[[nodiscard]] Estimate estimate(std::span<const double> observations,
                                double confidence = kConfidence);

// Of two variants with common random numbers: the differences replication by replication. The
// spans are of equal length.
[[nodiscard]] Estimate paired_difference(std::span<const double> a, std::span<const double> b,
                                         double confidence = kConfidence);

// Means of `batches` equal parts of a series in order of time; the remainder at its beginning is
// left out, because it is nearest to the warm-up. Empty if there are fewer values than batches.
[[nodiscard]] std::vector<double> batch_means(std::span<const double> series, uint32_t batches);

// Sums and differences of quantities that are only known as intervals.
struct Bounds {
  double low = 0;
  double high = 0;
  friend Bounds operator+(Bounds a, Bounds b) { return {a.low + b.low, a.high + b.high}; }
  friend Bounds operator-(Bounds a, Bounds b) { return {a.low - b.high, a.high - b.low}; }
  friend Bounds operator*(Bounds a, double factor) {
    return factor >= 0 ? Bounds{a.low * factor, a.high * factor}
                       : Bounds{a.high * factor, a.low * factor};
  }
  [[nodiscard]] bool contains(double value) const { return low <= value && value <= high; }
  [[nodiscard]] bool overlaps(Bounds other) const { return low <= other.high && other.low <= high; }
};

// When to stop replicating.
struct Precision {
  double relative = 0;  // half width over mean that is enough; 0: always up to the cap
  uint32_t floor = 5;   // observations before the question is asked
  uint32_t cap = 30;
};
// The smallest number of leading observations that is enough, at most the cap; `reached` says
// whether the precision was met. Every series must meet it. Zero: not enough observations yet.
struct StoppingPoint {
  uint32_t observations = 0;
  bool reached = false;
};
[[nodiscard]] StoppingPoint stopping_point(const std::vector<std::vector<double>>& series,
                                           const Precision& precision);

}  // namespace govchain::analysis
