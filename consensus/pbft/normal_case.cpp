// Normal case (OSDI'99 §4.2): pre-prepare, prepare, commit.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// True if the message belongs to the view whose votes are counted now. One of a later view waits
// for that view, a bounded number for each peer; what does not fit is sent again on request.
bool PbftEngine::admit_for_view(uint32_t peer, const MessageRef& message) {
  const bool open = !in_view_change_ || planted(Mutant::kStaleViewAccepted);
  if (open && message->view == active_view_) return true;
  if (message->view < view_ || (message->view == view_ && !in_view_change_)) {
    ++counters_.stale;
    return false;
  }
  std::vector<MessageRef>& future = peers_[peer].future;
  if (future.size() >= 4 * size_t{config_.max_in_flight} + 8) {
    // Messages of a view that others left again make room for those of later ones.
    if (future.front()->view >= message->view) {
      ++counters_.future;
      return false;
    }
    future.erase(future.begin());
    ++counters_.future;
  }
  future.push_back(message);
  return false;
}

// The hot path: two of these for each member and block. No allocation, no hashing.
void PbftEngine::receive_vote(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  const uint32_t position = position_of(message.sender);
  if (from != message.sender || position == kNobody || position == self_) {
    ++counters_.unauthorised;
    return;
  }
  if (planted(Mutant::kHonestBlamed) && message.view != active_view_) {
    Slot* const other = slot_at(message.height);
    if (other != nullptr && votes_of(*other, message).messages[position]) {
      const MessageRef held = votes_of(*other, message).messages[position];
      if (held->digest != message.digest) suspect_conflict(*other, held, reference);
    }
  }
  if (!admit_for_view(position, reference)) return;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr) {
    ++(message.height <= low_ ? counters_.stale : counters_.future);
    return;
  }
  const bool prepare = message.type == static_cast<uint8_t>(MessageType::kPrepare);
  if (prepare && position == primary_of(active_view_)) {
    ++counters_.malformed;  // its pre-prepare is its prepare
    return;
  }
  VoteTable& votes = prepare ? slot->prepares : slot->commits;
  MessageRef& held = votes.messages[position];
  if (held) {
    if (held->digest == message.digest) {
      ++counters_.duplicate;
    } else {
      suspect_conflict(*slot, held, reference);
    }
    return;
  }
  // Nothing is verified for a quorum that is complete.
  if (prepare ? slot->prepared : static_cast<bool>(slot->commit_certificate)) {
    ++counters_.duplicate;
    return;
  }
  held = reference;
  sink_->emit(effect::Verify{new_token(), reference});
}

void PbftEngine::on_vote_verified(const MessageRef& reference, bool valid) {
  const Message& message = *reference;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr || message.view != active_view_) return;
  VoteTable& votes = votes_of(*slot, message);
  const uint32_t position = position_of(message.sender);
  MessageRef& held = votes.messages[position];
  if (held != reference || votes.verified.contains(position)) return;
  if (!valid) {
    ++counters_.forged;
    held.reset();
    return;
  }
  ++counters_.accepted;
  votes.verified.add(position);
  if (!slot->bound) return;
  if (message.digest != slot->digest) return show_proposal(*slot);
  votes.weight += weight_of(position);
  if (votes.weight + weight_of(primary_of(active_view_)) < quorum()) return;
  if (message.type == static_cast<uint8_t>(MessageType::kPrepare)) {
    check_prepared(*slot);
  } else {
    check_committed(*slot);
  }
}

void PbftEngine::receive_pre_prepare(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (peer != primary_of(message.view)) {
    ++counters_.unauthorised;
    return;
  }
  if (!admit_for_view(peer, reference)) return;
  Slot* const slot = slot_at(message.height);
  if (slot == nullptr) {
    ++(message.height <= low_ ? counters_.stale : counters_.future);
    return;
  }
  if (!is_well_formed(message, *slot)) {
    ++counters_.malformed;
    return;
  }
  if (slot->proposal) {
    if (slot->proposal->digest == message.digest) {
      ++counters_.duplicate;
    } else {
      suspect_conflict(*slot, slot->proposal, reference);
    }
    return;
  }
  slot->proposal = reference;
  sink_->emit(effect::Verify{new_token(), reference});
}

// What can be said of a proposal by itself. One without a block re-proposes what the new view has
// bound already.
bool PbftEngine::is_well_formed(const Message& proposal, const Slot& slot) {
  if (!proposal.block) return slot.bound;
  const Block& block = *proposal.block;
  if (block.digest != proposal.digest || block.height != proposal.height ||
      block.epoch != membership_.epoch || block.view > proposal.view || !block.control.empty()) {
    return false;
  }
  if (slot.bound) return true;
  return block.view == proposal.view && block.proposer == proposal.sender &&
         block.payload_size() <= config_.max_block_bytes &&
         block.transactions() <= config_.max_block_transactions &&
         block.payloads.size() <= kMaxPayloadsPerBlock;
}

void PbftEngine::on_proposal_verified(const MessageRef& reference, bool valid) {
  Slot* const slot = slot_at(reference->height);
  if (slot == nullptr || slot->proposal != reference || reference->view != active_view_) return;
  if (!valid) {
    ++counters_.forged;
    slot->proposal.reset();
    return;
  }
  note_proposal(*slot, reference);
}

// The primary's signature on a proposal is good.
void PbftEngine::note_proposal(Slot& slot, const MessageRef& proposal) {
  ++counters_.accepted;
  slot.proposal = proposal;
  slot.proposal_verified = true;
  if (slot.bound) {
    if (slot.digest == proposal->digest) {
      check_prepared(slot);
    } else {
      ++counters_.conflicting;  // not what the new view's certificates demand
      slot.proposal.reset();
      slot.proposal_verified = false;
    }
    return;
  }
  if (config_.replicas_verify_payloads && !slot.payloads_requested) {
    PendingVerification pending;
    pending.kind = PendingVerification::Kind::kPayloads;
    pending.peer = primary_of(active_view_);
    pending.message = proposal;
    pending.height = slot.height;
    pending.token = new_token();
    ++peers_[pending.peer].verifications;
    slot.payloads_requested = true;
    sink_->emit(effect::VerifyPayloads{pending.token, proposal->block});
    verifying_.push_back(std::move(pending));
  }
  dirty_ = true;
}

// Proposals are accepted in order of height, so that each can be compared with everything that
// stands before it: a payload is ordered at most once. A transport keeps their order anyway.
void PbftEngine::accept_in_order() {
  while (may_vote() && committed_ >= low_ && accepted_ < high()) {
    Slot& next = slot(accepted_.next());
    if (next.bound) {
      ++accepted_;
      continue;
    }
    if (!next.proposal || !next.proposal_verified || !next.proposal->block) return;
    if (config_.replicas_verify_payloads && !next.payloads_verified) return;
    const BlockRef block = next.proposal->block;
    if (!accepts(next, *block)) return;
    bind(next, block);
    if (primary_of(active_view_) != self_) vote(MessageType::kPrepare, next, next.bound_ticket);
    check_prepared(next);
    check_committed(next);
  }
}

// OSDI'99 §4.2, the conditions under which a backup accepts a pre-prepare, and ours: the block's
// time is near one's own, and no payload is ordered twice.
bool PbftEngine::accepts(Slot& slot, const Block& block) {
  if (slot.commit_certificate && slot.commit_certificate->statement.digest != block.digest) {
    return false;
  }
  if (wall_known_ && block.wall_time != 0) {
    const int64_t tolerance = config_.wall_clock_tolerance.nanoseconds();
    const int64_t mine = wall_time();
    if (block.wall_time > mine + tolerance || block.wall_time < mine - tolerance) return false;
  }
  return index_payloads(block);
}

// Enters the block's payloads into the index of those in flight; false, and no change, if one of
// them is in flight already, final, or in the block twice.
bool PbftEngine::index_payloads(const Block& block) {
  const auto height = static_cast<uint32_t>(block.height.value());
  for (size_t i = 0; i < block.payloads.size(); ++i) {
    const Digest& digest = block.payloads[i]->digest;
    const bool ordered = in_flight_.find(digest) || mempool_.is_committed(digest);
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

// From here on this replica votes for nothing else at this height in this view; the record says so
// to itself after a crash.
void PbftEngine::bind(Slot& slot, const BlockRef& block) {
  GOVCHAIN_ASSERT(!slot.bound && slot.height == accepted_.next());
  slot.bound = true;
  slot.digest = block->digest;
  slot.block = block;
  slot.keep_body(block);
  accepted_ = slot.height;
  mempool_.mark_in_flight(slot.height, block->payloads);
  last_block_time_ = std::max(last_block_time_, block->wall_time);
  if (!planted(Mutant::kVoteNotPersisted)) {
    ProposalRecord record;
    record.view = active_view_;
    if (slot.proposal) record.signature = slot.proposal->signature;
    persist_for(slot, make_proposal_record(record, block), slot.bound_ticket);
  }
  weigh(slot, slot.prepares);
  weigh(slot, slot.commits);
  dirty_ = true;
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

void PbftEngine::check_prepared(Slot& slot) {
  if (slot.prepared || !slot.bound || !slot.proposal_verified || !may_vote()) return;
  const uint32_t primary = primary_of(active_view_);
  if (slot.prepares.weight + weight_of(primary) < quorum()) return;
  slot.prepared = true;
  Ref<Certificate> prepares = Ref<Certificate>::make();
  prepares->statement = Statement{config_.chain,   membership_.epoch,
                                  Protocol::kPbft, static_cast<uint8_t>(MessageType::kPrepare),
                                  active_view_,    slot.height,
                                  slot.digest};
  prepares->signers.reserve(slot.prepares.verified.count());
  prepares->signatures.reserve_votes(slot.prepares.verified.count());
  for (uint32_t i = 0; i < slot.prepares.messages.size(); ++i) {
    const MessageRef& message = slot.prepares.messages[i];
    if (!message || !slot.prepares.verified.contains(i) || message->digest != slot.digest) continue;
    prepares->signers.push_back(message->sender);
    prepares->signatures.push_back(message);
  }
  slot.proof = PreparedProof{CertificateRef(std::move(prepares)), slot.proposal->signature};
  highest_prepared_ = std::max(highest_prepared_, slot.height);
  Ticket ticket;
  persist_for(slot, make_prepared_record(*slot.proof), ticket);
  vote(MessageType::kCommit, slot, ticket);
}

// A quorum of commits is a proof that anybody can check, so it needs no prepared state of one's
// own.
void PbftEngine::check_committed(Slot& slot) {
  if (slot.commit_certificate || !slot.bound || slot.commits.weight < quorum()) return;
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = Statement{
      config_.chain, membership_.epoch, Protocol::kPbft, static_cast<uint8_t>(MessageType::kCommit),
      active_view_,  slot.height,       slot.digest};
  certificate->signers.reserve(slot.commits.verified.count());
  certificate->signatures.reserve_votes(slot.commits.verified.count());
  for (uint32_t i = 0; i < slot.commits.messages.size(); ++i) {
    const MessageRef& message = slot.commits.messages[i];
    if (!message || !slot.commits.verified.contains(i) || message->digest != slot.digest) continue;
    certificate->signers.push_back(message->sender);
    certificate->signatures.push_back(message);
  }
  slot.commit_certificate = CertificateRef(std::move(certificate));
  dirty_ = true;
  advance_commits();
}

void PbftEngine::vote(MessageType type, const Slot& slot, Ticket after) {
  Ref<Message> draft = new_message(type, Lane::kVote);
  draft->view = active_view_;
  draft->height = slot.height;
  draft->digest = slot.digest;
  request_signature(MessageRef(std::move(draft)), after);
}

// A block is proposed when it is full or its oldest payload has waited long enough.
void PbftEngine::propose_if_due() {
  if (in_view_change_ || disk_full_ || !is_primary()) return cancel_timer(TimerKind::kBatch);
  while (mempool_.waiting_payloads() > 0) {
    const Height next = accepted_.next();
    if (committed_ < low_ || next > high() ||
        accepted_.value() - committed_.value() >= config_.max_in_flight ||
        slot(next).commit_certificate) {
      return cancel_timer(TimerKind::kBatch);
    }
    const bool full = mempool_.waiting_bytes() >= config_.max_block_bytes ||
                      mempool_.waiting_transactions() >= config_.max_block_transactions;
    const TimePoint due = *mempool_.oldest_waiting() + config_.batch_delay;
    if (!full && due > now_) return set_timer(TimerKind::kBatch, due);
    propose_block();
  }
  cancel_timer(TimerKind::kBatch);
}

void PbftEngine::propose_block() {
  Ref<Block> block = Ref<Block>::make();
  block->height = accepted_.next();
  block->view = active_view_;
  block->epoch = membership_.epoch;
  block->proposer = config_.self;
  // Never before an earlier block's time, even if the clock was set back.
  block->wall_time = wall_known_ ? std::max(wall_time(), last_block_time_) : 0;
  mempool_.select(block->height, config_.max_block_bytes, config_.max_block_transactions,
                  block->payloads);
  GOVCHAIN_ASSERT(!block->payloads.empty());
  seal_block(config_.hash, *block);
  const BlockRef sealed(std::move(block));
  // Never in the steady state; what fails stays marked in flight until the next view releases it.
  if (!index_payloads(*sealed)) return;
  Slot& next = slot(sealed->height);
  bind(next, sealed);
  ++counters_.proposals;
  Ref<Message> draft = new_message(MessageType::kPrePrepare, Lane::kBody);
  draft->view = active_view_;
  draft->height = sealed->height;
  draft->digest = sealed->digest;
  draft->block = sealed;
  request_signature(MessageRef(std::move(draft)), next.bound_ticket);
}

}  // namespace govchain::consensus::pbft
