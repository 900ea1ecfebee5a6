#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <botan/bigint.h>
#include <botan/ec_group.h>
#include <botan/mac.h>
#include <botan/pubkey.h>
#include <botan/rng.h>
#include <botan/sm2.h>

#include "consensus/assert.h"
#include "consensus/crypto/schemes.h"

namespace govchain::consensus {

namespace {

constexpr size_t kCoordinateBytes = 32;
// User id and hash of the signature; the id is the default of GM/T 0009.
constexpr const char* kParameters = "1234567812345678,SM3";

const Botan::EC_Group& curve() {
  static const Botan::EC_Group group("sm2p256v1");
  return group;
}

// A stream that depends on the private key and the message alone, HMAC-SHA-256 in counter mode.
// Botan draws the nonce and its blinding masks from it; both are secret and never repeat for
// another message.
class NonceStream final : public Botan::RandomNumberGenerator {
 public:
  explicit NonceStream(const KeySeed& seed)
      : mac_(Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)")) {
    mac_->set_key(seed.data(), seed.size());
  }
  void restart(std::span<const uint8_t> message) {
    mac_->update(message.data(), message.size());
    mac_->final(message_mac_.data());
    counter_ = 0;
    available_ = 0;
  }
  void randomize(uint8_t output[], size_t length) override {
    for (size_t i = 0; i < length; ++i) {
      if (available_ == 0) refill();
      output[i] = block_[block_.size() - available_--];
    }
  }
  [[nodiscard]] bool accepts_input() const override { return false; }
  void add_entropy(const uint8_t /*input*/[], size_t /*length*/) override {}
  [[nodiscard]] std::string name() const override { return "HMAC counter"; }
  void clear() override { available_ = 0; }
  [[nodiscard]] bool is_seeded() const override { return true; }

 private:
  void refill() {
    ++counter_;
    std::array<uint8_t, 8> counter{};
    for (unsigned i = 0; i < 8; ++i) counter[i] = static_cast<uint8_t>(counter_ >> (8U * i));
    mac_->update(message_mac_.data(), message_mac_.size());
    mac_->update(counter.data(), counter.size());
    mac_->final(block_.data());
    available_ = block_.size();
  }
  std::unique_ptr<Botan::MessageAuthenticationCode> mac_;
  std::array<uint8_t, 32> message_mac_{};
  std::array<uint8_t, 32> block_{};
  uint64_t counter_ = 0;
  size_t available_ = 0;
};

Botan::BigInt private_number(const KeySeed& seed) {
  // 1 … n-2: n-1 is excluded by GB/T 32918.2 §5.5 because 1 + d must be invertible.
  const Botan::BigInt number(seed.data(), seed.size());
  return number % (curve().get_order() - 2) + 1;
}

class Sm2Signer final : public ByteSigner {
 public:
  explicit Sm2Signer(const KeySeed& seed)
      : nonces_(seed),
        key_(nonces_, curve(), private_number(seed)),
        signer_(key_, nonces_, kParameters) {
    const Botan::PointGFp& point = key_.public_point();
    Botan::BigInt::encode_1363(public_.bytes.data(), kCoordinateBytes, point.get_affine_x());
    Botan::BigInt::encode_1363(public_.bytes.data() + kCoordinateBytes, kCoordinateBytes,
                               point.get_affine_y());
  }
  Signature sign(std::span<const uint8_t> message) override {
    nonces_.restart(message);
    const std::vector<uint8_t> encoded =
        signer_.sign_message(message.data(), message.size(), nonces_);
    Signature signature;
    GOVCHAIN_ASSERT(encoded.size() == signature.bytes.size());
    std::copy(encoded.begin(), encoded.end(), signature.bytes.begin());
    return signature;
  }
  [[nodiscard]] PublicKey public_key() const override { return public_; }

 private:
  NonceStream nonces_;
  Botan::SM2_PrivateKey key_;
  Botan::PK_Signer signer_;
  PublicKey public_;
};

class Sm2Verifier final : public ByteVerifier {
 public:
  bool verify(const PublicKey& key, std::span<const uint8_t> message,
              const Signature& signature) override {
    Botan::PK_Verifier* verifier = find(key);
    return verifier != nullptr &&
           verifier->verify_message(message.data(), message.size(), signature.bytes.data(),
                                    signature.bytes.size());
  }

 private:
  struct Cached {
    explicit Cached(const Botan::PointGFp& point)
        : key(curve(), point), verifier(key, kParameters) {}
    Botan::SM2_PublicKey key;
    Botan::PK_Verifier verifier;
  };
  // Decoding a key and hashing its curve parameters costs about as much as a multiplication, so the
  // keys in use are kept: those of all members of a large chain, then the cache starts anew.
  static constexpr size_t kCachedKeys = 4'096;

  Botan::PK_Verifier* find(const PublicKey& key) {
    const auto found = cache_.find(key);
    if (found != cache_.end()) return &found->second->verifier;
    const Botan::BigInt x(key.bytes.data(), kCoordinateBytes);
    const Botan::BigInt y(key.bytes.data() + kCoordinateBytes, kCoordinateBytes);
    if (x >= curve().get_p() || y >= curve().get_p() || (x.is_zero() && y.is_zero())) {
      return nullptr;
    }
    const Botan::PointGFp point = curve().point(x, y);
    if (!point.on_the_curve()) return nullptr;
    if (cache_.size() >= kCachedKeys) cache_.clear();
    return &cache_.emplace(key, std::make_unique<Cached>(point)).first->second->verifier;
  }
  std::map<PublicKey, std::unique_ptr<Cached>> cache_;
};

}  // namespace

std::unique_ptr<ByteSigner> make_sm2_signer(const KeySeed& seed) {
  return std::make_unique<Sm2Signer>(seed);
}

std::unique_ptr<ByteVerifier> make_sm2_verifier() { return std::make_unique<Sm2Verifier>(); }

}  // namespace govchain::consensus
