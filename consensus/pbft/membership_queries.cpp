// Who is who, and what makes a quorum.

#include <algorithm>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

uint32_t PbftEngine::position_of(ReplicaId replica) const {
  if (dense_) return replica.value() < weights_.size() ? replica.value() : kNobody;
  const Member* member = membership_.find(replica);
  if (member == nullptr) return kNobody;
  return static_cast<uint32_t>(member - membership_.members.data());
}

uint64_t PbftEngine::quorum() const {
  if (planted(Mutant::kQuorumTooSmall)) return std::max<uint64_t>(2 * quorum_.faulty(), 1);
  return quorum_.quorum();
}

bool PbftEngine::may_vote() const {
  if (disk_full_ || stopped_) return false;
  return !in_view_change_ || planted(Mutant::kStaleViewAccepted);
}

uint64_t PbftEngine::weight_of(const Certificate& certificate) const {
  uint64_t weight = 0;
  ReplicaId previous;
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    const ReplicaId signer = certificate.signers[i];
    const Member* member = membership_.find(signer);
    // Somebody who is no member, or who is named twice, makes it worthless.
    if (member == nullptr || (i > 0 && signer <= previous)) return 0;
    previous = signer;
    weight += member->weight;
  }
  return certificate.signers.size() == certificate.signatures.size() ? weight : 0;
}

bool PbftEngine::proves_commit(const Certificate& certificate, const Block& block) const {
  const Statement& statement = certificate.statement;
  return statement.chain == config_.chain && statement.epoch == membership_.epoch &&
         statement.protocol == Protocol::kPbft &&
         statement.type == static_cast<uint8_t>(MessageType::kCommit) &&
         statement.height == block.height && statement.digest == block.digest &&
         weight_of(certificate) >= quorum();
}

bool PbftEngine::is_checkpoint_proof(const Certificate& certificate) const {
  const Statement& statement = certificate.statement;
  const bool heavy =
      planted(Mutant::kCheckpointUnproven) || weight_of(certificate) >= quorum_.quorum();
  return statement.chain == config_.chain && statement.epoch == membership_.epoch &&
         statement.protocol == Protocol::kPbft && statement.type == kCheckpointStatement &&
         statement.view == View(0) && statement.height > Height(0) &&
         statement.height.value() % config_.checkpoint_interval == 0 && heavy;
}

// OSDI'99 §4.2, "prepared": the pre-prepare of the primary of that view, and prepares of others
// that match it; together a quorum.
bool PbftEngine::is_prepared_proof(const PreparedProof& proof) const {
  const Statement& statement = proof.prepares->statement;
  if (statement.chain != config_.chain || statement.epoch != membership_.epoch ||
      statement.protocol != Protocol::kPbft ||
      statement.type != static_cast<uint8_t>(MessageType::kPrepare)) {
    return false;
  }
  const uint32_t primary = primary_of(statement.view);
  const std::vector<ReplicaId>& signers = proof.prepares->signers;
  if (std::find(signers.begin(), signers.end(), id_of(primary)) != signers.end()) return false;
  if (!signers.empty() && weight_of(*proof.prepares) == 0) return false;
  return weight_of(*proof.prepares) + weight_of(primary) >= quorum();
}

void PbftEngine::append_claims(const Certificate& certificate, ClaimList& claims) {
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    claims.claims.push_back(
        {certificate.statement, certificate.signers[i], certificate.signatures[i]});
  }
}

void PbftEngine::append_claims(const PreparedProof& proof, ClaimList& claims) const {
  append_claims(*proof.prepares, claims);
  Statement proposal = proof.prepares->statement;
  proposal.type = static_cast<uint8_t>(MessageType::kPrePrepare);
  claims.claims.push_back({proposal, id_of(primary_of(proposal.view)), proof.proposal});
}

Slot* PbftEngine::slot_at(Height height) {
  if (height <= low_ || height > high()) return nullptr;
  return &slot(height);
}

}  // namespace govchain::consensus::pbft
