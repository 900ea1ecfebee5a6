#pragma once
// From a seed to a small, unfriendly world: a chain of 1 to 13 replicas in up to three places, a
// few seconds of load under random faults, at most f adversaries, and then calm in which progress
// is demanded. Block sizes, checkpoint intervals and retention are so small that view changes,
// checkpoints, catch-up and state transfer happen in most seeds.

#include <cstdint>

#include "sim/world_spec.h"

namespace govchain::sim {

inline constexpr uint32_t kMostFuzzedReplicas = 13;

// A pure function of its arguments. The world is complete: run_world() takes it as it is.
// `replicas`: how many, at most kMostFuzzedReplicas; 0: as the seed draws. The same seed is another
// world for each.
[[nodiscard]] WorldSpec generate_world(consensus::Protocol protocol, uint64_t seed,
                                       uint32_t replicas = 0);

}  // namespace govchain::sim
