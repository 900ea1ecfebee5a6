#include "models/sizing/latency.h"

#include <algorithm>
#include <bit>

namespace govchain::models {

namespace {

constexpr uint32_t kSubClassBits = 6;
constexpr double kObservations = 1'000'000;

size_t class_of(uint64_t nanoseconds) {
  if (nanoseconds < (1U << kSubClassBits)) return nanoseconds;
  const auto top = static_cast<uint32_t>(std::bit_width(nanoseconds)) - 1;
  const uint64_t mantissa = (nanoseconds >> (top - kSubClassBits)) - (1U << kSubClassBits);
  return ((static_cast<size_t>(top) - kSubClassBits + 1) << kSubClassBits) + mantissa;
}

}  // namespace

void LatencyDistribution::add(double nanoseconds, double weight) {
  if (weight <= 0) return;
  const size_t index = class_of(static_cast<uint64_t>(std::max(0.0, nanoseconds)));
  if (classes_.size() <= index) classes_.resize(index + 1);
  classes_[index].weight += weight;
  classes_[index].sum += weight * nanoseconds;
  total_ += weight;
}

LatencyDistribution LatencyDistribution::of(const sim::Histogram& histogram) {
  LatencyDistribution distribution;
  const auto count = static_cast<double>(histogram.count());
  for (const auto& bucket : histogram.buckets()) {
    distribution.add(static_cast<double>(bucket.upper.nanoseconds()),
                     static_cast<double>(bucket.count) / count);
  }
  return distribution;
}

LatencyDistribution LatencyDistribution::constant(sim::Duration value) {
  LatencyDistribution distribution;
  distribution.add(static_cast<double>(value.nanoseconds()), 1);
  return distribution;
}

void LatencyDistribution::mix(const LatencyDistribution& other, double weight) {
  if (other.empty() || weight <= 0) return;
  if (classes_.size() < other.classes_.size()) classes_.resize(other.classes_.size());
  for (size_t i = 0; i < other.classes_.size(); ++i) {
    classes_[i].weight += other.classes_[i].weight / other.total_ * weight;
    classes_[i].sum += other.classes_[i].sum / other.total_ * weight;
  }
  total_ += weight;
}

LatencyDistribution LatencyDistribution::plus(const LatencyDistribution& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  LatencyDistribution sum;
  for (const Class& a : classes_) {
    if (a.weight <= 0) continue;
    for (const Class& b : other.classes_) {
      if (b.weight <= 0) continue;
      sum.add(a.sum / a.weight + b.sum / b.weight, a.weight / total_ * (b.weight / other.total_));
    }
  }
  return sum;
}

sim::Histogram LatencyDistribution::histogram() const {
  sim::Histogram histogram;
  if (empty()) return histogram;
  for (const Class& entry : classes_) {
    if (entry.weight <= 0) continue;
    const auto count = static_cast<uint64_t>(entry.weight / total_ * kObservations + 0.5);
    if (count == 0) continue;
    histogram.record(sim::Duration::nanoseconds(static_cast<int64_t>(entry.sum / entry.weight)),
                     count);
  }
  return histogram;
}

double LatencyDistribution::mean_nanoseconds() const {
  double sum = 0;
  for (const Class& entry : classes_) sum += entry.sum;
  return empty() ? 0 : sum / total_;
}

}  // namespace govchain::models
