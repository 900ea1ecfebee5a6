#include <array>
#include <bit>
#include <cstring>

#include "consensus/crypto/schemes.h"

namespace govchain::consensus {

namespace {

constexpr uint64_t kOdd1 = 0x9E3779B97F4A7C15U;
constexpr uint64_t kOdd2 = 0xC2B2AE3D27D4EB4FU;

// Plain copies instead of shifts, because a simulation makes a token per vote; results must be the
// same bytes on every machine, hence the assertion.
static_assert(std::endian::native == std::endian::little,
              "tokens are defined over little-endian words");

uint64_t load(const uint8_t* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

void store(uint64_t value, uint8_t* bytes) { std::memcpy(bytes, &value, sizeof value); }

// Every step is a bijection of the accumulator for a fixed word and of the word for a fixed
// accumulator, so statements that differ in one word never have the same token.
uint64_t absorb(uint64_t accumulator, uint64_t word, uint64_t odd) {
  accumulator = (accumulator ^ word) * odd;
  return accumulator ^ (accumulator >> 32U);
}

Signature token(const PublicKey& key, const Statement& statement) {
  const std::array<uint64_t, 9> words{
      statement.chain.value(),
      statement.epoch.value(),
      (static_cast<uint64_t>(number_of(statement.version) - number_of(kOldestProtocolVersion))
       << 16U) |
          (static_cast<uint64_t>(statement.protocol) << 8U) | statement.type,
      statement.view.value(),
      statement.height.value(),
      load(&statement.digest.bytes[0]),
      load(&statement.digest.bytes[8]),
      load(&statement.digest.bytes[16]),
      load(&statement.digest.bytes[24])};
  // Two independent chains run in parallel in the processor and make a collision of tokens a
  // 2^-128 event.
  uint64_t a = load(&key.bytes[0]);
  uint64_t b = load(&key.bytes[8]);
  for (const uint64_t word : words) {
    a = absorb(a, word, kOdd1);
    b = absorb(b, word, kOdd2);
  }
  Signature signature;
  for (unsigned i = 0; i < 8; ++i) {
    const uint64_t lane = load(&key.bytes[size_t{8} * i]);
    const uint64_t half = (i & 1U) == 0 ? a : b;
    store(absorb(half, lane + i * kOdd2, kOdd1), &signature.bytes[size_t{8} * i]);
  }
  return signature;
}

class ModelledSigner final : public Signer {
 public:
  explicit ModelledSigner(const KeySeed& seed) {
    // 64 bytes from 32: the second half is a mix of the first, so that a change anywhere matters.
    std::memcpy(key_.bytes.data(), seed.data(), seed.size());
    for (unsigned i = 0; i < 4; ++i) {
      store(absorb(load(&seed[size_t{8} * i]), kOdd1, kOdd2), &key_.bytes[32 + size_t{8} * i]);
    }
  }
  Signature sign(const Statement& statement) override { return token(key_, statement); }
  [[nodiscard]] PublicKey public_key() const override { return key_; }

 private:
  PublicKey key_;
};

class ModelledVerifier final : public Verifier {
 public:
  bool verify(const PublicKey& key, const Statement& statement,
              const Signature& signature) override {
    return token(key, statement) == signature;
  }
};

}  // namespace

std::unique_ptr<Signer> make_modelled_signer(const KeySeed& seed) {
  return std::make_unique<ModelledSigner>(seed);
}

std::unique_ptr<Verifier> make_modelled_verifier() { return std::make_unique<ModelledVerifier>(); }

}  // namespace govchain::consensus
