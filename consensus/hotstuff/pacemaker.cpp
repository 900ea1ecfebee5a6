// Views: entered by a certificate of the one before, or because a quorum gave that one up.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

// Jolteon, Fig. 2 ("Advance round").
void HotstuffEngine::enter_view(View view, const TimeoutCertificate* timeout) {
  if (view <= view_) return;
  const uint32_t led = leader_of(view_);
  view_ = view;
  failed_.reset();
  cancel_timer(kViewTimer);
  if (timeout != nullptr) {
    failed_ = *timeout;
    ++attempts_;
    ++counters().view_changes;
    emit_metric(MetricId::kViewChange, view_.value());
    // What the failed views had proposed waits again.
    aim_at(highest_node());
  }
  if (hotstuff_.leader == LeaderPolicy::kStable && leader_of(view_) != led) pass_on_own(false);
  touch();
}

bool HotstuffEngine::something_waits() const {
  if (payloads_wait() || work_waits()) return true;
  if (branch_of(highest_node()).work) return true;
  const Node* const aimed = tree_.find(aim_);
  return aimed != nullptr && branch_of(aimed).work;
}

// The time for a view grows with the views that failed since the last commit (Diem,
// ExponentialTimeInterval: rounds since the last committed one), and runs only while something
// waits.
void HotstuffEngine::arm_timer() {
  if (!may_vote() || !(in_view_change() || something_waits())) return cancel_timer(kViewTimer);
  if (!timer(kViewTimer)) set_timer(kViewTimer, now() + backed_off(attempts_));
}

void HotstuffEngine::on_timer(uint32_t /*timer*/) {
  if (!may_vote()) return;
  if (!in_view_change()) return give_up(window_end(view_));
  // The same again: it may have been lost (Jolteon's links are reliable, ours are not).
  if (own_timeout_.message && own_timeout_.message->view == promise_.given_up) {
    forward_to_all(own_timeout_.message, own_timeout_.ticket);
  } else {
    request_timeout();
  }
}

// Jolteon, Fig. 2 ("Timeout"): stops voting in the view, and tells its highest certificate. With a
// stable leader all its views are given up at once: `view` is its last.
void HotstuffEngine::give_up(View view) {
  promise_.given_up = view;
  promise_.given_up_highest = planted(Mutant::kLockNotUpdated) ? View(0) : highest_view();
  promise_ticket_ = persist(promise_record());
  cancel_timer(kViewTimer);
  request_timeout();
  touch();
}

void HotstuffEngine::request_timeout() {
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kTimeout), Lane::kVote);
  draft->view = promise_.given_up;
  draft->height = Height(0);
  draft->digest = timeout_digest(promise_.given_up_highest);
  encode_timeout_body(highest_, failed_ ? &*failed_ : nullptr, draft->body);
  request_signature(std::move(draft), promise_ticket_);
}

void HotstuffEngine::count_timeout(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  MessageRef& held = timeouts_.messages[sender];
  if (message.view < view_ || (held && held->view >= message.view)) return;
  held = reference;
  uint64_t weight = 0;
  TimeoutCertificate timeout;
  timeout.view = message.view;
  for (uint32_t i = 0; i < members(); ++i) {
    const MessageRef& said = timeouts_.messages[i];
    if (!said || said->view != message.view) continue;
    weight += weight_of(i);
    const std::optional<View> highest = highest_of(said->digest);
    GOVCHAIN_ASSERT(highest.has_value());
    timeout.entries.push_back({said->sender, *highest, said->signature});
  }
  if (weight >= quorum_weight()) return enter_view(message.view.next(), &timeout);
  join_timeouts();
}

// Of f+1 that gave up a view, or later ones, one is honest; so does this replica, or the honest
// might wait for each other in different views (Bracha's amplification; Jolteon, section 3.1).
void HotstuffEngine::join_timeouts() {
  if (!may_vote()) return;
  const auto weight_from = [&](View view) {
    uint64_t weight = 0;
    for (uint32_t i = 0; i < members(); ++i) {
      const MessageRef& said = timeouts_.messages[i];
      if (said && said->view >= view) weight += weight_of(i);
    }
    return weight;
  };
  View joined;
  for (const MessageRef& said : timeouts_.messages) {
    if (!said || said->view <= std::max(joined, promise_.given_up) || said->view < view_) continue;
    if (weight_from(said->view) >= quorum().weak()) joined = said->view;
  }
  if (joined > promise_.given_up) give_up(joined);
}

}  // namespace govchain::consensus::hotstuff
