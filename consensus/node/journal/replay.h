#pragma once
// A recorded life, lived again by a fresh engine.

#include <cstdint>
#include <optional>
#include <string>

#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

struct ReplayResult {
  uint64_t steps = 0;
  uint64_t inputs = 0;
  // The first step whose effects are not those that were recorded, from zero.
  std::optional<uint64_t> differs_at;
  bool torn = false;    // the journal ends in the middle of a step
  EngineStatus status;  // of the engine at the end
};

// `config` and `settings` are those of the chain; what is of one replica alone the journal has.
// Errors as LifeReader's.
[[nodiscard]] Result<ReplayResult> replay_life(const std::string& path, Protocol protocol,
                                               EngineConfig config,
                                               const ProtocolSettings& settings);

}  // namespace govchain::consensus::node
