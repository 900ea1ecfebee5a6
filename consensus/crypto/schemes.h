#pragma once
// The signature schemes behind make_signer and make_verifier, on plain bytes, so that published
// vectors can be checked against them. Everybody else uses consensus/crypto/crypto.h.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "consensus/crypto/crypto.h"
#include "consensus/types.h"

namespace govchain::consensus {

// From which a scheme derives its private key.
using KeySeed = std::array<uint8_t, 32>;

// Deterministic in (seed, chain, replica) and different for every scheme.
[[nodiscard]] KeySeed derive_key_seed(SignatureScheme scheme, uint64_t seed, ChainId chain,
                                      ReplicaId replica);

// The replica's signer whose private key comes from this seed, as a key file has it.
[[nodiscard]] std::unique_ptr<Signer> make_signer(SignatureScheme scheme, const KeySeed& seed);

// Signs and verifies any message; not thread-safe.
class ByteSigner {
 public:
  virtual ~ByteSigner() = default;
  [[nodiscard]] virtual Signature sign(std::span<const uint8_t> message) = 0;
  [[nodiscard]] virtual PublicKey public_key() const = 0;
};
class ByteVerifier {
 public:
  virtual ~ByteVerifier() = default;
  [[nodiscard]] virtual bool verify(const PublicKey& key, std::span<const uint8_t> message,
                                    const Signature& signature) = 0;
};

// Ed25519 (RFC 8032); `seed` is the RFC's 32-byte private key.
[[nodiscard]] std::unique_ptr<ByteSigner> make_ed25519_signer(const KeySeed& seed);
[[nodiscard]] std::unique_ptr<ByteVerifier> make_ed25519_verifier();

// SM2 with SM3 and the default user id 1234567812345678 (GB/T 32918.2, GM/T 0009); the private key
// is the seed as a big-endian number, reduced to 1 … n-2. The nonce is derived from key and message
// as in the spirit of RFC 6979, because a replica must sign the same statement alike after a
// restart and a repeated nonce would give the key away.
[[nodiscard]] std::unique_ptr<ByteSigner> make_sm2_signer(const KeySeed& seed);
[[nodiscard]] std::unique_ptr<ByteVerifier> make_sm2_verifier();

// Keyed mixing of the statement's fields; simulation only, because the public key is the secret.
[[nodiscard]] std::unique_ptr<Signer> make_modelled_signer(const KeySeed& seed);
[[nodiscard]] std::unique_ptr<Verifier> make_modelled_verifier();

}  // namespace govchain::consensus
