#pragma once
// The world of one group of chains in its peak hour: what shares hosts is simulated together, what
// shares nothing apart.

#include <string>
#include <vector>

#include "models/deployment/configuration.h"
#include "sim/world_spec.h"

namespace govchain::models {

// An open-loop stream into one chain: the transactions of one service (chains of one place), or of
// one place (chains that all places use).
struct Stream {
  std::string name;
  size_t subject = 0;     // index of the service or place
  double per_second = 0;  // as offered
  double simulated = 0;   // rounded up to the ladder
  sim::Bytes payload;
  double execution_factor = 1;
  sim::Duration access_delay;
  uint32_t ingress = 0;
};

// The next preferred number (ISO 3: R10 or R20) not below `value`; the value itself if steps is 0.
[[nodiscard]] double round_up_preferred(double value, uint32_t steps_per_decade);

// Streams of a chain divided into `shards` equal parts: those of one part.
[[nodiscard]] std::vector<Stream> streams_of(const NationSpec& nation,
                                             const NationalNetwork& network,
                                             const PlannedChain& chain, uint32_t shards);

// One replica per room; rooms of one place. `hosts_per_room` hosts of `cores` each, chains dealt to
// them in turn.
struct HostPlan {
  uint32_t cores = 1;
  uint32_t hosts_per_room = 1;
};

// A slice of a server: its cores, and memory and network card in proportion.
[[nodiscard]] sim::MachineProfile slice_of(const sim::MachineProfile& server, uint32_t cores);

// The engine's settings of a planned chain, without replicas.
[[nodiscard]] sim::ChainSpec chain_settings(const NationSpec& nation,
                                            const Arrangement& arrangement,
                                            const PlannedChain& chain);

// Blocks are provable at once where other chains rely on them: a signed checkpoint at every block.
[[nodiscard]] uint64_t checkpoint_interval(const Arrangement& arrangement);

// `chains` share hosts; shards[i] of chains[i] are all in this world.
struct ChainPart {
  const PlannedChain* chain = nullptr;
  uint32_t shards = 1;     // that the chain is divided into
  uint32_t simulated = 1;  // of them in this world (1 if they share nothing)
};
[[nodiscard]] sim::WorldSpec make_world(const NationSpec& nation, const NationalNetwork& network,
                                        const Arrangement& arrangement,
                                        const std::vector<ChainPart>& parts, const HostPlan& hosts);

}  // namespace govchain::models
