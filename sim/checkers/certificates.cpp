#include "sim/checkers/certificates.h"

#include <optional>

#include "consensus/protocols.h"

namespace govchain::sim {

using consensus::Certificate;
using consensus::Membership;
using consensus::Statement;

void CertificateRule::begin() { chains_ = std::vector<Chain>(context_.chains()); }

void CertificateRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                             const Certificate* certificate) {
  const ChainSpec& chain = context_.chain(who.chain);
  // Written out only when something is wrong: this runs for every commit of every replica.
  const auto subject = [&] { return "commit of height " + std::to_string(block.height.value()); };
  if (certificate == nullptr) {
    if (context_.traits(who.chain).faults == consensus::FaultModel::kByzantine) {
      context_.report("certificate", who, now, subject() + " has no certificate");
    }
    return;
  }
  const Statement& statement = certificate->statement;
  if (statement.chain != context_.chain_id(who.chain) || statement.protocol != chain.protocol ||
      !consensus::proves_commit(chain.engine.hash, *certificate, block)) {
    context_.report("certificate", who, now, subject() + " is certified by another statement");
    return;
  }
  const Membership* members = context_.membership(who.chain, statement.epoch);
  if (members == nullptr) {
    context_.report("certificate", who, now,
                    subject() + " is of unknown epoch " + std::to_string(statement.epoch.value()));
    return;
  }
  check(who, now, *certificate, context_.commit_quorum(who.chain, *members), *members, subject);
}

void CertificateRule::checkpoint(ReplicaAddress who, TimePoint now,
                                 const consensus::Checkpoint& checkpoint) {
  const auto subject = [&] {
    return "checkpoint at height " + std::to_string(checkpoint.height.value());
  };
  if (!checkpoint.certificate) {
    context_.report("certificate", who, now, subject() + " has no certificate");
    return;
  }
  const Statement& statement = checkpoint.certificate->statement;
  if (statement.chain != context_.chain_id(who.chain) ||
      statement.type != consensus::kCheckpointStatement || statement.view != consensus::View(0) ||
      statement.height != checkpoint.height || statement.digest != checkpoint.state_root ||
      statement.epoch != checkpoint.epoch) {
    context_.report("certificate", who, now, subject() + " is certified by another statement");
    return;
  }
  const Membership* members = context_.membership(who.chain, statement.epoch);
  if (members == nullptr) {
    context_.report("certificate", who, now,
                    subject() + " is of unknown epoch " + std::to_string(statement.epoch.value()));
    return;
  }
  check(who, now, *checkpoint.certificate, context_.checkpoint_quorum(who.chain, *members),
        *members, subject);
}

template <typename Subject>
void CertificateRule::check(ReplicaAddress who, TimePoint now, const Certificate& certificate,
                            uint64_t quorum, const Membership& members, const Subject& subject) {
  if (certificate.statement.version != members.version) {
    context_.report("certificate", who, now, subject() + " is certified by other rules");
    return;
  }
  if (certificate.signers.size() != certificate.signatures.size()) {
    context_.report("certificate", who, now, subject() + " lacks signatures");
    return;
  }
  Verified& known = remembered(who.chain, certificate.statement, members.size());
  uint64_t weight = 0;
  std::optional<consensus::ReplicaId> previous;
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    const consensus::ReplicaId signer = certificate.signers[i];
    const consensus::Member* member = members.find(signer);
    const bool ascending = !previous || *previous < signer;
    previous = signer;
    if (member == nullptr || !ascending ||
        !verify(who.chain, members, certificate.statement, signer, certificate.signatures[i],
                known)) {
      context_.report(
          "certificate", who, now,
          subject() + " has a bad signature or signer " + std::to_string(signer.value()));
      return;
    }
    weight += member->signing_weight();
  }
  if (weight < quorum) {
    context_.report(
        "certificate", who, now,
        subject() + " has weight " + std::to_string(weight) + " of " + std::to_string(quorum));
  }
}

bool CertificateRule::verify(ChainIndex chain, const Membership& members,
                             const Statement& statement, consensus::ReplicaId signer,
                             const consensus::Signature& signature, Verified& known) {
  const consensus::Member* member = members.find(signer);
  const auto place = static_cast<size_t>(member - members.members.data());
  if (known.present[place] && known.signatures[place] == signature) return true;
  if (!context_.verifier(chain).verify(member->key, statement, signature)) return false;
  known.present[place] = true;
  known.signatures[place] = signature;
  return true;
}

CertificateRule::Verified& CertificateRule::remembered(ChainIndex chain, const Statement& statement,
                                                       size_t members) {
  Chain& memory = chains_[chain];
  for (Verified& known : memory.ring) {
    if (known.statement == statement) return known;
  }
  if (memory.ring.size() < kRemembered) memory.ring.emplace_back();
  Verified& fresh = memory.ring[memory.next++ % kRemembered];
  fresh.statement = statement;
  fresh.signatures.resize(members);
  fresh.present.assign(members, false);
  return fresh;
}

}  // namespace govchain::sim
