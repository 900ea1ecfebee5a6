#pragma once
// Cryptographic hashing: SHA-256 (FIPS 180-4) and SM3 (GB/T 32905), by Botan. A chain uses one of
// them throughout.

#include <cstdint>
#include <memory>
#include <span>

#include "consensus/types.h"

namespace govchain::consensus {

enum class HashAlgorithm : uint8_t { kSha256 = 1, kSm3 = 2 };

[[nodiscard]] Digest hash(HashAlgorithm algorithm, std::span<const uint8_t> bytes);
// Hash of the concatenation of two pieces.
[[nodiscard]] Digest hash(HashAlgorithm algorithm, std::span<const uint8_t> first,
                          std::span<const uint8_t> second);
// Hash of the concatenation of two digests, for trees and chains.
[[nodiscard]] Digest hash_pair(HashAlgorithm algorithm, const Digest& left, const Digest& right);

}  // namespace govchain::consensus
