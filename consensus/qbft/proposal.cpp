// What a leader proposes, and which proposals are valid.

#include <algorithm>
#include <utility>

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

// A record of this height.
Ticket QbftEngine::persist_here(Ref<LogRecord> record) {
  const Ticket ticket = persist(std::move(record));
  if (first_record_ == Ticket()) first_record_ = ticket;
  return ticket;
}

// Algorithm 1, Start: the leader of the first round proposes its input value. Algorithm 3, third
// rule: the leader of a later one proposes as soon as a quorum of ROUND-CHANGEs justifies it, and
// the highest prepared block if there is one.
void QbftEngine::propose_if_due() {
  if (!may_vote() || leader() != self() || bound_) return;
  if (round_ == View(0)) {
    if (!batch_is_due()) return;
    const BlockRef block = make_block(height_, round_, last_block_time(), {});
    if (block) propose(block, nullptr);
    return;
  }
  const Justification justification = justify();
  if (justification.round_changes.empty()) return;
  const std::optional<Prepared> chosen = choose(justification);
  BlockRef block;
  if (chosen) {
    block = find_body(chosen->digest);
    if (!block) return want_body(chosen->digest);
  } else {
    block = make_block(height_, round_, last_block_time(), {});
    // Others wait for what has not reached this replica. An empty block ends the height, so that
    // rounds and their timeouts do not grow for want of a payload.
    if (!block) block = make_block(height_, round_, last_block_time(), {.payloads = false});
  }
  propose(block, &justification);
}

void QbftEngine::propose(const BlockRef& block, const Justification* justification) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kPrePrepare), Lane::kBody);
  draft->height = height_;
  draft->digest = block->digest;
  draft->block = block;
  if (justification != nullptr) encode_body(*justification, draft->body);
  const bool logged = !planted(Mutant::kVoteNotPersisted);
  hold_to(block,
          logged ? persist_here(make_proposal_record(round_, {}, draft->body, block)) : Ticket());
  ++counters().proposals;
  request_signature(std::move(draft), bound_ticket_);
}

// From here on no other block is voted for in this round.
void QbftEngine::hold_to(const BlockRef& block, Ticket ticket) {
  bound_ = block;
  bound_ticket_ = ticket;
  if (ticket != Ticket()) keep_body(block, ticket);
  mark_in_flight(*block);
  weigh(prepares_);
  weigh(commits_);
  touch();
}

void QbftEngine::keep_body(const BlockRef& block, Ticket ticket) {
  if (bodies_.size() == kKeptBodies) bodies_.erase(bodies_.begin());
  bodies_.push_back({block, ticket});
}

bool QbftEngine::wants_proposal(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.view < round_) {
    ++counters().stale;
    return false;
  }
  if (sender != leader_of(height_, message.view)) {
    ++counters().unauthorised;
    return false;
  }
  if (!message.block) return wants_shown(reference);
  if (message.view == round_ && bound_) {
    if (!proposal_ || bound_->digest == message.digest) {
      ++counters().duplicate;
    } else {
      suspect_conflict(proposal_, reference);
    }
    return false;
  }
  return is_valid(message);
}

// What a leader signed, shown by somebody whose proposal it is not.
bool QbftEngine::wants_shown(const MessageRef& reference) {
  const Message& message = *reference;
  if (!message.body.empty() || !message.payloads.empty()) {
    ++counters().malformed;
  } else if (message.view == round_ && proposal_ && proposal_->digest != message.digest) {
    suspect_conflict(proposal_, reference);
  } else {
    ++counters().duplicate;
  }
  return false;
}

// Algorithm 2, first rule: "a valid PRE-PREPARE from leader(λ, round) such that JustifyPrePrepare",
// and the external validity predicate β for what no quorum has judged yet.
bool QbftEngine::is_valid(const Message& message) {
  const Block& block = *message.block;
  const bool fresh = block.view == message.view;
  if (!message.payloads.empty() || block.height != height_ || block.digest != message.digest ||
      block.view > message.view || !is_well_formed(block) ||
      (fresh && block.proposer != message.sender)) {
    ++counters().malformed;
    return false;
  }
  if (message.view == View(0)) {
    if (!message.body.empty()) {
      ++counters().malformed;
      return false;
    }
  } else {
    const std::optional<Justification> justification = decode_justification(message.body);
    const bool unchecked = planted(Mutant::kProposalUnjustified);
    if (!unchecked && (!justification || !justifies(*justification, message))) {
      ++counters().malformed;
      return false;
    }
  }
  if (fresh && !is_fresh(block)) {
    ++counters().stale;
    return false;
  }
  if (fresh && !is_timely(block)) {
    ++counters().future;
    return false;
  }
  return true;
}

void QbftEngine::accept_proposal(uint32_t sender, const MessageRef& message) {
  if (sender == self()) {
    // Its block is bound since it was proposed.
    if (!bound_ || proposal_ || message->digest != bound_->digest) return;
    proposal_ = message;
    waits_since_ = now();
    return vote(MessageType::kPrepare, bound_ticket_);
  }
  if (message->view < round_ || (message->view == round_ && bound_)) {
    ++counters().stale;
    return;
  }
  const bool fresh = message->block->view == message->view;
  if (verifies_payloads() && fresh && !message->block->payloads.empty()) {
    const bool later = !awaiting_payloads_ || awaiting_payloads_->view < message->view;
    if (!later) {
      ++counters().duplicate;
      return;
    }
    awaiting_payloads_ = message;
    return verify_payloads(message->block);
  }
  bind(message);
}

void QbftEngine::on_payloads_verified(const BlockRef& block, bool valid) {
  if (!awaiting_payloads_ || awaiting_payloads_->block != block) return;
  const MessageRef message = std::exchange(awaiting_payloads_, {});
  if (message->view < round_ || (message->view == round_ && bound_)) return;
  if (valid) bind(message);
}

// Algorithm 2, first rule. A proposal of a later round shows a quorum of ROUND-CHANGEs for it, more
// than the f+1 that lead there by Algorithm 3, second rule; so it leads there by itself.
void QbftEngine::bind(const MessageRef& message) {
  if (is_disk_full()) return;
  if (message->view > round_) enter_round(message->view);
  Ticket ticket;
  if (has_vote() && !planted(Mutant::kVoteNotPersisted)) {
    ticket = persist_here(
        make_proposal_record(message->view, message->signature, message->body, message->block));
  }
  proposal_ = message;
  waits_since_ = now();
  hold_to(message->block, ticket);
  if (may_vote()) vote(MessageType::kPrepare, ticket);
  check_prepared();
  check_all_commits();
}

// Somebody votes for another block in this round: its leader may have proposed two. Whoever has the
// other one finds out by what this replica was told.
void QbftEngine::show_proposal() {
  if (shown_ || !proposal_) return;
  shown_ = true;
  Ref<Message> shown = Ref<Message>::make();
  shown->protocol = proposal_->protocol;
  shown->type = proposal_->type;
  shown->lane = Lane::kVote;
  shown->version = proposal_->version;
  shown->sender = proposal_->sender;
  shown->epoch = proposal_->epoch;
  shown->view = proposal_->view;
  shown->height = proposal_->height;
  shown->digest = proposal_->digest;
  shown->signature = proposal_->signature;
  broadcast(std::move(shown));
}

// A block that was asked for by its digest, which is all the proof that it needs.
void QbftEngine::receive_body(const Message& message) {
  if (!message.block || !message.body.empty() || !message.payloads.empty() ||
      message.block->digest != message.digest) {
    ++counters().malformed;
    return;
  }
  if (!wanted_body_ || *wanted_body_ != message.digest || message.block->height != height_) {
    ++counters().duplicate;
    return;
  }
  ++counters().accepted;
  fetched_body_ = message.block;
  wanted_body_.reset();
  touch();
  check_all_commits();
}

BlockRef QbftEngine::find_body(const Digest& digest) const {
  if (bound_ && bound_->digest == digest) return bound_;
  if (prepared_ && prepared_->block->digest == digest) return prepared_->block;
  if (fetched_body_ && fetched_body_->digest == digest) return fetched_body_;
  for (const LoggedBody& body : bodies_) {
    if (body.block->digest == digest) return body.block;
  }
  return {};
}

// Said in the status messages until it is here; f+1 honest replicas have it in their logs, because
// they sent a PREPARE for it.
void QbftEngine::want_body(const Digest& digest) {
  if (wanted_body_ == digest) return;
  wanted_body_ = digest;
  send_status_to_all();
}

}  // namespace govchain::consensus::qbft
