#pragma once
// What arithmetic says of a scenario's network: how long a decision takes on propagation alone, and
// what a transfer takes that has its way to itself.

#include <optional>

#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::analysis {

// By who leads: from the leader's first writing of a block until more than half of the replicas
// have it final, as sim::ChainResult::decision counts it.
struct DecisionBounds {
  sim::Duration fastest_leader;
  sim::Duration slowest_leader;
};

// The normal case of the protocol's paper, message by message (consensus/README.md, "Engines"),
// over each pair's delay; no processor, card, disk or jitter. HotStuff's leaders, where they
// rotate, are counted as if each had one view. Nothing if a pair has no way.
[[nodiscard]] std::optional<DecisionBounds> decision_bounds(const sim::WorldSpec& world,
                                                            sim::ChainIndex chain);

// One way between two hosts; max() if there is none.
[[nodiscard]] sim::Duration one_way(const sim::WorldSpec& world, sim::HostIndex from,
                                    sim::HostIndex to);
// The narrowest of cards and trunks between them.
[[nodiscard]] sim::Rate narrowest(const sim::WorldSpec& world, sim::HostIndex from,
                                  sim::HostIndex to);
// Whether what is narrowest on both ways is where they still are one: then two transfers need the
// time of one twice as long.
[[nodiscard]] bool share_narrowest(const sim::WorldSpec& world, sim::HostIndex from,
                                   sim::HostIndex to, sim::HostIndex other);

}  // namespace govchain::analysis
