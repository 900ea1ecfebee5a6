#pragma once
// Reproducible random values for property tests (SplitMix64; Steele, Lea & Flood 2014). A failing
// test prints the seed, which is all it takes to run it again.

#include <cstdint>
#include <vector>

namespace govchain::consensus::testing {

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t value = state_;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
  }
  // 0 … bound-1; the slight bias does not matter to a test.
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool chance(uint64_t one_in) { return below(one_in) == 0; }
  std::vector<uint8_t> bytes(size_t count) {
    std::vector<uint8_t> result(count);
    for (uint8_t& byte : result) byte = static_cast<uint8_t>(next());
    return result;
  }

 private:
  uint64_t state_;
};

}  // namespace govchain::consensus::testing
