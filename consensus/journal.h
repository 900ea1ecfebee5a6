#pragma once
// Inputs and effects of an engine in canonical bytes. A recorded life is the recovered state that
// an engine was made from and its inputs with their times; fed to a fresh engine it gives the same
// effects, byte for byte.

#include <cstdint>
#include <vector>

#include "consensus/codec.h"
#include "consensus/effect.h"
#include "consensus/input.h"
#include "consensus/result.h"

namespace govchain::consensus {

// Appends. Messages, blocks, certificates and records stand in their own canonical layout.
void encode_input(ChainId chain, const Input& input, std::vector<uint8_t>& out);
void encode_effect(ChainId chain, const Effect& effect, std::vector<uint8_t>& out);

// One input, which must be all of `bytes`. kMalformed if it is not one of encode_input().
[[nodiscard]] Result<Input> decode_input(ChainId chain, HashAlgorithm algorithm,
                                         std::span<const uint8_t> bytes,
                                         Cohorts cohorts = Cohorts::kRefused);

}  // namespace govchain::consensus
