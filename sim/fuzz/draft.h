#pragma once
// A world while it is being drawn, and what every part of the generator asks about it. Each part
// (machines.h, faults.h, requests.h, conspiracies.h, …) draws from a stream of its own, so that a
// change of one part leaves the others of a seed as they were.

#include <cstdint>
#include <vector>

#include "consensus/protocols.h"
#include "sim/random.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// Adversaries, and those whose disk will rot: ascending.
[[nodiscard]] std::vector<ReplicaIndex> faulty_replicas(const WorldSpec& world);
[[nodiscard]] inline bool has_faulty(const WorldSpec& world) {
  return !faulty_replicas(world).empty();
}

struct Draft {
  Draft(consensus::Protocol of, uint64_t from_seed)
      : protocol(of), traits(consensus::traits_of(of)), seed(from_seed) {}

  // Streams of an engine's own parts begin at 10; those of parts that came later, at 20.
  [[nodiscard]] RandomStream stream(uint64_t part) const {
    return {seed, RandomPurpose::kFuzz, (static_cast<uint64_t>(protocol) << 32U) | part};
  }
  [[nodiscard]] bool byzantine() const {
    return traits.faults == consensus::FaultModel::kByzantine;
  }
  [[nodiscard]] uint32_t faulty() const {
    return static_cast<uint32_t>(consensus::tolerated_faults(traits.faults, n));
  }
  ReplicaIndex replica(RandomStream& random) const {
    return static_cast<ReplicaIndex>(random.below(n));
  }
  // A silent replica keeps its clients' transactions to itself, so clients go to honest ones.
  ReplicaIndex honest_replica(RandomStream& random) const;
  // An adversary, or one that will lose its disk.
  [[nodiscard]] bool is_faulty(ReplicaIndex replica) const;
  // Whether the protocol bears this world's faulty replicas when these vote.
  [[nodiscard]] bool bears_faulty(const std::vector<uint64_t>& weights) const;
  [[nodiscard]] HostIndex host_of(ReplicaIndex replica) const {
    return static_cast<HostIndex>(replica % world.hosts.size());
  }
  // A link between places that may be full.
  [[nodiscard]] bool has_narrow_trunk() const;
  [[nodiscard]] consensus::EngineConfig& engine() { return world.chains.front().engine; }

  consensus::Protocol protocol;
  const consensus::ProtocolTraits& traits;
  uint64_t seed;
  WorldSpec world;
  uint32_t n = 0;           // replicas
  uint32_t places = 1;      // where they stand
  Duration chaos;           // how long faults last; then comes the calm
  Duration late_load_ends;  // what is offered in the calm
};

// Both ends included.
[[nodiscard]] inline Duration between(RandomStream& random, Duration low, Duration high) {
  return Duration::nanoseconds(random.between(low.nanoseconds(), high.nanoseconds()));
}

}  // namespace govchain::sim
