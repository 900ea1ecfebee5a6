#include "models/ledger/proof.h"

#include <algorithm>
#include <array>

namespace govchain::models {
namespace {

using consensus::Digest;
using consensus::HashAlgorithm;

constexpr uint8_t kLeafLabel = 0;
constexpr uint8_t kBranchLabel = 1;

// Hash of the root that the leaf and the steps imply.
Digest fold(HashAlgorithm algorithm, const Digest& path, Digest hash, const StateProof& proof) {
  for (size_t i = proof.steps.size(); i-- > 0;) {
    const StateProof::Step& step = proof.steps[i];
    hash = path_bit(path, step.bit) ? branch_hash(algorithm, step.bit, step.sibling, hash)
                                    : branch_hash(algorithm, step.bit, hash, step.sibling);
  }
  return hash;
}

bool bits_ascend(const StateProof& proof) {
  if (proof.steps.size() > kMaxProofSteps) return false;
  for (size_t i = 0; i < proof.steps.size(); ++i) {
    if (proof.steps[i].bit >= kMaxProofSteps) return false;
    if (i > 0 && proof.steps[i].bit <= proof.steps[i - 1].bit) return false;
  }
  return true;
}

}  // namespace

Digest leaf_hash(HashAlgorithm algorithm, const Digest& path, const Digest& value_hash) {
  std::array<uint8_t, 65> bytes{};
  bytes[0] = kLeafLabel;
  std::copy(path.bytes.begin(), path.bytes.end(), bytes.begin() + 1);
  std::copy(value_hash.bytes.begin(), value_hash.bytes.end(), bytes.begin() + 33);
  return consensus::hash(algorithm, bytes);
}

Digest branch_hash(HashAlgorithm algorithm, uint16_t bit, const Digest& left, const Digest& right) {
  std::array<uint8_t, 67> bytes{};
  bytes[0] = kBranchLabel;
  bytes[1] = static_cast<uint8_t>(bit);
  bytes[2] = static_cast<uint8_t>(bit >> 8U);
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 3);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 35);
  return consensus::hash(algorithm, bytes);
}

bool verify_inclusion(HashAlgorithm algorithm, const Digest& root, std::span<const uint8_t> key,
                      std::span<const uint8_t> value, const StateProof& proof) {
  if (proof.other || !bits_ascend(proof)) return false;
  const Digest path = consensus::hash(algorithm, key);
  const Digest leaf = leaf_hash(algorithm, path, consensus::hash(algorithm, value));
  return fold(algorithm, path, leaf, proof) == root;
}

bool verify_exclusion(HashAlgorithm algorithm, const Digest& root, std::span<const uint8_t> key,
                      const StateProof& proof) {
  if (!proof.other) return proof.steps.empty() && root == kEmptyRoot;
  if (!bits_ascend(proof)) return false;
  const Digest path = consensus::hash(algorithm, key);
  if (path == proof.other->path) return false;
  // A search decides at each branch by the key's own bit. If it decides everywhere as for the other
  // leaf, it ends there; were the key in the tree, it would end at the key's leaf.
  for (const StateProof::Step& step : proof.steps) {
    if (path_bit(path, step.bit) != path_bit(proof.other->path, step.bit)) return false;
  }
  const Digest leaf = leaf_hash(algorithm, proof.other->path, proof.other->value_hash);
  return fold(algorithm, proof.other->path, leaf, proof) == root;
}

void encode_proof(const StateProof& proof, std::vector<uint8_t>& out) {
  consensus::Writer writer(out);
  writer.u16(static_cast<uint16_t>(proof.steps.size()));
  for (const StateProof::Step& step : proof.steps) {
    writer.u16(step.bit);
    writer.digest(step.sibling);
  }
  writer.u8(proof.other ? 1 : 0);
  if (proof.other) {
    writer.digest(proof.other->path);
    writer.digest(proof.other->value_hash);
  }
}

StateProof decode_proof(consensus::Reader& in) {
  StateProof proof;
  const uint16_t count = in.u16();
  constexpr size_t kStepBytes = 34;
  if (count > kMaxProofSteps || in.remaining() < count * kStepBytes) in.fail();
  if (!in.ok()) return proof;
  proof.steps.reserve(count);
  for (uint16_t i = 0; i < count; ++i) {
    const uint16_t bit = in.u16();
    proof.steps.push_back({.bit = bit, .sibling = in.digest()});
  }
  const uint8_t has_other = in.u8();
  if (has_other > 1 || !bits_ascend(proof)) in.fail();
  if (has_other == 1) {
    const Digest path = in.digest();
    proof.other = StateProof::OtherLeaf{.path = path, .value_hash = in.digest()};
  }
  return proof;
}

}  // namespace govchain::models
