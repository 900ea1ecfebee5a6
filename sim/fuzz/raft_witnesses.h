#pragma once
// Raft worlds in which members weigh differently, or some of them are witnesses (Pâris, "Voting
// with Witnesses", 1986).

#include "sim/random.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// Call before clients are given their replicas, and after all requests are drawn; a learner of the
// world stays one. `chaos` is how long faults last, and what is added here may last longer.
void draw_raft_weights(WorldSpec& world, RandomStream random, Duration& chaos);
void draw_raft_witnesses(WorldSpec& world, RandomStream random, Duration& chaos);

}  // namespace govchain::sim
