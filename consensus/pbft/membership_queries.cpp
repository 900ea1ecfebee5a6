// Who is who, and what makes a quorum.

#include <algorithm>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

uint64_t PbftEngine::votes_needed() const {
  if (planted(Mutant::kQuorumTooSmall)) return std::max<uint64_t>(2 * quorum().faulty(), 1);
  return quorum().quorum();
}

// Members without weight follow what the others agree upon, and say nothing.
bool PbftEngine::may_bind() const {
  if (is_disk_full() || is_stopped() || !is_member()) return false;
  return !in_view_change_ || planted(Mutant::kStaleViewAccepted);
}

// OSDI'99 §4.2, "prepared": the pre-prepare of the primary of that view, and prepares of others
// that match it; together a quorum.
bool PbftEngine::is_prepared_proof(const PreparedProof& proof) const {
  const Statement& statement = proof.prepares->statement;
  if (statement.chain != config().chain || statement.epoch != epoch() ||
      statement.version != version() || statement.protocol != Protocol::kPbft ||
      statement.type != static_cast<uint8_t>(MessageType::kPrepare)) {
    return false;
  }
  const uint32_t primary = primary_of(statement.view);
  const std::vector<ReplicaId>& signers = proof.prepares->signers;
  if (std::find(signers.begin(), signers.end(), id_of(primary)) != signers.end()) return false;
  const uint64_t weight = ChainEngine::weight_of(*proof.prepares, membership());
  if (weight == 0 && !(signers.empty() && proof.prepares->signatures.size() == 0)) return false;
  return weight + weight_of(primary) >= votes_needed();
}

void PbftEngine::append_proof(const PreparedProof& proof, ClaimList& claims) const {
  ChainEngine::append_claims(*proof.prepares, claims);
  Statement proposal = proof.prepares->statement;
  proposal.type = static_cast<uint8_t>(MessageType::kPrePrepare);
  claims.claims.push_back({proposal, id_of(primary_of(proposal.view)), proof.proposal});
}

Slot* PbftEngine::slot_at(Height height) {
  if (height <= low_ || height > high()) return nullptr;
  return &slot(height);
}

}  // namespace govchain::consensus::pbft
