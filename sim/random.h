#pragma once
// Counter-based random streams: Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random
// Numbers: As Easy as 1, 2, 3", SC 2011). Every stream is a pure function of (seed, purpose,
// entity, position), so that adding a consumer of randomness moves no other, streams may be drawn
// in any order and on any thread, and skipping costs nothing.

#include <array>
#include <cstdint>

#include "consensus/assert.h"
#include "consensus/units.h"

namespace govchain::sim {

// What a stream is for. One per use, so that two uses never share numbers; append only, because the
// values enter every digest.
enum class RandomPurpose : uint8_t {
  kArrivals = 1,     // per load
  kPayload = 2,      // per load
  kJitter = 3,       // per chain or host
  kLoss = 4,         // per chain or host
  kFault = 5,        // per fault
  kAdversary = 6,    // per adversary
  kEngineSeed = 7,   // per replica
  kClock = 8,        // per replica
  kAgent = 9,        // per agent
  kFuzz = 10,        // per fuzz seed
  kExperiment = 11,  // whatever stands above the simulator
  kTest = 12,
  kDisk = 13,   // per machine
  kRetry = 14,  // per load
};

using PhiloxCounter = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

// One application of the bijection, ten rounds.
[[nodiscard]] constexpr PhiloxCounter philox4x32_10(PhiloxCounter counter, PhiloxKey key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53;
  constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;
  constexpr uint32_t kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32U) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32U) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

class RandomStream {
 public:
  // The counter is (entity, 64 bits; block number, 56 bits; purpose, 8 bits) and the key is the
  // seed: distinct streams can never overlap.
  RandomStream(uint64_t seed, RandomPurpose purpose, uint64_t entity)
      : seed_(seed), entity_(entity), purpose_(purpose) {}

  // Uniform over all 64-bit values.
  uint64_t next() {
    const uint64_t block = position_ / 2;
    if (block != cached_block_) refill(block);
    return cached_[position_++ % 2];
  }
  // Uniform on the multiples of 2^-53 in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  // Uniform on [0, bound), without bias (Lemire, "Fast Random Integer Generation in an Interval",
  // 2019). `bound` must not be zero.
  uint64_t below(uint64_t bound) {
    GOVCHAIN_ASSERT(bound != 0);
    auto product = static_cast<consensus::Wide>(next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t threshold = (0 - bound) % bound;
      while (static_cast<uint64_t>(product) < threshold) {
        product = static_cast<consensus::Wide>(next()) * bound;
      }
    }
    return static_cast<uint64_t>(product >> 64U);
  }
  // Uniform on [low, high].
  int64_t between(int64_t low, int64_t high) {
    GOVCHAIN_ASSERT(low <= high);
    const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    const uint64_t offset = width == UINT64_MAX ? next() : below(width + 1);
    return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
  }
  // True with this probability; at most 0 is never, at least 1 always. Always takes one number.
  bool chance(double probability) { return uniform() < probability; }

  // Numbers taken so far, counted in calls of next().
  [[nodiscard]] uint64_t position() const { return position_; }
  // As if next() had been called `count` times; constant cost.
  void skip(uint64_t count) { position_ += count; }

 private:
  void refill(uint64_t block) {
    const PhiloxCounter words =
        philox4x32_10({static_cast<uint32_t>(entity_), static_cast<uint32_t>(entity_ >> 32U),
                       static_cast<uint32_t>(block),
                       (static_cast<uint32_t>(block >> 32U) & 0x00FFFFFFU) |
                           (static_cast<uint32_t>(purpose_) << 24U)},
                      {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32U)});
    cached_[0] = words[0] | (static_cast<uint64_t>(words[1]) << 32U);
    cached_[1] = words[2] | (static_cast<uint64_t>(words[3]) << 32U);
    cached_block_ = block;
  }

  uint64_t seed_;
  uint64_t entity_;
  uint64_t position_ = 0;
  uint64_t cached_block_ = UINT64_MAX;
  std::array<uint64_t, 2> cached_{};
  RandomPurpose purpose_;
};

}  // namespace govchain::sim
