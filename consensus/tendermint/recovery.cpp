// A restart: what this replica has said at the height under way it says again, and what it is
// locked on it is locked on still.

#include <algorithm>
#include <utility>

#include "consensus/codec.h"
#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

// --- what is in the log

void TendermintEngine::note_record(Ticket ticket, const BlockRef& block) {
  if (first_ticket_ == Ticket()) first_ticket_ = ticket;
  if (block) bodies_.push_back({block, ticket});
}

Ticket TendermintEngine::logged_at(const Block& block) const {
  for (const LoggedBody& body : bodies_) {
    if (body.block->digest == block.digest) return body.ticket;
  }
  return {};
}

Ticket TendermintEngine::needed_from() const {
  return first_ticket_ == Ticket() ? last_ticket().next() : first_ticket_;
}

// --- reading it

bool TendermintEngine::read_record(const LogRecordRef& reference, Ticket ticket) {
  const LogRecord& record = *reference;
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kProposal: {
      const std::optional<ProposalRecord> proposal = read_proposal(record);
      if (!proposal) return false;
      if (proposal->height != height() || proposal->epoch != epoch()) return true;
      note_record(ticket, record.block);
      own_proposals_.push_back({proposal->round, proposal->valid_round, record.block, ticket});
      return true;
    }
    case RecordType::kVote: {
      const std::optional<VoteRecord> vote = read_vote(record);
      if (!vote) return false;
      if (vote->height != height() || vote->epoch != epoch()) return true;
      note_record(ticket, {});
      return read_own_vote({vote->type, vote->round, vote->value, ticket});
    }
    case RecordType::kLock:
    case RecordType::kPolka:
      return read_polka(record, ticket);
  }
  return false;
}

bool TendermintEngine::read_own_vote(const OwnVote& vote) {
  for (const OwnVote& known : own_votes_) {
    if (known.type == vote.type && known.round == vote.round) return known.value == vote.value;
  }
  own_votes_.push_back(vote);
  return true;
}

bool TendermintEngine::read_polka(const LogRecord& record, Ticket ticket) {
  if (!is_polka(record)) return false;
  const Statement& statement = record.certificate->statement;
  if (statement.height != height() || statement.epoch != epoch()) return true;
  note_record(ticket, record.block);
  const Round round = round_of(statement.view);
  if (!recovered_polka_ || round > round_of(recovered_polka_->statement.view)) {
    recovered_polka_ = record.certificate;
  }
  if (record.type != static_cast<uint8_t>(RecordType::kLock)) return true;
  if (round > recovered_lock_) {
    recovered_lock_ = round;
    recovered_locked_value_ = statement.digest;
  }
  return read_own_vote({VoteType::kPrecommit, round, statement.digest, ticket});
}

// --- going on from it

// The round is the last one in which this replica spoke, the step what it said last in it.
void TendermintEngine::restore_round() {
  RoundState state;
  for (const OwnProposal& proposal : own_proposals_)
    state.round = std::max(state.round, proposal.round);
  for (const OwnVote& vote : own_votes_) state.round = std::max(state.round, vote.round);
  if (state.round == kNoRound) return;
  state.step = Step::kPropose;
  for (const OwnVote& vote : own_votes_) {
    if (vote.round != state.round) continue;
    if (vote.type == VoteType::kPrecommit) state.step = Step::kPrecommit;
    if (state.step == Step::kPropose) state.step = Step::kPrevote;
  }
  const bool lost = planted(Mutant::kLockLostAfterRecovery);
  if (recovered_lock_ != kNoRound && !lost) {
    state.locked_round = recovered_lock_;
    state.locked_value = recovered_locked_value_;
  }
  if (recovered_polka_ && !lost) {
    state.valid_round = round_of(recovered_polka_->statement.view);
    state.valid_value = recovered_polka_->statement.digest;
    polka_logged_ = state.valid_round;
    valid_block_ = find_block(state.valid_value);
    // A polka without its block cannot be proposed again; others have the block.
    if (!valid_block_) return stop(true);
  }
  driver_.restore(state);
  if (recovered_polka_) load_polka(*recovered_polka_);
  recovered_polka_.reset();
  say_again();
  const bool proposed =
      std::any_of(own_proposals_.begin(), own_proposals_.end(),
                  [&](const OwnProposal& proposal) { return proposal.round == state.round; });
  // Lines 14-19, unless that has been done.
  const bool proposes = state.step == Step::kPropose && leader() == self() && !proposed;
  value_wanted_ = proposes && state.valid_round == kNoRound;
  if (proposes && !value_wanted_ && may_vote()) {
    propose({ActionKind::kPropose, state.round, state.valid_value, state.valid_round,
             Timeout::kPropose});
  }
  if (state.step == Step::kPropose) schedule(Timeout::kPropose, state.round);
  run_actions();
}

void TendermintEngine::say_again() {
  if (!is_member()) return;
  for (const OwnProposal& proposal : own_proposals_) sign_proposal(proposal, Ticket());
  for (const OwnVote& vote : own_votes_) sign_vote(vote, Ticket());
}

// The votes of a certificate are messages again: they justify the valid round to others (line 28).
void TendermintEngine::load_polka(const Certificate& polka) {
  const Statement& statement = polka.statement;
  for (size_t i = 0; i < polka.signers.size(); ++i) {
    const uint32_t sender = position_of(polka.signers[i]);
    if (sender == kNobody) continue;
    Ref<Message> message = Ref<Message>::make();
    message->protocol = Protocol::kTendermint;
    message->type = statement.type;
    message->lane = Lane::kVote;
    message->version = statement.version;
    message->sender = polka.signers[i];
    message->epoch = statement.epoch;
    message->view = statement.view;
    message->height = statement.height;
    message->digest = statement.digest;
    message->signature = polka.signatures[i];
    seal_message(*message);
    Vote vote;
    vote.round = round_of(statement.view);
    vote.sender = sender;
    vote.value = statement.digest;
    vote.message = MessageRef(std::move(message));
    (void)driver_.add_vote(vote, actions_);
  }
}

}  // namespace govchain::consensus::tendermint
