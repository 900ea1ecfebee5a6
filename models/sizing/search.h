#pragma once
// The search for the smallest hosts.

#include <string>
#include <vector>

#include "models/sizing/peak_world.h"
#include "models/sizing/sizing.h"

namespace govchain::models {

// Chains that share hosts, and the sizes found for them.
struct ChainGroup {
  std::vector<size_t> chains;  // indices into Configuration::chains
  HostPlan hosts;
  uint32_t shards = 1;  // of the only chain of the group; 1 where chains share hosts
  const sim::WorldResult* result = nullptr;  // null: no load, nothing to simulate
  bool holds = true;
  std::string problem;  // what prevents the level, if it does not hold: a named resource
};

// Chains with hosts of their own each; with pooled tenancy, all chains of a place together.
[[nodiscard]] std::vector<ChainGroup> group_chains(const Configuration& configuration);

// How many times the simulated hosts stand there: shards and copies that share nothing.
[[nodiscard]] double multiplicity(const Configuration& configuration, const ChainGroup& group);

[[nodiscard]] sim::WorldSpec world_of(const NationSpec& nation, const NationalNetwork& network,
                                      const Configuration& configuration, const ChainGroup& group);

// Why a result does not hold the level; empty if it does. `budget` is the share of each service's
// p99 that its own chain may take.
[[nodiscard]] std::string shortfall(const NationSpec& nation, const NationalNetwork& network,
                                    const Configuration& configuration, const ChainGroup& group,
                                    double budget);

// Cores that a host can be had with, ascending.
[[nodiscard]] std::vector<uint32_t> core_ladder(uint32_t minimum, uint32_t server);

// Sets hosts, shards, result and problem of every group: bisection over the ladder, then twice the
// shards (hosts per room) while the largest host is not enough and more of them can help. Rounds
// over all groups, so that their worlds run in parallel.
[[nodiscard]] consensus::Status find_smallest(const NationSpec& nation,
                                              const NationalNetwork& network,
                                              const Configuration& configuration,
                                              std::vector<ChainGroup>& groups, double budget,
                                              WorldRunner& runner);

}  // namespace govchain::models
