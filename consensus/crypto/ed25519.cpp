#include <algorithm>
#include <array>
#include <cstring>

#include <sodium.h>

#include "consensus/assert.h"
#include "consensus/crypto/schemes.h"

namespace govchain::consensus {

namespace {

constexpr size_t kKeyBytes = crypto_sign_PUBLICKEYBYTES;
static_assert(crypto_sign_BYTES == sizeof(Signature::bytes));
static_assert(crypto_sign_SEEDBYTES == sizeof(KeySeed));

// Lets libsodium choose the fastest implementation for this processor. Safe to call repeatedly and
// from several threads.
void initialise() { GOVCHAIN_ASSERT(sodium_init() >= 0); }

class Ed25519Signer final : public ByteSigner {
 public:
  explicit Ed25519Signer(const KeySeed& seed) {
    crypto_sign_seed_keypair(public_.bytes.data(), secret_.data(), seed.data());
  }
  ~Ed25519Signer() override { sodium_memzero(secret_.data(), secret_.size()); }
  Ed25519Signer(const Ed25519Signer&) = delete;
  Ed25519Signer& operator=(const Ed25519Signer&) = delete;

  Signature sign(std::span<const uint8_t> message) override {
    Signature signature;
    crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                         secret_.data());
    return signature;
  }
  [[nodiscard]] PublicKey public_key() const override { return public_; }

 private:
  PublicKey public_;
  std::array<uint8_t, crypto_sign_SECRETKEYBYTES> secret_{};
};

class Ed25519Verifier final : public ByteVerifier {
 public:
  bool verify(const PublicKey& key, std::span<const uint8_t> message,
              const Signature& signature) override {
    // One key has one encoding: the unused half must be zero.
    if (!std::all_of(key.bytes.begin() + kKeyBytes, key.bytes.end(),
                     [](uint8_t byte) { return byte == 0; })) {
      return false;
    }
    return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                       key.bytes.data()) == 0;
  }
};

}  // namespace

std::unique_ptr<ByteSigner> make_ed25519_signer(const KeySeed& seed) {
  initialise();
  return std::make_unique<Ed25519Signer>(seed);
}

std::unique_ptr<ByteVerifier> make_ed25519_verifier() {
  initialise();
  return std::make_unique<Ed25519Verifier>();
}

}  // namespace govchain::consensus
