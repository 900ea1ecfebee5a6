// Algorithm 4: what justifies the proposal of a round above 0.

#include <algorithm>

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

uint64_t QbftEngine::round_change_quorum() const {
  return planted(Mutant::kRoundChangeQuorumTooSmall) ? quorum().weak() : quorum().quorum();
}

// Q_rc with the PREPAREs for the highest prepared block (JustifyRoundChange holds of every message
// in it, because none was accepted without its own PREPAREs); empty while no quorum asks for this
// round.
Justification QbftEngine::justify() const {
  Justification justification;
  uint64_t weight = 0;
  for (uint32_t i = 0; i < round_changes_.size(); ++i) {
    const MessageRef& message = round_changes_[i].message;
    if (message && message->view == round_) weight += weight_of(i);
  }
  if (weight < round_change_quorum()) return justification;
  for (const RoundChange& round_change : round_changes_) {
    const MessageRef& message = round_change.message;
    if (!message || message->view != round_) continue;
    justification.round_changes.push_back(
        {message->sender, round_change.body.prepared, message->signature});
  }
  const std::optional<Prepared> chosen = choose(justification);
  if (!chosen) return justification;
  for (const RoundChange& round_change : round_changes_) {
    const MessageRef& message = round_change.message;
    if (!message || message->view != round_ || round_change.body.prepared != chosen) continue;
    justification.prepares = round_change.body.prepares;
  }
  return justification;
}

// HighestPrepared(Q_rc).
std::optional<Prepared> QbftEngine::choose(const Justification& justification) const {
  if (!planted(Mutant::kHighestPreparedIgnored)) return highest_prepared(justification);
  std::optional<Prepared> lowest;
  for (const RoundChangeClaim& claim : justification.round_changes) {
    if (claim.prepared && (!lowest || claim.prepared->round < lowest->round)) {
      lowest = claim.prepared;
    }
  }
  return lowest;
}

// JustifyPrePrepare, in the form of the message; append_claims() has the signatures verified. Of
// two ROUND-CHANGEs that claim the same highest round for different blocks one lies, and an honest
// leader would not have accepted it.
bool QbftEngine::justifies(const Justification& justification, const Message& proposal) const {
  uint64_t weight = 0;
  for (const RoundChangeClaim& claim : justification.round_changes) {
    const uint32_t position = position_of(claim.sender);
    if (position == kNobody) return false;
    if (claim.prepared && claim.prepared->round >= proposal.view) return false;
    weight += weight_of(position);
  }
  if (weight < round_change_quorum()) return false;
  const std::optional<Prepared> highest = highest_prepared(justification);
  if (!highest) return !justification.prepares && proposal.block->view == proposal.view;
  if (!justification.prepares) return false;
  if (planted(Mutant::kHighestPreparedIgnored)) {
    const Statement& any = justification.prepares->statement;
    return is_prepared_proof(*justification.prepares, {any.view, proposal.digest});
  }
  const bool agreed =
      std::all_of(justification.round_changes.begin(), justification.round_changes.end(),
                  [&](const RoundChangeClaim& claim) {
                    return !claim.prepared || claim.prepared->round < highest->round ||
                           claim.prepared->digest == highest->digest;
                  });
  return agreed && highest->digest == proposal.digest && proposal.block->view <= highest->round &&
         is_prepared_proof(*justification.prepares, *highest);
}

// "a quorum of valid ⟨PREPARE, λ, pr, pv⟩", whose signatures the verifier looks at.
bool QbftEngine::is_prepared_proof(const Certificate& prepares, const Prepared& claimed) const {
  const Statement wanted{
      config().chain, epoch(), Protocol::kQbft, static_cast<uint8_t>(MessageType::kPrepare),
      claimed.round,  height_, claimed.digest,  version()};
  return prepares.statement == wanted &&
         ChainEngine::weight_of(prepares, membership()) >= prepare_quorum();
}

void QbftEngine::append_claims(const Message& message, ClaimList& claims) const {
  if (message.body.empty()) return;
  if (message.type == static_cast<uint8_t>(MessageType::kRoundChange)) {
    const std::optional<RoundChangeBody> body = decode_round_change(message.body);
    if (!body || !body->prepares || planted(Mutant::kPreparedClaimUnproven)) return;
    return append_prepares(*body->prepares, claims);
  }
  if (message.type != static_cast<uint8_t>(MessageType::kPrePrepare)) return;
  const std::optional<Justification> justification = decode_justification(message.body);
  if (!justification || planted(Mutant::kProposalUnjustified)) return;
  for (const RoundChangeClaim& claim : justification->round_changes) {
    append_round_change(claim, message, claims);
  }
  if (justification->prepares) append_prepares(*justification->prepares, claims);
}

// A signature that this replica has verified itself, in a vote that it holds, is not verified
// again.
void QbftEngine::append_prepares(const Certificate& prepares, ClaimList& claims) const {
  for (size_t i = 0; i < prepares.signers.size(); ++i) {
    const uint32_t position = position_of(prepares.signers[i]);
    const MessageRef* const held = position == kNobody ? nullptr : &prepares_.messages[position];
    const bool known = held != nullptr && *held && (*held)->view == prepares.statement.view &&
                       (*held)->height == prepares.statement.height &&
                       (*held)->digest == prepares.statement.digest &&
                       (*held)->signature == prepares.signatures[i];
    if (known) continue;
    claims.claims.push_back({prepares.statement, prepares.signers[i], prepares.signatures[i]});
  }
}

void QbftEngine::append_round_change(const RoundChangeClaim& claim, const Message& proposal,
                                     ClaimList& claims) const {
  const Digest digest = round_change_digest(config().hash, claim.prepared);
  const uint32_t position = position_of(claim.sender);
  if (position != kNobody) {
    const MessageRef& held = round_changes_[position].message;
    if (held && held->view == proposal.view && held->height == proposal.height &&
        held->digest == digest && held->signature == claim.signature) {
      return;
    }
  }
  const Statement statement{config().chain,  epoch(),
                            Protocol::kQbft, static_cast<uint8_t>(MessageType::kRoundChange),
                            proposal.view,   proposal.height,
                            digest,          version()};
  claims.claims.push_back({statement, claim.sender, claim.signature});
}

}  // namespace govchain::consensus::qbft
