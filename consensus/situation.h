#pragma once
// What a campaign must have seen before its silence means anything: clean seeds that never changed
// a leader say nothing about changes of leader.

#include <cstdint>
#include <string_view>

#include "consensus/engine.h"

namespace govchain::consensus {

struct Situation {
  std::string_view name;
  uint64_t EngineCounters::*counter;  // above zero in at least one replica of one seed
};

}  // namespace govchain::consensus
