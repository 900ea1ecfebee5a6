#pragma once
// Proofs that a key has a value, or has none, in the state with a given root. Together with a
// checkpoint's certificate over that root they convince somebody who trusts only the members' keys.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::models {

// Depth of a tree over 256-bit paths; what a decoder accepts.
inline constexpr uint32_t kMaxProofSteps = 256;

struct StateProof {
  // A branch on the way from the root to the leaf: which bit of the path it decides on, and the
  // hash of the side not taken. Root first, so bits ascend strictly.
  struct Step {
    uint16_t bit = 0;
    consensus::Digest sibling;
    friend bool operator==(const Step&, const Step&) = default;
  };
  // The leaf at which the search for an absent key ends.
  struct OtherLeaf {
    consensus::Digest path;
    consensus::Digest value_hash;
    friend bool operator==(const OtherLeaf&, const OtherLeaf&) = default;
  };
  std::vector<Step> steps;
  std::optional<OtherLeaf> other;  // set in proofs of absence, unless the tree is empty
  friend bool operator==(const StateProof&, const StateProof&) = default;
};

// Root of a state without any record.
inline constexpr consensus::Digest kEmptyRoot{};

// Hashing of the tree, shared by tree and verifier. Leaves and branches start with different bytes,
// so that neither can pass for the other; a branch covers its bit, so that a step cannot be moved.
[[nodiscard]] consensus::Digest leaf_hash(consensus::HashAlgorithm algorithm,
                                          const consensus::Digest& path,
                                          const consensus::Digest& value_hash);
[[nodiscard]] consensus::Digest branch_hash(consensus::HashAlgorithm algorithm, uint16_t bit,
                                            const consensus::Digest& left,
                                            const consensus::Digest& right);
// Bit 0 is the most significant bit of the first byte.
[[nodiscard]] inline bool path_bit(const consensus::Digest& path, uint16_t bit) {
  return ((path.bytes[bit / 8U] >> (7U - bit % 8U)) & 1U) != 0;
}

// True if `key` has exactly `value` under `root`.
[[nodiscard]] bool verify_inclusion(consensus::HashAlgorithm algorithm,
                                    const consensus::Digest& root, std::span<const uint8_t> key,
                                    std::span<const uint8_t> value, const StateProof& proof);
// True if `key` has no value under `root`.
[[nodiscard]] bool verify_exclusion(consensus::HashAlgorithm algorithm,
                                    const consensus::Digest& root, std::span<const uint8_t> key,
                                    const StateProof& proof);

void encode_proof(const StateProof& proof, std::vector<uint8_t>& out);
// Reads a proof; check in.ok(). At most kMaxProofSteps, bits strictly ascending and below 256.
[[nodiscard]] StateProof decode_proof(consensus::Reader& in);

}  // namespace govchain::models
