#pragma once
// How long transfers take on a world's network when there is nothing else: no engine, no processor,
// connections set up, no jitter and no loss. What distinguishes network models, by itself.

#include <vector>

#include "consensus/result.h"
#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// Between two replicas of the world's first chain.
struct Transfer {
  ReplicaIndex from = 0;
  ReplicaIndex to = 0;
  Bytes size;
};

// All transfers of a group are handed to their senders' cards at once, in this order; a group
// begins when the one before is over. Times in the order of the groups' transfers, max() for one
// that has no way. Errors: those of run_world.
[[nodiscard]] consensus::Result<std::vector<std::vector<Duration>>> measure_transfers(
    const WorldSpec& spec, const std::vector<std::vector<Transfer>>& groups);

}  // namespace govchain::sim
