#pragma once
// Rule "certificate": a certificate names the block or state that it comes with, its signers are
// distinct members that make a quorum, and every signature verifies.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class CertificateRule {
 public:
  explicit CertificateRule(CheckContext& context) : context_(context) {}
  void begin();
  void commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
              const consensus::Certificate* certificate);
  void checkpoint(ReplicaAddress who, TimePoint now, const consensus::Checkpoint& checkpoint);

 private:
  // Signatures of one statement that have verified: a quorum's certificates at all replicas are
  // made of the same few signatures, and a real verification costs tens of microseconds.
  struct Verified {
    consensus::Statement statement;
    std::vector<consensus::Signature> signatures;  // by position in the membership
    std::vector<bool> present;
  };
  static constexpr size_t kRemembered = 64;
  struct Chain {
    std::vector<Verified> ring;
    size_t next = 0;
  };

  template <typename Subject>
  void check(ReplicaAddress who, TimePoint now, const consensus::Certificate& certificate,
             uint64_t quorum, const consensus::Membership& members, const Subject& subject);
  [[nodiscard]] bool verify(ChainIndex chain, const consensus::Membership& members,
                            const consensus::Statement& statement, consensus::ReplicaId signer,
                            const consensus::Signature& signature, Verified& known);
  [[nodiscard]] Verified& remembered(ChainIndex chain, const consensus::Statement& statement,
                                     size_t members);

  CheckContext& context_;
  std::vector<Chain> chains_;
};

}  // namespace govchain::sim
