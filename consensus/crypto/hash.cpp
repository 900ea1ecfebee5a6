#include "consensus/crypto/hash.h"

#include <array>
#include <cstring>

#include <botan/sm3.h>
#include <sodium.h>

namespace govchain::consensus {

namespace {

Digest sm3(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  // Botan's hash object allocates its block buffer when made and is ready again after final(), so
  // one per thread serves every call.
  thread_local Botan::SM3 state;
  state.update(first.data(), first.size());
  state.update(second.data(), second.size());
  Digest digest;
  state.final(digest.bytes.data());
  return digest;
}

Digest sha256(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, first.data(), first.size());
  crypto_hash_sha256_update(&state, second.data(), second.size());
  Digest digest;
  crypto_hash_sha256_final(&state, digest.bytes.data());
  return digest;
}

Digest hash_two(HashAlgorithm algorithm, std::span<const uint8_t> first,
                std::span<const uint8_t> second) {
  return algorithm == HashAlgorithm::kSm3 ? sm3(first, second) : sha256(first, second);
}

}  // namespace

Digest hash(HashAlgorithm algorithm, std::span<const uint8_t> bytes) {
  return hash_two(algorithm, bytes, {});
}

Digest hash_pair(HashAlgorithm algorithm, const Digest& left, const Digest& right) {
  return hash_two(algorithm, left.bytes, right.bytes);
}

}  // namespace govchain::consensus
