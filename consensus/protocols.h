#pragma once
// The engines there are. protocols.cpp is the one place that names them all.

#include <cstdint>
#include <span>
#include <string_view>

#include "consensus/message.h"
#include "consensus/protocol_traits.h"
#include "consensus/types.h"

namespace govchain::consensus {

// In the order in which they are told to people.
[[nodiscard]] std::span<const ProtocolTraits* const> protocols();
[[nodiscard]] const ProtocolTraits& traits_of(Protocol protocol);
// Null if there is none of this name, or of this number on the wire.
[[nodiscard]] const ProtocolTraits* find_protocol(std::string_view name);
[[nodiscard]] const ProtocolTraits* find_protocol(uint8_t number);

// The certificate, its signatures and weight taken as good, proves that the block is final.
[[nodiscard]] bool proves_commit(HashAlgorithm algorithm, const Certificate& certificate,
                                 const Block& block);

[[nodiscard]] inline MessageRole role_of(const Message& message) {
  return traits_of(message.protocol).roles.of(message.type);
}

}  // namespace govchain::consensus
