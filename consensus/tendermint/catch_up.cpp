// What is said again: a message may be lost for good, so a replica that waits says in its status
// messages what it has of the height, and others send what it lacks. Votes and proposals prove
// themselves, so anybody can pass them on.

#include <algorithm>

#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

// The block of a decision comes first (line 49), then the present round's proposal.
Round TendermintEngine::wanted_proposal() const {
  for (const RoundVotes& votes : driver_.votes().rounds()) {
    const ValueId* const value = driver_.votes().decided_value(votes.round, VoteType::kPrecommit);
    if (value != nullptr && !value->is_zero() && held(votes.round) == nullptr) return votes.round;
  }
  const Round present = driver_.state().round;
  return held(present) == nullptr ? present : kNoRound;
}

// Line 28 waits for the prevotes of the valid round.
Round TendermintEngine::wanted_polka() const {
  const Proposal* const current = driver_.proposal(driver_.state().round);
  if (current == nullptr || current->valid_round == kNoRound) return kNoRound;
  if (driver_.votes().has_polka(current->valid_round, current->value)) return kNoRound;
  return current->valid_round;
}

// The paper's gossip brings every correct process what one of them has ("Gossip communication",
// §2), and a proposal that rests on an earlier round is worth nothing to whoever lacks its
// prevotes. Waiting for the next status message could take as long as the round does, so the
// proposer, who has them, is asked at once.
void TendermintEngine::ask_for_polka() {
  const Round present = driver_.state().round;
  if (polka_asked_ == present || !is_member() || wanted_polka() == kNoRound) return;
  polka_asked_ = present;
  if (leader() != self()) send_status(leader());
}

// Once for each round that the two are in together.
bool TendermintEngine::is_urgent(uint32_t peer, std::span<const uint8_t> standing) const {
  const std::optional<Standing> theirs = decode_standing(standing);
  return theirs && theirs->polka_wanted != kNoRound && theirs->round == driver_.state().round &&
         polka_shown_[peer] != theirs->round;
}

void TendermintEngine::encode_standing(std::vector<uint8_t>& out) const {
  Standing standing;
  standing.round = driver_.state().round;
  standing.proposal_wanted = wanted_proposal();
  standing.polka_wanted = wanted_polka();
  if (const RoundVotes* const votes = driver_.votes().find(standing.round)) {
    for (uint32_t i = 0; i < members(); ++i) {
      if (votes->prevotes.has(i)) add(standing.prevotes, i);
      if (votes->precommits.has(i)) add(standing.precommits, i);
    }
  }
  tendermint::encode_standing(standing, out);
}

void TendermintEngine::answer_standing(uint32_t peer, const Message& status,
                                       std::span<const uint8_t> standing, bool responder) {
  const std::optional<Standing> theirs = decode_standing(standing);
  if (!theirs) {
    ++counters().malformed;
    return;
  }
  if (status.height != committed() || driver_.state().round == kNoRound) return;
  resend_own_votes(peer, theirs->round);
  if (theirs->proposal_wanted != kNoRound) {
    resend_proposal(peer, theirs->proposal_wanted, responder);
  }
  if (theirs->round < driver_.state().round) {
    resend_proposal(peer, driver_.state().round, responder);
  }
  if (!responder) return;
  resend_votes(peer, *theirs);
  if (theirs->polka_wanted != kNoRound) {
    polka_shown_[peer] = driver_.state().round;
    resend_polka(peer, theirs->polka_wanted);
  }
}

// One's own of the present and the last round: f+1 of them make whoever is behind skip (line 55).
void TendermintEngine::resend_own_votes(uint32_t peer, Round from) {
  if (!is_member()) return;
  const Round present = driver_.state().round;
  const Round first = std::max<Round>(std::max(from, present - 1), 0);
  for (Round round = first; round <= present; ++round) {
    forward_vote(peer, VoteType::kPrevote, round, self());
    forward_vote(peer, VoteType::kPrecommit, round, self());
  }
}

// Everybody's of the round that the peer is in, as far as it lacks them.
void TendermintEngine::resend_votes(uint32_t peer, const Standing& theirs) {
  if (theirs.round == kNoRound) return;
  for (uint32_t sender = 0; sender < members(); ++sender) {
    if (sender == peer || sender == self()) continue;
    if (!contains(theirs.prevotes, sender)) {
      forward_vote(peer, VoteType::kPrevote, theirs.round, sender);
    }
    if (!contains(theirs.precommits, sender)) {
      forward_vote(peer, VoteType::kPrecommit, theirs.round, sender);
    }
  }
}

void TendermintEngine::forward_vote(uint32_t peer, VoteType type, Round round, uint32_t sender) {
  const RoundVotes* const votes = driver_.votes().find(round);
  if (votes == nullptr || !votes->of(type).has(sender)) return;
  const VoteCount& count = votes->of(type);
  const MessageRef& first = count.message(sender);
  if (first) {
    forward(peer, first, sender == self() ? own_ticket(type, round) : Ticket());
  }
  for (const VoteCount::Second& second : count.seconds()) {
    if (second.sender == sender && second.message) forward(peer, second.message);
  }
}

Ticket TendermintEngine::own_ticket(VoteType type, Round round) const {
  for (const OwnVote& vote : own_votes_) {
    if (vote.type == type && vote.round == round) return vote.ticket;
  }
  return {};
}

void TendermintEngine::resend_proposal(uint32_t peer, Round round, bool responder) {
  const HeldProposal* const proposal = held(round);
  if (proposal == nullptr) return;
  if (!responder && proposal->message->sender != config().self) return;
  if (proposal->message->sender == id_of(peer)) return;
  forward(peer, proposal->message, proposal->after);
}

void TendermintEngine::resend_polka(uint32_t peer, Round round) {
  for (uint32_t sender = 0; sender < members(); ++sender) {
    if (sender != peer) forward_vote(peer, VoteType::kPrevote, round, sender);
  }
}

}  // namespace govchain::consensus::tendermint
