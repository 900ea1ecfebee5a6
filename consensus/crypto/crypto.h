#pragma once
// Signing and verification, as hosts use them. Engines never call these: they emit effect::Sign and
// effect::Verify.
//
// kModelled makes tokens of the right size that only the key's owner can make inside a simulation
// and that any change of the statement breaks, at the cost of a few nanoseconds; the simulator
// charges the real cost in virtual time. Decisions are equal under all three, and a test shows it.

#include <cstdint>
#include <memory>
#include <span>

#include "consensus/certificate.h"
#include "consensus/membership.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus {

enum class SignatureScheme : uint8_t { kModelled = 0, kEd25519 = 1, kSm2 = 2 };

// One replica's private key. Not thread-safe.
class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual Signature sign(const Statement& statement) = 0;
  [[nodiscard]] virtual PublicKey public_key() const = 0;
};

// Checks signatures of any member. Not thread-safe; make one per thread.
class Verifier {
 public:
  virtual ~Verifier() = default;
  [[nodiscard]] virtual bool verify(const PublicKey& key, const Statement& statement,
                                    const Signature& signature) = 0;
};

// The key is derived from (seed, chain, replica), so that tests and simulations need no key files;
// a node reads its seed from a key file of its own.
[[nodiscard]] std::unique_ptr<Signer> make_signer(SignatureScheme scheme, uint64_t seed,
                                                  ChainId chain, ReplicaId replica);
[[nodiscard]] std::unique_ptr<Verifier> make_verifier(SignatureScheme scheme);

// True if every claim is by a member of `membership` and verifies.
[[nodiscard]] bool verify_claims(Verifier& verifier, const Membership& membership,
                                 std::span<const SignedStatement> claims);

}  // namespace govchain::consensus
