#pragma once
// QBFT (Henrique Moniz, "The Istanbul BFT Consensus Algorithm", arXiv 2002.03613, 2020; and the
// QBFT specification of the Enterprise Ethereum Alliance, as Besu and GoQuorum implement it) behind
// the engine contract.
//
// An instance λ of the paper is a height, a round is a view; rounds count from 0. README.md has the
// sketch of costs and the choices.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "consensus/chain/settings.h"
#include "consensus/engine.h"
#include "consensus/protocol_traits.h"

namespace govchain::consensus::qbft {

// One replica. A log that contradicts itself gives an engine whose first step emits
// effect::Stopped{storage_failed}. Members of weight 0 receive everything and count for nothing.
[[nodiscard]] std::unique_ptr<Engine> make_qbft(const EngineConfig& config,
                                                const chain::ChainSettings& settings,
                                                RecoveredState recovered);

// Of a message type on the wire, for traces and checkers; "unknown" if it is none of ours.
[[nodiscard]] std::string_view message_name(uint8_t type);

[[nodiscard]] std::span<const Situation> required_situations();

// What others need to know of this engine (consensus/protocols.h).
[[nodiscard]] const ProtocolTraits& traits();

}  // namespace govchain::consensus::qbft
