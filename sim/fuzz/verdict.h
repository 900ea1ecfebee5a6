#pragma once
// Runs one seed and judges it; makes a failing one smaller.

#include <cstdint>
#include <string>
#include <vector>

#include "consensus/engine.h"
#include "sim/fuzz/item.h"

namespace govchain::sim {

struct Verdict {
  std::string rule;  // empty: nothing was broken
  std::string detail;
  uint64_t height = 0;
  uint64_t messages = 0;
  consensus::EngineCounters counters;
  std::string digest;
};

// `replicas`: as generate_world() takes it.
[[nodiscard]] Verdict judge_seed(consensus::Protocol protocol, uint64_t seed,
                                 const ItemFilter& items, uint32_t replicas = 0);

// Delta debugging (Zeller & Hildebrandt 2002) over the items of a seed that breaks `rule`: removes
// ever smaller groups of them as long as the same rule is still broken. Returns the ordinals that
// are left, ascending.
[[nodiscard]] std::vector<uint32_t> shrink_seed(consensus::Protocol protocol, uint64_t seed,
                                                const ItemFilter& items, const std::string& rule,
                                                uint32_t replicas = 0);

}  // namespace govchain::sim
