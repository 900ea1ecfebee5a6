#pragma once
// What engines built on ChainEngine need beyond EngineConfig. Zero means: derived from
// EngineConfig.

#include <cstdint>

#include "consensus/time.h"

namespace govchain::consensus::chain {

// Where a client's payload goes from the replica that admitted it.
enum class Dissemination : uint8_t {
  kLeader,  // to the present leader only: one copy, for protocols whose leader stays
  kAll,     // to everybody: whoever proposes next has it (CometBFT, Besu)
};

struct ChainSettings {
  // Between two status messages of a replica that waits for something; zero: half of
  // EngineConfig::base_timeout.
  Duration status_interval;
  // Between two status messages of an idle replica; zero: four times EngineConfig::base_timeout.
  Duration idle_status_interval;
  // Committed blocks sent in answer to one status message.
  uint32_t blocks_per_answer = 16;
  Dissemination dissemination = Dissemination::kAll;
};

}  // namespace govchain::consensus::chain
