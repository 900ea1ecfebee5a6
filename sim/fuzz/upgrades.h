#pragma once
// What a fuzzed world needs to be wrong about upgrades (consensus/README.md, "Upgrades"): replicas
// of mixed software that are restarted with newer software, or older, at any time, while operators
// ask for the next version of the rules, also too early.

#include "sim/random.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// In a quarter of the worlds. `chaos` is how long faults last: from then on all replicas run the
// newest software, or, in some worlds, so few do that the chain must stay at its version and go on.
void draw_upgrades(WorldSpec& world, RandomStream random, Duration chaos);

}  // namespace govchain::sim
