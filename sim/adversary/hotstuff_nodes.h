#pragma once
// The part of an equivocating leader that only HotStuff knows.

#include "consensus/crypto/hash.h"
#include "consensus/message.h"

namespace govchain::sim {

// What a proposal's header must name: its block; in HotStuff the node that the block is in.
[[nodiscard]] consensus::Digest digest_of_proposal(const consensus::Message& proposal,
                                                   consensus::HashAlgorithm algorithm);

}  // namespace govchain::sim
