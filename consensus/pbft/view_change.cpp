// Leaving a view (OSDI'99 §4.4 and §4.5.2 on timers).

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// For the primary: payloads, a change of membership, or a proposal that is not final. Where bytes
// of a final block are being fetched, it cannot be blamed for what is not final here.
bool PbftEngine::something_waits() const {
  if (commit_waits()) return false;
  return payloads_wait() || work_waits() || agreement_waits();
}

// One deadline for progress: it runs while something waits and starts anew with every commit
// (§4.4: "a backup starts a timer when it receives a request and the timer is not already
// running"). In a view change it runs from the time when a quorum wants the view (TOCS'02 §4.5), so
// that replicas do not run ahead of each other.
void PbftEngine::arm_view_timer() {
  if (in_view_change_) {
    work_since_.reset();
    if (!view_change_quorum_at_) return cancel_timer(kViewTimer);
    const TimePoint due = *view_change_quorum_at_ + timeout();
    if (due > now()) return set_timer(kViewTimer, due);
    // Overdue: about to fire behind the input at hand, and then it must not be put off; or it has
    // fired where a full disk forbids the next view change: look again later, not at once.
    if (!timer(kViewTimer)) set_timer(kViewTimer, now() + timeout());
    return;
  }
  if (!something_waits()) {
    work_since_.reset();
    head_added_.reset();
    escalated_ = false;
    return cancel_timer(kViewTimer);
  }
  if (!work_since_) work_since_ = now();
  const std::optional<TimePoint> head = mempool().oldest_ready();
  if (head != head_added_) {
    head_added_ = head;
    head_since_ = now();
  }
  // Moved lazily: a timer that fires early finds the later deadline.
  if (timer(kViewTimer)) return;
  const TimePoint start = std::max(*work_since_, last_progress_);
  TimePoint deadline = start + (escalated_ ? timeout() : timeout() / 2);
  if (deadline <= now()) deadline = now() + timeout() / 2;
  set_timer(kViewTimer, deadline);
}

void PbftEngine::on_view_timer() {
  if (!is_member()) return;
  if (in_view_change_) {
    if (view_change_quorum_at_ && now() >= *view_change_quorum_at_ + timeout()) {
      start_view_change(view_.next());
    }
    return;
  }
  if (!something_waits() || !work_since_) return;
  const TimePoint start = std::max(*work_since_, last_progress_);
  // One payload that heads the queue although blocks go by is passed over by the primary, or never
  // reached it.
  const bool neglected =
      head_added_ && now() - head_since_ >= timeout() * kHeadPatience && !is_primary();
  if (now() >= start + timeout() || neglected) {
    head_since_ = now();
    return start_view_change(view_.next());
  }
  const bool slow = now() >= start + timeout() / 2;
  const bool head_waits = head_added_ && now() - head_since_ >= timeout();
  if ((slow && !escalated_) || head_waits) {
    escalated_ = escalated_ || slow;
    pass_on_own(false);
    pass_on_own(true, 1);
  }
}

// §4.4: from here on nothing is voted for in earlier views. Members without weight wait for what
// the others enter.
void PbftEngine::start_view_change(View view) {
  if (!may_vote() || view <= view_) return;
  view_ = view;
  in_view_change_ = true;
  new_view_made_ = false;
  view_change_quorum_at_.reset();
  escalated_ = false;
  restart_patience();
  ++attempts_;
  if (new_view_ && new_view_->message->view < view_) new_view_.reset();
  for (std::optional<NewView>& offer : offers_) {
    if (offer && offer->message->view < view_) offer.reset();
  }
  cancel_timer(kViewTimer);
  view_ticket_ = planted(Mutant::kVoteNotPersisted) ? Ticket() : persist_view();
  send_view_change();
  touch();
  follow_view_changes();
}

// ⟨VIEW-CHANGE, v+1, n, C, P, i⟩. It tells the truth about the log at the time of sending; after a
// crash it is made again, with the same or more in it.
void PbftEngine::send_view_change() {
  ViewChangeBody body;
  body.checkpoint = low_proof_;
  if (!planted(Mutant::kPreparedProofDropped)) {
    for (Height height = low_.next(); height <= high(); ++height) {
      if (slot(height).proof) body.proofs.push_back(*slot(height).proof);
    }
  }
  Ref<Message> draft = new_own(MessageType::kViewChange, Lane::kBody);
  draft->height = low_;
  encode_body(body, draft->body);
  draft->digest = hash(config().hash, draft->body);
  request_signature(std::move(draft), view_ticket_);
}

// Where it belongs, if a new view that this replica may enter names it and it is not here yet.
PbftEngine::ViewChange* PbftEngine::missing_place(const Message& view_change) {
  if (!is_due(view_change.view)) return nullptr;
  std::optional<NewView>& offer = offers_[primary_of(view_change.view)];
  if (!offer || offer->message->view != view_change.view) return nullptr;
  for (size_t i = 0; i < offer->names.size(); ++i) {
    if (offer->names[i].sender == view_change.sender &&
        offer->names[i].digest == view_change.digest) {
      return offer->found[i].message ? nullptr : &offer->found[i];
    }
  }
  return nullptr;
}

bool PbftEngine::is_wanted(const Message& view_change) {
  return missing_place(view_change) != nullptr;
}

bool PbftEngine::wants_view_change(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (weight_of(sender) == 0 || message.block || !message.payloads.empty()) {
    ++counters().malformed;
    return false;
  }
  const bool wanted = is_wanted(message);
  const bool over = message.view < view_ || (message.view == view_ && !in_view_change_);
  if (over && !wanted) {
    ++counters().stale;
    return false;
  }
  const MessageRef& known = view_changes_[sender].message;
  if (known && known->view >= message.view && !wanted) {
    ++counters().duplicate;
    return false;
  }
  ViewChange& arriving = peers_[sender].arriving;
  if (is_arriving(sender, message)) {
    ++counters().duplicate;
    return false;
  }
  if (hash(config().hash, message.body) != message.digest) {
    ++counters().malformed;
    return false;
  }
  std::optional<ViewChangeBody> body = decode_view_change(message.body);
  if (!body || !is_valid(message, *body)) {
    ++counters().malformed;
    return false;
  }
  arriving = {reference, std::make_shared<const ViewChangeBody>(std::move(*body))};
  return true;
}

// The proofs are of the right statements and heavy enough; whether the signatures are good is for
// the verifier.
bool PbftEngine::is_valid(const Message& message, const ViewChangeBody& body) const {
  if (body.checkpoint) {
    const Statement& statement = body.checkpoint->statement;
    if (statement.epoch != epoch() || statement.height != message.height ||
        !is_checkpoint_proof(*body.checkpoint)) {
      return false;
    }
  } else if (message.height.next() != epoch_since()) {
    return false;
  }
  return std::all_of(body.proofs.begin(), body.proofs.end(), [&](const PreparedProof& proof) {
    return proof.height() > message.height && proof.height() <= message.height + window_ &&
           proof.view() < message.view && is_prepared_proof(proof);
  });
}

void PbftEngine::accept_view_change(uint32_t sender, const MessageRef& message) {
  ViewChange view_change{message, {}};
  if (is_arriving(sender, *message)) {
    view_change = std::exchange(peers_[sender].arriving, {});
  } else {
    // Another one of the same sender has come since.
    std::optional<ViewChangeBody> body = decode_view_change(message->body);
    GOVCHAIN_ASSERT(body.has_value());
    view_change.body = std::make_shared<const ViewChangeBody>(std::move(*body));
  }
  keep_view_change(view_change, sender);
}

void PbftEngine::keep_view_change(const ViewChange& view_change, uint32_t position) {
  if (ViewChange* const missing = missing_place(*view_change.message)) *missing = view_change;
  ViewChange& kept = view_changes_[position];
  const bool newer = !kept.message || kept.message->view < view_change.message->view ||
                     (position == self() && kept.message->view == view_change.message->view);
  if (newer) kept = view_change;
  follow_view_changes();
  try_enter_view();
}

uint64_t PbftEngine::view_change_weight(View view, bool exactly) const {
  uint64_t weight = 0;
  for (uint32_t i = 0; i < view_changes_.size(); ++i) {
    const MessageRef& message = view_changes_[i].message;
    if (!message || message->view < view || (exactly && message->view != view)) continue;
    weight += weight_of(i);
  }
  return weight;
}

// §4.5.2: f+1 that want a later view contain an honest one; and a quorum that wants this view lets
// its primary begin and its timer run.
void PbftEngine::follow_view_changes() {
  View joined = view_;
  for (const ViewChange& candidate : view_changes_) {
    if (!candidate.message || candidate.message->view <= joined) continue;
    if (view_change_weight(candidate.message->view, false) >= quorum().weak()) {
      joined = candidate.message->view;
    }
  }
  if (joined > view_) return start_view_change(joined);
  if (!in_view_change_) return;
  if (!view_change_quorum_at_ && view_change_weight(view_, false) >= quorum().quorum()) {
    view_change_quorum_at_ = now();
    touch();
  }
  const uint64_t enough = planted(Mutant::kNewViewUnchecked) ? quorum().weak() : quorum().quorum();
  if (is_primary() && !new_view_made_ && may_vote() && view_change_weight(view_, true) >= enough) {
    make_new_view();
  }
}

}  // namespace govchain::consensus::pbft
