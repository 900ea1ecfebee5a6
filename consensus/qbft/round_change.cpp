// Algorithm 3: leaving a round.

#include <algorithm>
#include <utility>

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

// t(r): doubles with every round.
Duration QbftEngine::timeout() const {
  return backed_off(static_cast<uint32_t>(std::min<uint64_t>(round_.value(), UINT32_MAX)));
}

// A round runs while there is something to agree upon: a proposal, or payloads for one. In a round
// that this replica asked for it runs from the time when a quorum is there (PBFT does so, TOCS'02
// §4.5): one that waits alone would otherwise run ahead of the others, further with every timeout,
// and they could not use its votes when they need them.
bool QbftEngine::something_waits() const {
  if (commit_waits()) return false;  // decided
  if (proposal_) return true;
  if (round_ > View(0)) return quorum_is_here();
  return bound_ || payloads_wait() || work_waits();
}

bool QbftEngine::quorum_is_here() const {
  const auto here = [&](const MessageRef& message) { return message && message->view >= round_; };
  uint64_t weight = 0;
  for (uint32_t i = 0; i < round_changes_.size(); ++i) {
    if (here(round_changes_[i].message) || here(prepares_.messages[i]) ||
        here(commits_.messages[i])) {
      weight += weight_of(i);
    }
  }
  return weight >= quorum().quorum();
}

// Algorithms 1 to 3: "set timer_i to running and expire after t(r_i)".
void QbftEngine::arm_timer() {
  if (!has_vote() || !something_waits()) {
    waits_since_.reset();
    return cancel_timer(kRoundTimer);
  }
  if (!waits_since_) waits_since_ = now();
  set_timer(kRoundTimer, *waits_since_ + timeout());
}

// Algorithm 3, first rule: timer_i expires.
void QbftEngine::on_timer(uint32_t timer) {
  if (timer != kRoundTimer || !waits_since_ || now() < *waits_since_ + timeout()) return;
  waits_since_ = now();  // where a full disk forbids the next round, it is tried again later
  change_round(round_.next());
}

void QbftEngine::enter_round(View round) {
  if (planted(Mutant::kCommitAfterRoundChange)) {
    left_ = prepared_ && prepared_->round == round_ ? BlockRef() : bound_;
    left_round_ = round_;
  }
  round_ = round;
  bound_.reset();
  bound_ticket_ = {};
  proposal_.reset();
  awaiting_payloads_.reset();
  shown_ = false;
  asked_ = false;
  waits_since_.reset();
  wanted_body_.reset();
  weigh(prepares_);
  weigh(commits_);
  release_in_flight(height_);
  ++counters().view_changes;
  emit_metric(MetricId::kViewChange, round.value());
  touch();
}

// Algorithm 3, first and second rule. The round is durable before anybody hears of it: after a
// crash nothing may be signed in the rounds before.
void QbftEngine::change_round(View round) {
  if (!may_vote() || round <= round_) return;
  enter_round(round);
  asked_ = true;
  round_change_ticket_ = persist_here(make_record(RoundChangeRecord{height_, round}));
  send_round_change();
}

// ⟨ROUND-CHANGE, λ_i, r_i, pr_i, pv_i⟩. The same after a crash, because pr_i and pv_i are in the
// log before it.
void QbftEngine::send_round_change() {
  RoundChangeBody body;
  if (prepared_ && !planted(Mutant::kPreparedNotTold)) {
    body.prepared = Prepared{prepared_->round, prepared_->block->digest};
    body.prepares = prepared_->prepares;
  }
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kRoundChange), Lane::kVote);
  draft->height = height_;
  encode_body(body, draft->body);
  draft->digest = round_change_digest(config().hash, body.prepared);
  request_signature(std::move(draft), round_change_ticket_);
}

// One for each member, that of its highest round: Besu once kept all of them, and whoever asked for
// many rounds filled its memory (GHSA-23rh-rrqg-wq82).
bool QbftEngine::wants_round_change(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.block || !message.payloads.empty() || message.view == View(0)) {
    ++counters().malformed;
    return false;
  }
  const MessageRef& held = round_changes_[sender].message;
  if (message.view < round_ || (held && held->view > message.view)) {
    ++counters().stale;
    return false;
  }
  if (held && held->view == message.view) {
    ++counters().duplicate;
    return false;
  }
  const std::optional<RoundChangeBody> body = decode_round_change(message.body);
  const auto is_proven = [&] {
    return planted(Mutant::kPreparedClaimUnproven) ||
           is_prepared_proof(*body->prepares, *body->prepared);
  };
  if (!body || message.digest != round_change_digest(config().hash, body->prepared) ||
      (body->prepared && (body->prepared->round >= message.view || !is_proven()))) {
    ++counters().malformed;
    return false;
  }
  return true;
}

void QbftEngine::accept_round_change(uint32_t sender, const MessageRef& message) {
  RoundChange& held = round_changes_[sender];
  if (held.message && held.message->view >= message->view) {
    ++counters().duplicate;
    return;
  }
  std::optional<RoundChangeBody> body = decode_round_change(message->body);
  if (!body) return;
  held = RoundChange{message, std::move(*body)};
  follow_round_changes();
}

// Of those who ask for `round` or a later one.
uint64_t QbftEngine::round_change_weight(View round) const {
  uint64_t weight = 0;
  for (uint32_t i = 0; i < round_changes_.size(); ++i) {
    const MessageRef& message = round_changes_[i].message;
    if (message && message->view >= round) weight += weight_of(i);
  }
  return weight;
}

// Algorithm 3, second rule: F_rc, f+1 that ask for later rounds, contain an honest one; r_min is
// the lowest of their rounds. Where more than f+1 are here, this is the F_rc with the highest
// r_min.
void QbftEngine::follow_round_changes() {
  View lowest = round_;
  for (const RoundChange& candidate : round_changes_) {
    if (!candidate.message || candidate.message->view <= lowest) continue;
    if (round_change_weight(candidate.message->view) >= quorum().weak()) {
      lowest = candidate.message->view;
    }
  }
  if (lowest > round_) change_round(lowest);
}

}  // namespace govchain::consensus::qbft
