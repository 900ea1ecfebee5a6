#pragma once
// What each engine declares that a campaign must have seen before its silence means anything.

#include <span>
#include <string_view>

#include "consensus/engine.h"

namespace govchain::sim {

struct Situation {
  std::string_view name;
  uint64_t consensus::EngineCounters::*counter = nullptr;
};

[[nodiscard]] std::span<const Situation> required_situations(consensus::Protocol protocol);

}  // namespace govchain::sim
