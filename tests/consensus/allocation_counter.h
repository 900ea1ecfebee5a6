#pragma once
// Counts calls of operator new, so that a test can show that a path allocates nothing. The counter
// is per thread; objects of this class may nest.

#include <cstdint>

namespace govchain::consensus::testing {

class AllocationCounter {
 public:
  AllocationCounter();
  // Allocations of this thread since construction.
  [[nodiscard]] uint64_t count() const;
  [[nodiscard]] uint64_t bytes() const;

 private:
  uint64_t count_at_start_;
  uint64_t bytes_at_start_;
};

}  // namespace govchain::consensus::testing
