#pragma once
// PBFT (Castro & Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999; "Practical Byzantine
// Fault Tolerance and Proactive Recovery", TOCS 2002) behind the engine contract.
//
// Signatures instead of authenticators, so that certificates are transferable; a block's height is
// the paper's sequence number. README.md has the sketch of costs and the choices.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "consensus/engine.h"
#include "consensus/protocol_traits.h"
#include "consensus/time.h"

namespace govchain::consensus::pbft {

// What PBFT needs beyond EngineConfig. Zero means: derived from EngineConfig.
struct PbftConfig {
  // Heights above the low watermark that may be in progress (§4.3 of OSDI'99: L). Equal on all
  // replicas of a chain. Zero: two checkpoint intervals and the pipelining depth.
  uint64_t watermark_window = 0;
  // Between two status messages of a replica that waits for something (§4.6.2 of the thesis,
  // "status"); zero: half of EngineConfig::base_timeout.
  Duration status_interval;
  // Between two status messages of an idle replica; zero: four times EngineConfig::base_timeout.
  Duration idle_status_interval;
  // Committed blocks sent in answer to one status message.
  uint32_t blocks_per_answer = 16;
};

// One replica. A log that contradicts itself gives an engine whose first step emits
// effect::Stopped{storage_failed}. Members of weight 0 receive everything and count for nothing.
[[nodiscard]] std::unique_ptr<Engine> make_pbft(const EngineConfig& config,
                                                const PbftConfig& settings,
                                                RecoveredState recovered);

// Of a message type on the wire, for traces and checkers; "unknown" if it is none of ours.
[[nodiscard]] std::string_view message_name(uint8_t type);

[[nodiscard]] std::span<const Situation> required_situations();

// What others need to know of this engine (consensus/protocols.h).
[[nodiscard]] const ProtocolTraits& traits();

}  // namespace govchain::consensus::pbft
