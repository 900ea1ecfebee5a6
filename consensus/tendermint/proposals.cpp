// Proposals: making them (lines 14-19), judging them (valid(v)), and holding one for each round.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

// --- one's own

// getValue() of line 18: when a batch is due.
void TendermintEngine::propose_if_due() {
  const RoundState& state = driver_.state();
  if (!value_wanted_ || state.step != Step::kPropose || !may_vote() || !batch_is_due()) return;
  new_block_ = make_block(height(), view(), last_block_time(), BlockWish{});
  if (!new_block_) return;
  value_wanted_ = false;
  driver_.propose_value(new_block_->digest, actions_);
  run_actions();
}

// The latest round of which this replica holds a polka and the block. Line 36 asks for one of the
// present round; that of an earlier one may come later, by the gossip, or with a proposal that
// rests on it. A process that has locked because of it prevotes nothing older, and where every vote
// is needed the height would stand still until its own turn to propose. Whoever proposes on top of
// a polka says which (line 19), and everybody looks for himself (lines 28-29), so it may be one
// that this process did not vote for.
TendermintEngine::KnownPolka TendermintEngine::latest_polka() const {
  KnownPolka latest;
  for (const HeldProposal& proposal : held_) {
    const ValueId& value = proposal.block->digest;
    for (const Round round : {proposal.round, proposal.valid_round}) {
      if (round <= latest.round || !driver_.votes().has_polka(round, value)) continue;
      latest = {round, proposal.block};
    }
  }
  if (latest.block && !is_fresh(*latest.block)) return {};
  return latest;
}

// Line 19. The proposal is in the log before it leaves: after a crash it is the same again.
void TendermintEngine::propose(const Action& action) {
  OwnProposal proposal;
  proposal.round = action.round;
  proposal.valid_round = action.valid_round;
  proposal.block = action.valid_round == kNoRound ? new_block_ : valid_block_;
  if (KnownPolka known = latest_polka(); known.block && known.round > action.valid_round) {
    proposal.valid_round = known.round;
    proposal.block = std::move(known.block);
  } else {
    GOVCHAIN_ASSERT(proposal.block && proposal.block->digest == action.value);
  }
  ++counters().proposals;
  if (!planted(Mutant::kProposalForgotten)) {
    proposal.ticket = persist(make_record(
        ProposalRecord{epoch(), height(), action.round, action.valid_round}, proposal.block));
    note_record(proposal.ticket, proposal.block);
  }
  own_proposals_.push_back(proposal);
  sign_proposal(proposal, proposal.ticket);
}

void TendermintEngine::sign_proposal(const OwnProposal& proposal, Ticket after) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kProposal), Lane::kBody);
  draft->view = view_of(proposal.round);
  draft->height = height();
  draft->digest = proposal_digest(config().hash, proposal.block->digest, proposal.valid_round);
  encode_valid_round(proposal.valid_round, draft->body);
  draft->block = proposal.block;
  request_signature(std::move(draft), after);
}

// What this replica has said of the height stays true in later rounds.
bool TendermintEngine::is_current(const Message& own) const { return own.height == height(); }

void TendermintEngine::send_own(const MessageRef& message, Ticket after) {
  forward_to_all(message, after);
  accept(self(), message);
  if (message->type != static_cast<uint8_t>(MessageType::kProposal)) return;
  if (HeldProposal* const own = held(round_of(message->view))) own->after = after;
}

// --- others'

// Statements inside: none. The polka that a valid round rests on is counted from the votes
// themselves (line 28).
void TendermintEngine::append_claims(const Message& /*message*/, ClaimList& /*claims*/) const {}

bool TendermintEngine::wants(uint32_t sender, const MessageRef& message) {
  if (message->type < static_cast<uint8_t>(MessageType::kProposal) ||
      message->type > static_cast<uint8_t>(MessageType::kPrecommit) || !message->payloads.empty()) {
    ++counters().malformed;
    return false;
  }
  if (message->height < height()) {
    ++counters().stale;
    return false;
  }
  if (message->height > height()) {
    hold_future(sender, message);
    return false;
  }
  if (!is_open()) {
    ++counters().future;
    return false;
  }
  if (message->type == static_cast<uint8_t>(MessageType::kProposal)) {
    return wants_proposal(sender, message);
  }
  return wants_vote(sender, message);
}

bool TendermintEngine::wants_proposal(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  const Round round = round_of(message.view);
  const std::optional<Round> valid_round = decode_valid_round(message.body);
  if (!valid_round || *valid_round >= round || !message.block ||
      message.block->height != message.height || message.block->view > message.view ||
      message.digest != proposal_digest(config().hash, message.block->digest, *valid_round) ||
      !is_well_formed(*message.block)) {
    ++counters().malformed;
    return false;
  }
  if (schedule_.proposer(height(), round) != sender) {
    ++counters().unauthorised;
    return false;
  }
  const Round present = driver_.state().round;
  if (round + VoteKeeper::kPastRounds < present) {
    ++counters().stale;
    return false;
  }
  if (round > std::max<Round>(present, 0) + kFutureProposals) {
    ++counters().future;
    return false;
  }
  const HeldProposal* const known = held(round);
  if (known == nullptr) return true;
  if (known->message->digest == message.digest) {
    ++counters().duplicate;
  } else {
    suspect_conflict(known->message, reference);
  }
  return false;
}

void TendermintEngine::accept(uint32_t sender, const MessageRef& message) {
  // The height may have ended while the signature was looked at.
  if (message->height != height() || message->epoch != epoch()) return;
  if (message->type == static_cast<uint8_t>(MessageType::kProposal)) {
    accept_proposal(message);
  } else {
    accept_vote(sender, message);
  }
  run_actions();
  touch();
}

void TendermintEngine::accept_proposal(const MessageRef& message) {
  const Round round = round_of(message->view);
  if (const HeldProposal* const known = held(round)) {
    if (known->message->digest != message->digest) suspect_conflict(known->message, message);
    return;
  }
  const std::optional<Round> valid_round = decode_valid_round(message->body);
  GOVCHAIN_ASSERT(valid_round.has_value());
  const auto place = std::lower_bound(
      held_.begin(), held_.end(), round,
      [](const HeldProposal& proposal, Round wanted) { return proposal.round < wanted; });
  held_.insert(place, HeldProposal{round, *valid_round, message, message->block, {}, false});
  const BlockRef block = message->block;
  const bool examine =
      verifies_payloads() && message->sender != config().self && !payloads_are_verified(*block);
  Proposal proposal;
  proposal.round = round;
  proposal.value = block->digest;
  proposal.valid_round = *valid_round;
  proposal.validity = examine ? Validity::kUnknown : judge(*block);
  (void)driver_.add_proposal(proposal, actions_);
  if (examine) verify_payloads(block);
}

// valid(v). A block's time counts only where the block is new: what f+1 correct replicas have
// prevoted once does not age.
Validity TendermintEngine::judge(const Block& block) const {
  if (!is_fresh(block)) return Validity::kInvalid;
  return is_timely(block) ? Validity::kValid : Validity::kUntimely;
}

bool TendermintEngine::payloads_are_verified(const Block& block) const {
  return std::find(verified_.begin(), verified_.end(), block.digest) != verified_.end();
}

void TendermintEngine::on_payloads_verified(const BlockRef& block, bool valid) {
  if (block->height != height()) return;
  if (valid && !payloads_are_verified(*block)) verified_.push_back(block->digest);
  for (const HeldProposal& proposal : held_) {
    if (proposal.block->digest != block->digest) continue;
    driver_.set_validity(proposal.round, valid ? judge(*block) : Validity::kInvalid, actions_);
  }
  run_actions();
  touch();
}

const TendermintEngine::HeldProposal* TendermintEngine::held(Round round) const {
  for (const HeldProposal& proposal : held_) {
    if (proposal.round == round) return &proposal;
  }
  return nullptr;
}

TendermintEngine::HeldProposal* TendermintEngine::held(Round round) {
  return const_cast<HeldProposal*>(std::as_const(*this).held(round));  // NOLINT
}

BlockRef TendermintEngine::find_block(const ValueId& value) const {
  for (const HeldProposal& proposal : held_) {
    if (proposal.block->digest == value) return proposal.block;
  }
  for (const LoggedBody& body : bodies_) {
    if (body.block->digest == value) return body.block;
  }
  return {};
}

}  // namespace govchain::consensus::tendermint
