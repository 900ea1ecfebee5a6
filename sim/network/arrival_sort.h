#pragma once
// Sorts the arrivals of one broadcast: a few hundred numbers, mostly spread evenly between the
// first and the last. One pass into as many buckets as numbers, then insertion sort, which is
// linear unless many fall into one bucket; then std::sort does it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace govchain::sim {

class ArrivalSorter {
 public:
  void sort(std::vector<uint64_t>& values) {
    const size_t count = values.size();
    if (count <= kSmall) {
      insertion_sort(values.data(), count);
      return;
    }
    uint64_t low = values[0];
    uint64_t high = values[0];
    for (const uint64_t value : values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    // A power of two divides without a division.
    unsigned shift = 0;
    while (((high - low) >> shift) >= kBuckets) ++shift;
    uint32_t starts[kBuckets + 1] = {};
    for (const uint64_t value : values) ++starts[((value - low) >> shift) + 1];
    uint32_t largest = 0;
    for (size_t bucket = 1; bucket <= kBuckets; ++bucket) {
      largest = std::max(largest, starts[bucket]);
      starts[bucket] += starts[bucket - 1];
    }
    if (largest > kCrowded) {
      std::sort(values.begin(), values.end());
      return;
    }
    scratch_.resize(count);
    for (const uint64_t value : values) scratch_[starts[(value - low) >> shift]++] = value;
    insertion_sort(scratch_.data(), count);
    values.swap(scratch_);
  }

 private:
  static constexpr size_t kSmall = 24;
  static constexpr size_t kBuckets = 256;
  static constexpr uint32_t kCrowded = 24;

  static void insertion_sort(uint64_t* values, size_t count) {
    for (size_t i = 1; i < count; ++i) {
      const uint64_t value = values[i];
      size_t place = i;
      while (place > 0 && values[place - 1] > value) {
        values[place] = values[place - 1];
        --place;
      }
      values[place] = value;
    }
  }

  std::vector<uint64_t> scratch_;
};

}  // namespace govchain::sim
