#include "sim/fuzz/draft.h"

#include <algorithm>

namespace govchain::sim {

std::vector<ReplicaIndex> faulty_replicas(const WorldSpec& world) {
  std::vector<ReplicaIndex> faulty;
  for (const AdversarySpec& adversary : world.adversaries) faulty.push_back(adversary.replica);
  for (const FaultSpec& fault : world.faults) {
    if (fault.kind != FaultSpec::Kind::kBitRot) continue;
    faulty.insert(faulty.end(), fault.group.begin(), fault.group.end());
  }
  std::sort(faulty.begin(), faulty.end());
  return faulty;
}

ReplicaIndex Draft::honest_replica(RandomStream& random) const {
  const std::vector<ReplicaIndex>& witnesses = world.chains.front().witnesses;
  const auto is_witness = [&](ReplicaIndex one) {
    return std::binary_search(witnesses.begin(), witnesses.end(), one);
  };
  ReplicaIndex chosen = replica(random);
  while (is_faulty(chosen) || is_witness(chosen)) chosen = (chosen + 1) % n;
  return chosen;
}

bool Draft::is_faulty(ReplicaIndex replica) const {
  const std::vector<ReplicaIndex> faulty = faulty_replicas(world);
  return std::binary_search(faulty.begin(), faulty.end(), replica);
}

bool Draft::has_narrow_trunk() const {
  const std::vector<TrunkSpec>& trunks = world.network.trunks;
  return std::any_of(trunks.begin(), trunks.end(),
                     [](const TrunkSpec& trunk) { return !trunk.rate.is_unlimited(); });
}

bool Draft::bears_faulty(const std::vector<uint64_t>& weights) const {
  uint64_t total = 0;
  uint64_t faulty = 0;
  for (ReplicaIndex i = 0; i < n; ++i) {
    total += weights[i];
    if (is_faulty(i)) faulty += weights[i];
  }
  return faulty <= consensus::tolerated_faults(traits.faults, total);
}

}  // namespace govchain::sim
