#pragma once
// Simulated wall clocks begin at 2026-01-01T00:00:00Z.

#include <cstdint>

#include "sim/units.h"

namespace govchain::sim {

[[nodiscard]] constexpr int64_t wall_time_at(TimePoint now) {
  constexpr int64_t kEpoch = 1'767'225'600'000'000'000;
  return kEpoch + now.nanoseconds();
}

}  // namespace govchain::sim
