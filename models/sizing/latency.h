#pragma once
// Distributions of latency that can be added and mixed: what a case waits for is a sum of waits on
// several chains and routes, and a deployment's latency is a mixture over its cases.
//
// Log-linear classes, 64 an octave (1.6 % wide); a class is represented by the mean of what fell
// into it, so means of sums and mixtures are exact and quantiles within a class.

#include <cstdint>
#include <vector>

#include "sim/histogram.h"

namespace govchain::models {

class LatencyDistribution {
 public:
  LatencyDistribution() = default;  // empty: no wait at all, weight zero
  static LatencyDistribution of(const sim::Histogram& histogram);
  static LatencyDistribution constant(sim::Duration value);
  // Adds `weight` of `other`.
  void mix(const LatencyDistribution& other, double weight);
  // Of the sum of two independent waits.
  [[nodiscard]] LatencyDistribution plus(const LatencyDistribution& other) const;
  [[nodiscard]] bool empty() const { return total_ <= 0; }
  // A million observations in these proportions.
  [[nodiscard]] sim::Histogram histogram() const;
  [[nodiscard]] double mean_nanoseconds() const;

 private:
  struct Class {
    double weight = 0;
    double sum = 0;  // of values, nanoseconds times weight
  };
  void add(double nanoseconds, double weight);
  std::vector<Class> classes_;
  double total_ = 0;
};

}  // namespace govchain::models
