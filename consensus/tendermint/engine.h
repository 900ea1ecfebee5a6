#pragma once
// Tendermint (Buchman, Kwon & Milosevic, "The latest gossip on BFT consensus", arXiv 1807.04938)
// behind the engine contract. Lines that the sources cite are those of the paper's Algorithm 1.
// README.md has the sketch of costs and the choices.

#include <memory>
#include <span>
#include <string_view>

#include "consensus/chain/settings.h"
#include "consensus/engine.h"
#include "consensus/protocol_traits.h"

namespace govchain::consensus::tendermint {

// One replica. A log that contradicts itself gives an engine whose first step emits
// effect::Stopped{storage_failed}. Members of weight 0 receive everything and count for nothing.
[[nodiscard]] std::unique_ptr<Engine> make_tendermint(const EngineConfig& config,
                                                      const chain::ChainSettings& settings,
                                                      RecoveredState recovered);

// Of a message type on the wire, for traces and checkers; "unknown" if it is none of ours.
[[nodiscard]] std::string_view message_name(uint8_t type);

[[nodiscard]] std::span<const Situation> required_situations();

// What others need to know of this engine (consensus/protocols.h).
[[nodiscard]] const ProtocolTraits& traits();

}  // namespace govchain::consensus::tendermint
