// Prevotes and precommits: one's own, which are in the log before they leave, and others'.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

// --- one's own

// Lines 24, 26, 30, 32, 40, 45, 59, 63.
void TendermintEngine::cast_vote(VoteType type, const Action& action) {
  const bool lock = type == VoteType::kPrecommit && !action.value.is_zero();
  if (lock) valid_block_ = find_block(action.value);  // lines 38, 42
  if (!may_vote()) {
    // With a full disk: said as soon as there is room, or nothing would ever end this step.
    if (is_disk_full()) owed_.push_back(action);
    return;
  }
  OwnVote vote{type, action.round, action.value, {}};
  if (lock) {
    vote.ticket = persist_polka(RecordType::kLock, action.round, action.value);
  } else if (!planted(Mutant::kVoteNotPersisted)) {
    vote.ticket =
        persist(make_record(VoteRecord{epoch(), height(), action.round, type, action.value}));
    note_record(vote.ticket, {});
  }
  own_votes_.push_back(vote);
  sign_vote(vote, vote.ticket);
}

void TendermintEngine::cast_owed_votes() {
  if (owed_.empty() || !may_vote()) return;
  for (const Action& action : owed_) {
    cast_vote(action.kind == ActionKind::kPrevote ? VoteType::kPrevote : VoteType::kPrecommit,
              action);
  }
  owed_.clear();
}

// The polka, with the block unless it is in the log.
Ticket TendermintEngine::persist_polka(RecordType type, Round round, const ValueId& value) {
  polka_logged_ = round;
  const BlockRef block = find_block(value);
  GOVCHAIN_ASSERT(block);
  const bool logged = logged_at(*block) != Ticket();
  const Ticket ticket = persist(make_polka_record(
      type, certificate_of(VoteType::kPrevote, round, value), logged ? BlockRef() : block));
  note_record(ticket, logged ? BlockRef() : block);
  return ticket;
}

// Lines 42-43 in step precommit: a valid value that this replica is not locked on. It binds nothing
// and nobody waits for it, but a proposer that lost it could not bring others to agree.
void TendermintEngine::note_valid_value() {
  const RoundState& state = driver_.state();
  if (state.valid_round <= polka_logged_ || state.locked_round == state.valid_round) return;
  valid_block_ = find_block(state.valid_value);
  (void)persist_polka(RecordType::kPolka, state.valid_round, state.valid_value);
}

void TendermintEngine::sign_vote(const OwnVote& vote, Ticket after) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(message_type(vote.type)), Lane::kVote);
  draft->view = view_of(vote.round);
  draft->height = height();
  draft->digest = vote.value;
  request_signature(std::move(draft), after);
}

CertificateRef TendermintEngine::certificate_of(VoteType type, Round round,
                                                const ValueId& value) const {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = Statement{config().chain,
                                     epoch(),
                                     Protocol::kTendermint,
                                     static_cast<uint8_t>(message_type(type)),
                                     view_of(round),
                                     height(),
                                     value,
                                     version()};
  const RoundVotes* const votes = driver_.votes().find(round);
  if (votes == nullptr) return CertificateRef(std::move(certificate));
  const VoteCount& count = votes->of(type);
  for (uint32_t i = 0; i < members(); ++i) {
    const MessageRef* const vote = count.find(i, value);
    if (vote == nullptr || !*vote) continue;
    certificate->signers.push_back(id_of(i));
    certificate->signatures.push_back(*vote);
  }
  return CertificateRef(std::move(certificate));
}

// --- others'

// Old rounds still decide (line 49) and justify proposals (line 28), later ones are skipped to
// (line 55). What lies further back is forgotten.
bool TendermintEngine::is_round_in_reach(VoteType type, Round round) const {
  if (round + VoteKeeper::kPastRounds >= driver_.state().round) return true;
  return type == VoteType::kPrevote && round == wanted_polka();
}

bool TendermintEngine::wants_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  const VoteType type = message.type == static_cast<uint8_t>(MessageType::kPrevote)
                            ? VoteType::kPrevote
                            : VoteType::kPrecommit;
  if (!message.body.empty() || message.block) {
    ++counters().malformed;
    return false;
  }
  if (weight_of(sender) == 0) {
    ++counters().unauthorised;
    return false;
  }
  const Round round = round_of(message.view);
  if (!is_round_in_reach(type, round)) {
    ++counters().stale;
    return false;
  }
  const RoundVotes* const votes = driver_.votes().find(round);
  if (votes == nullptr || !votes->of(type).has(sender)) {
    // Once a value (or nil) has its quorum, the rest of the round's votes of this type say nothing
    // that matters any more.
    if (driver_.votes().decided_value(round, type) == nullptr) return true;
    ++counters().duplicate;
    return false;
  }
  const VoteCount& count = votes->of(type);
  if (count.find(sender, message.digest) != nullptr) {
    ++counters().duplicate;
    return false;
  }
  // Another one than it cast before: evidence; and for a block that is here, perhaps what a polka
  // or a decision is missing.
  if (find_block(message.digest)) return true;
  if (count.message(sender)) suspect_conflict(count.message(sender), reference);
  return false;
}

void TendermintEngine::accept_vote(uint32_t sender, const MessageRef& message) {
  Vote vote;
  vote.type = message->type == static_cast<uint8_t>(MessageType::kPrevote) ? VoteType::kPrevote
                                                                           : VoteType::kPrecommit;
  vote.round = round_of(message->view);
  vote.sender = sender;
  vote.value = message->digest;
  vote.message = message;
  const RoundVotes* const votes = driver_.votes().find(vote.round);
  if (votes != nullptr && votes->of(vote.type).has(sender)) {
    return accept_second_vote(votes->of(vote.type), vote);
  }
  if (planted(Mutant::kHonestBlamed)) blame_for_earlier_round(vote);
  show_proposal(sender, vote);
  (void)driver_.add_vote(vote, actions_);
}

void TendermintEngine::accept_second_vote(const VoteCount& count, const Vote& vote) {
  if (count.find(vote.sender, vote.value) != nullptr) return;
  if (count.message(vote.sender)) suspect_conflict(count.message(vote.sender), vote.message);
  (void)driver_.add_conflicting(vote, actions_);
}

// Somebody votes for another block than the one proposed here: its proposer may have told two
// stories. Each is shown the other, once, so that both can prove it.
void TendermintEngine::show_proposal(uint32_t peer, const Vote& vote) {
  if (vote.value.is_zero() || peer == self()) return;
  HeldProposal* const proposal = held(vote.round);
  if (proposal == nullptr || proposal->shown || proposal->block->digest == vote.value) return;
  proposal->shown = true;
  forward(peer, proposal->message, proposal->after);
}

// A planted bug: only the same height and round make two votes a contradiction.
void TendermintEngine::blame_for_earlier_round(const Vote& vote) {
  const RoundVotes* const earlier = driver_.votes().find(vote.round - 1);
  if (earlier == nullptr || !earlier->of(vote.type).has(vote.sender)) return;
  const VoteCount& count = earlier->of(vote.type);
  if (count.value(vote.sender) != vote.value && count.message(vote.sender)) {
    suspect_conflict(count.message(vote.sender), vote.message);
  }
}

}  // namespace govchain::consensus::tendermint
