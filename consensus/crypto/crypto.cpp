#include "consensus/crypto/crypto.h"

#include <string_view>
#include <vector>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/crypto/schemes.h"

namespace govchain::consensus {

namespace {

class StatementSigner final : public Signer {
 public:
  explicit StatementSigner(std::unique_ptr<ByteSigner> signer) : signer_(std::move(signer)) {}
  Signature sign(const Statement& statement) override {
    return signer_->sign(signing_bytes(statement));
  }
  [[nodiscard]] PublicKey public_key() const override { return signer_->public_key(); }

 private:
  std::unique_ptr<ByteSigner> signer_;
};

class StatementVerifier final : public Verifier {
 public:
  explicit StatementVerifier(std::unique_ptr<ByteVerifier> verifier)
      : verifier_(std::move(verifier)) {}
  bool verify(const PublicKey& key, const Statement& statement,
              const Signature& signature) override {
    return verifier_->verify(key, signing_bytes(statement), signature);
  }

 private:
  std::unique_ptr<ByteVerifier> verifier_;
};

}  // namespace

KeySeed derive_key_seed(SignatureScheme scheme, uint64_t seed, ChainId chain, ReplicaId replica) {
  constexpr std::string_view kLabel = "govchain replica key";
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  for (const char letter : kLabel) out.u8(static_cast<uint8_t>(letter));
  out.u8(static_cast<uint8_t>(scheme));
  out.u64(seed);
  out.ordinal(chain);
  out.replica(replica);
  return hash(HashAlgorithm::kSha256, bytes).bytes;
}

std::unique_ptr<Signer> make_signer(SignatureScheme scheme, uint64_t seed, ChainId chain,
                                    ReplicaId replica) {
  return make_signer(scheme, derive_key_seed(scheme, seed, chain, replica));
}

std::unique_ptr<Signer> make_signer(SignatureScheme scheme, const KeySeed& seed) {
  switch (scheme) {
    case SignatureScheme::kModelled:
      return make_modelled_signer(seed);
    case SignatureScheme::kEd25519:
      return std::make_unique<StatementSigner>(make_ed25519_signer(seed));
    case SignatureScheme::kSm2:
      return std::make_unique<StatementSigner>(make_sm2_signer(seed));
  }
  GOVCHAIN_ASSERT(false);
}

std::unique_ptr<Verifier> make_verifier(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kModelled:
      return make_modelled_verifier();
    case SignatureScheme::kEd25519:
      return std::make_unique<StatementVerifier>(make_ed25519_verifier());
    case SignatureScheme::kSm2:
      return std::make_unique<StatementVerifier>(make_sm2_verifier());
  }
  GOVCHAIN_ASSERT(false);
}

bool verify_claims(Verifier& verifier, const Membership& membership,
                   std::span<const SignedStatement> claims) {
  for (const SignedStatement& claim : claims) {
    const Member* member = membership.find(claim.signer);
    if (member == nullptr || !verifier.verify(member->key, claim.statement, claim.signature)) {
      return false;
    }
  }
  return true;
}

}  // namespace govchain::consensus
