#include "consensus/crypto/hash.h"

#include <array>
#include <cstring>

#include <botan/sha2_32.h>
#include <botan/sm3.h>

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

// Botan's uses the processor's own instructions where it has them, and libsodium's does not:
// hashing was two fifths of the work of a simulated HotStuff replica.
Digest sha256(std::span<const uint8_t> first, std::span<const uint8_t> second) {
  thread_local Botan::SHA_256 state;
  state.update(first.data(), first.size());
  state.update(second.data(), second.size());
  Digest digest;
  state.final(digest.bytes.data());
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
