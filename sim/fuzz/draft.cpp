#include "sim/fuzz/draft.h"

#include <algorithm>

namespace govchain::sim {

ReplicaIndex Draft::honest_replica(RandomStream& random) const {
  const std::vector<ReplicaIndex>& witnesses = world.chains.front().witnesses;
  const auto is_witness = [&](ReplicaIndex one) {
    return std::binary_search(witnesses.begin(), witnesses.end(), one);
  };
  ReplicaIndex chosen = replica(random);
  while (is_adversary(chosen) || is_witness(chosen)) chosen = (chosen + 1) % n;
  return chosen;
}

bool Draft::is_adversary(ReplicaIndex replica) const {
  return std::any_of(world.adversaries.begin(), world.adversaries.end(),
                     [&](const AdversarySpec& adversary) { return adversary.replica == replica; });
}

bool Draft::bears_adversaries(const std::vector<uint64_t>& weights) const {
  uint64_t total = 0;
  uint64_t lying = 0;
  for (ReplicaIndex i = 0; i < n; ++i) {
    total += weights[i];
    if (is_adversary(i)) lying += weights[i];
  }
  return lying <= consensus::tolerated_faults(traits.faults, total);
}

}  // namespace govchain::sim
