#pragma once
// What a fuzzed world of Raft replicas needs to be wrong about leases for reads (dissertation
// §6.4.1): clocks that drift within the bound they are told, and old leaders that are cut off in
// the moment at which it matters.

#include "sim/random.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// Turns leases on in half of the worlds; `chaos` is how long faults last, and what is added here
// may last longer.
void draw_raft_leases(WorldSpec& world, RandomStream random, Duration& chaos);

}  // namespace govchain::sim
