// Normal case (OSDI'99 §4.2): pre-prepare, prepare, commit.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// True if the message belongs to the view whose votes are counted now. One of a later view waits
// for that view, a bounded number for each peer; what does not fit is sent again on request.
bool PbftEngine::admit_for_view(const MessageRef& message) {
  const bool open = !in_view_change_ || planted(Mutant::kStaleViewAccepted);
  if (open && message->view == active_view_) return true;
  if (message->view < view_ || (message->view == view_ && !in_view_change_)) {
    ++counters().stale;
  } else {
    hold_future(from(), message);
  }
  return false;
}

// The hot path: two of these for each member and block. No allocation, no hashing. A vote is kept
// as soon as it is here, so that each member costs one verification.
bool PbftEngine::wants_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (from() != sender || weight_of(sender) == 0) {
    ++counters().unauthorised;
    return false;
  }
  if (message.block || !message.body.empty() || !message.payloads.empty()) {
    ++counters().malformed;
    return false;
  }
  if (planted(Mutant::kHonestBlamed) && message.view != active_view_) {
    Slot* const other = slot_at(message.height);
    if (other != nullptr && votes_of(*other, message).messages[sender]) {
      const MessageRef held = votes_of(*other, message).messages[sender];
      if (held->digest != message.digest) suspect_conflict(held, reference);
    }
  }
  if (!admit_for_view(reference)) return false;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr) {
    ++(message.height <= low_ ? counters().stale : counters().future);
    return false;
  }
  const bool prepare = message.type == static_cast<uint8_t>(MessageType::kPrepare);
  if (prepare && sender == primary_of(active_view_)) {
    ++counters().malformed;  // its pre-prepare is its prepare
    return false;
  }
  VoteTable& votes = prepare ? slot->prepares : slot->commits;
  MessageRef& held = votes.messages[sender];
  if (held) {
    if (held->digest == message.digest) {
      ++counters().duplicate;
    } else {
      suspect_conflict(held, reference);
    }
    return false;
  }
  // Nothing is verified for a quorum that is complete.
  if (prepare ? slot->prepared : static_cast<bool>(slot->commit_certificate)) {
    ++counters().duplicate;
    return false;
  }
  held = reference;
  return true;
}

void PbftEngine::accept_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr || message.view != active_view_) return;
  VoteTable& votes = votes_of(*slot, message);
  if (votes.messages[sender] != reference || votes.verified.contains(sender)) return;
  votes.verified.add(sender);
  if (!slot->bound) return;
  if (message.digest != slot->digest) return show_proposal(*slot);
  votes.weight += weight_of(sender);
  if (votes.weight + weight_of(primary_of(active_view_)) < votes_needed()) return;
  if (message.type == static_cast<uint8_t>(MessageType::kPrepare)) {
    check_prepared(*slot);
  } else {
    check_committed(*slot);
  }
}

// From the primary, or passed on by somebody who shows what it has signed.
bool PbftEngine::wants_proposal(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (sender != primary_of(message.view)) {
    ++counters().unauthorised;
    return false;
  }
  if (!message.body.empty() || !message.payloads.empty()) {
    ++counters().malformed;
    return false;
  }
  if (!admit_for_view(reference)) return false;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr) {
    ++(message.height <= low_ ? counters().stale : counters().future);
    return false;
  }
  if (slot->proposal) {
    if (slot->proposal->digest == message.digest) {
      ++counters().duplicate;
    } else {
      suspect_conflict(slot->proposal, reference);
    }
    return false;
  }
  if (!is_valid_proposal(message, *slot)) {
    ++counters().malformed;
    return false;
  }
  if (from() == sender) slot->proposal = reference;
  return true;
}

// What can be said of a proposal by itself. One without a block re-proposes what the new view has
// bound already.
bool PbftEngine::is_valid_proposal(const Message& proposal, const Slot& slot) {
  if (!proposal.block) return slot.bound;
  const Block& block = *proposal.block;
  if (block.digest != proposal.digest || block.height != proposal.height ||
      block.epoch != epoch() || block.view > proposal.view) {
    return false;
  }
  if (slot.bound) return true;
  return block.view == proposal.view && block.proposer == proposal.sender && is_well_formed(block);
}

void PbftEngine::accept_proposal(const MessageRef& message) {
  const bool open = !in_view_change_ || planted(Mutant::kStaleViewAccepted);
  Slot* const slot = open && message->view == active_view_ ? slot_at(message->height) : nullptr;
  if (slot == nullptr) {
    ++counters().stale;
  } else if (slot->proposal && slot->proposal->digest != message->digest) {
    suspect_conflict(slot->proposal, message);
  } else if (slot->proposal_verified) {
    ++counters().duplicate;
  } else if (is_valid_proposal(*message, *slot)) {
    // Perhaps passed on by somebody, while the primary's own copy is still being verified.
    note_proposal(*slot, message);
  }
}

// The primary's signature on a proposal is good.
void PbftEngine::note_proposal(Slot& slot, const MessageRef& proposal) {
  slot.proposal = proposal;
  slot.proposal_verified = true;
  if (slot.bound) {
    if (slot.digest == proposal->digest) {
      check_prepared(slot);
    } else {
      ++counters().conflicting;  // not what the new view's certificates demand
      slot.proposal.reset();
      slot.proposal_verified = false;
    }
    return;
  }
  if (verifies_payloads() && !slot.payloads_requested) {
    slot.payloads_requested = true;
    verify_payloads(proposal->block);
  }
}

// Where a change of membership is bound or final, nothing above the end of its epoch is agreed
// upon: those heights belong to others.
Height PbftEngine::last_height() const {
  if (epoch_end()) return *epoch_end();
  if (change_bound_at_ != Height(0)) return end_of_epoch_after(change_bound_at_);
  return Height(UINT64_MAX);
}

// Proposals are accepted in order of height, so that each can be compared with everything that
// stands before it: a payload is ordered at most once. A transport keeps their order anyway.
void PbftEngine::accept_in_order() {
  while (may_bind() && committed() >= low_ && accepted_ < high()) {
    Slot& next = slot(accepted_.next());
    if (next.bound) {
      ++accepted_;
      continue;
    }
    if (!next.proposal || !next.proposal_verified || !next.proposal->block) return;
    if (verifies_payloads() && !next.payloads_verified) return;
    const BlockRef block = next.proposal->block;
    if (!accepts(next, *block)) return;
    bind(next, block);
    if (primary_of(active_view_) != self()) vote(MessageType::kPrepare, next, next.bound_ticket);
    check_prepared(next);
    check_committed(next);
  }
}

// OSDI'99 §4.2, the conditions under which a backup accepts a pre-prepare, and ours: the block's
// time is near one's own, no payload is ordered twice, and the membership changes once in an epoch.
bool PbftEngine::accepts(const Slot& slot, const Block& block) {
  if (slot.commit_certificate && slot.commit_certificate->statement.digest != block.digest) {
    return false;
  }
  const bool changes = !block.control.empty();
  if (slot.height > last_height()) return false;
  if (changes && (epoch_end() || change_bound_at_ != Height(0))) return false;
  return is_timely(block) && index_payloads(block);
}

// Enters the block's payloads into the index of those in flight; false, and no change, if one of
// them is in flight already, final, or in the block twice.
bool PbftEngine::index_payloads(const Block& block) {
  const auto height = static_cast<uint32_t>(block.height.value());
  for (size_t i = 0; i < block.payloads.size(); ++i) {
    const Digest& digest = block.payloads[i]->digest;
    const bool ordered = in_flight_.find(digest) || mempool().is_committed(digest);
    if (!ordered) {
      in_flight_.insert(digest, height);
      continue;
    }
    if (planted(Mutant::kDuplicateNotSuppressed)) continue;
    for (size_t k = 0; k < i; ++k) in_flight_.erase(block.payloads[k]->digest);
    return false;
  }
  return true;
}

void PbftEngine::unindex_payloads(const Block& block) {
  const auto height = static_cast<uint32_t>(block.height.value());
  for (const PayloadRef& payload : block.payloads) {
    const std::optional<uint32_t> at = in_flight_.find(payload->digest);
    if (at && *at == height) in_flight_.erase(payload->digest);
  }
}

std::optional<Height> PbftEngine::in_flight_at(const Digest& payload) const {
  const std::optional<uint32_t> at = in_flight_.find(payload);
  if (!at) return std::nullopt;
  return Height(*at);
}

// From here on this replica votes for nothing else at this height in this view; the record says so
// to itself after a crash.
void PbftEngine::bind(Slot& slot, const BlockRef& block) {
  GOVCHAIN_ASSERT(!slot.bound && slot.height == accepted_.next());
  slot.bound = true;
  slot.digest = block->digest;
  slot.block = block;
  slot.keep_body(block);
  accepted_ = slot.height;
  mark_in_flight(*block);
  note_bound(*block);
  if (!planted(Mutant::kVoteNotPersisted)) {
    ProposalRecord record;
    record.view = active_view_;
    if (slot.proposal) record.signature = slot.proposal->signature;
    persist_for(slot, make_proposal_record(record, block), slot.bound_ticket);
  }
  weigh(slot, slot.prepares);
  weigh(slot, slot.commits);
  touch();
}

void PbftEngine::note_bound(const Block& block) {
  last_bound_time_ = std::max(last_bound_time_, block.wall_time);
  if (!block.control.empty() && block.height > committed()) change_bound_at_ = block.height;
}

// Weighs the votes that came before the proposal.
void PbftEngine::weigh(Slot& slot, VoteTable& votes) {
  votes.weight = 0;
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    if (!votes.messages[i] || !votes.verified.contains(i)) continue;
    if (votes.messages[i]->digest == slot.digest) {
      votes.weight += weight_of(i);
    } else if (slot.proposal) {
      show_proposal(slot);
    }
  }
}

CertificateRef PbftEngine::make_certificate(MessageType type, const Slot& slot,
                                            const VoteTable& votes) const {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement =
      Statement{config().chain, epoch(),     Protocol::kPbft, static_cast<uint8_t>(type),
                active_view_,   slot.height, slot.digest,     version()};
  certificate->signers.reserve(votes.verified.count());
  certificate->signatures.reserve_votes(votes.verified.count());
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    const MessageRef& message = votes.messages[i];
    if (!message || !votes.verified.contains(i) || message->digest != slot.digest) continue;
    certificate->signers.push_back(message->sender);
    certificate->signatures.push_back(message);
  }
  return CertificateRef(std::move(certificate));
}

void PbftEngine::check_prepared(Slot& slot) {
  if (slot.prepared || !slot.bound || !slot.proposal_verified) return;
  const uint32_t primary = primary_of(active_view_);
  if (slot.prepares.weight + weight_of(primary) < votes_needed()) return;
  if (!may_bind()) {
    disk_was_full_ = disk_was_full_ || is_disk_full();
    return;
  }
  slot.prepared = true;
  slot.proof = PreparedProof{make_certificate(MessageType::kPrepare, slot, slot.prepares),
                             slot.proposal->signature};
  highest_prepared_ = std::max(highest_prepared_, slot.height);
  Ticket ticket;
  persist_for(slot, make_prepared_record(*slot.proof), ticket);
  vote(MessageType::kCommit, slot, ticket);
}

// A quorum of commits is a proof that anybody can check, so it needs no prepared state of one's
// own.
void PbftEngine::check_committed(Slot& slot) {
  if (slot.commit_certificate || !slot.bound || slot.commits.weight < votes_needed()) return;
  slot.commit_certificate = make_certificate(MessageType::kCommit, slot, slot.commits);
  touch();
}

void PbftEngine::vote(MessageType type, const Slot& slot, Ticket after) {
  if (!has_vote()) return;
  Ref<Message> draft = new_own(type, Lane::kVote);
  draft->view = active_view_;
  draft->height = slot.height;
  draft->digest = slot.digest;
  request_signature(std::move(draft), after);
}

bool PbftEngine::may_propose() const {
  const Height next = accepted_.next();
  return may_bind() && !in_view_change_ && is_primary() && committed() >= low_ && next <= high() &&
         next <= last_height() &&
         accepted_.value() - committed().value() < config().max_in_flight &&
         !slot(next).commit_certificate;
}

// A block is proposed when it is full or its oldest payload has waited long enough.
void PbftEngine::propose_if_due() {
  while (may_propose() && batch_is_due(change_bound_at_ == Height(0))) {
    if (!propose_block()) return;
  }
}

// False if nothing is left to propose.
bool PbftEngine::propose_block() {
  const BlockRef block =
      make_block(accepted_.next(), active_view_, std::max(last_block_time(), last_bound_time_),
                 {.payloads = true, .control = change_bound_at_ == Height(0)});
  if (!block) return false;
  // Never in the steady state; what fails stays marked in flight until the next view releases it.
  if (!index_payloads(*block)) return true;
  Slot& next = slot(block->height);
  bind(next, block);
  ++counters().proposals;
  Ref<Message> draft = new_own(MessageType::kPrePrepare, Lane::kBody);
  draft->view = active_view_;
  draft->height = block->height;
  draft->digest = block->digest;
  draft->block = block;
  request_signature(std::move(draft), next.bound_ticket);
  return true;
}

}  // namespace govchain::consensus::pbft
