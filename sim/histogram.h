#pragma once
// A mergeable log-linear histogram of non-negative integers (nanoseconds, usually), after
// HdrHistogram: every bucket is at most 1/1024 of its value wide, so any quantile is within 0.1 %
// (three digits) of the exact one. Buckets up to 2^62.

#include <cstdint>
#include <vector>

#include "sim/units.h"

namespace govchain::sim {

class Histogram {
 public:
  void record(Duration value, uint64_t count = 1);
  void merge(const Histogram& other);
  [[nodiscard]] uint64_t count() const { return count_; }
  // Mean of the recorded values (exact: the sum is kept), zero if empty.
  [[nodiscard]] double mean_nanoseconds() const;
  [[nodiscard]] Duration minimum() const;
  [[nodiscard]] Duration maximum() const;
  // Smallest bucket value v (its upper edge, not above the maximum) such that at least `quantile`
  // (0..1) of the values are <= v.
  [[nodiscard]] Duration quantile(double quantile) const;
  // Bucket upper edges with their counts, ascending, empty ones left out.
  struct Bucket {
    Duration upper;
    uint64_t count = 0;
  };
  [[nodiscard]] std::vector<Bucket> buckets() const;
  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  // Neighbouring buckets that are allocated together, when the first of them is needed: the values
  // of a run lie in a few places of a long scale.
  using Chunk = std::vector<uint64_t>;

  // Calls call(bucket, count) for what is not empty, ascending, until it returns false.
  template <typename Call>
  void for_each(const Call& call) const;

  std::vector<Chunk> chunks_;  // empty ones hold nothing
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  int64_t minimum_ = 0;
  int64_t maximum_ = 0;
};

}  // namespace govchain::sim
