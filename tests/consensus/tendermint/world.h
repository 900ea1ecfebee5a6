#pragma once
// The small deterministic world of tests/consensus/pbft/cluster.h, of Tendermint engines.

#include <memory>
#include <utility>

#include "consensus/tendermint/engine.h"
#include "tests/consensus/pbft/cluster.h"

namespace govchain::consensus::tendermint::testing {

using pbft::testing::Cluster;
using pbft::testing::ClusterOptions;

inline ClusterOptions tendermint_world(uint32_t replicas) {
  ClusterOptions options;
  options.replicas = replicas;
  options.engine.batch_delay = Duration::zero();
  options.protocol = Protocol::kTendermint;
  return options;
}

// Short timeouts and checkpoints, so that much happens.
inline ClusterOptions quick(uint32_t replicas) {
  ClusterOptions options = tendermint_world(replicas);
  options.engine.base_timeout = Duration::milliseconds(100);
  options.engine.max_timeout = Duration::milliseconds(400);
  options.engine.checkpoint_interval = 4;
  options.engine.retained_blocks = 8;
  return options;
}

}  // namespace govchain::consensus::tendermint::testing
