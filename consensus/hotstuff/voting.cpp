// A replica's vote: at most one in a view, never against its lock, and on the log before it leaves.

#include <algorithm>
#include <utility>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

// Jolteon, Fig. 2 ("Vote"): r = r_cur, r > r_vote; PODC'19, Algorithm 4, lines 10-12: b.height >
// vheight and safeNode. Giving up a view raises r_vote to it (Jolteon, "Timeout": stops voting for
// round r).
void HotstuffEngine::vote() {
  const bool given_up = promise_.given_up >= view_ && !planted(Mutant::kVoteAfterTimeout);
  if (!may_vote() || given_up || promise_.voted >= view_) return;
  for (Node& node : tree_.nodes()) {
    if (node.header.view != view_ || !node.attached || node.refused || !is_votable(node)) continue;
    promise_vote(node);
    aim_at(&node);
    request_vote(node);
    return;
  }
}

bool HotstuffEngine::is_votable(Node& node) {
  const Block& block = *node.block;
  // One's own from before a crash was never signed; it is not proposed again.
  if (!node.proposal) return false;
  if (!is_safe(node)) {
    node.refused = true;
    ++counters().stale;
    return false;
  }
  if (!is_timely(block) || !is_fresh(block) || repeats_ancestor(node) || !fits_branch(node)) {
    node.refused = true;
    ++counters().malformed;
    return false;
  }
  if (!verifies_payloads() || block.payloads.empty() || node.payloads_good) {
    return true;
  }
  if (!std::exchange(node.payloads_asked, true)) verify_payloads(node.block);
  return false;
}

bool HotstuffEngine::is_safe(const Node& node) const {
  if (planted(Mutant::kSafeVoteIgnored)) return true;
  if (hotstuff_.commit_rule == CommitRule::kThreeChain) {
    // PODC'19, Algorithm 1, line 26 (safeNode): it extends the locked node (safety rule), or its
    // certificate is newer than the lock (liveness rule).
    return node.header.parent_view > promise_.locked_view || extends_lock(node);
  }
  // Jolteon, Fig. 2 ("Vote"): (1) b.qc.round + 1 = r, or (2) b.tc.round + 1 = r and b.qc.round >=
  // max {qc_high.round in b.tc}. HotStuff-2 locks on the highest certificate instead; a quorum of
  // timeouts holds everything that may be final.
  if (node.header.parent_view.next() == node.header.view) return true;
  if (!node.timeout) return false;
  return planted(Mutant::kTimeoutHighestIgnored) ||
         node.header.parent_view >= node.timeout->highest();
}

bool HotstuffEngine::extends_lock(const Node& node) const {
  if (promise_.locked_view == View(0)) return true;
  const Root& root = tree_.root();
  if (root.known && promise_.locked_view <= root.view) return true;  // final meanwhile
  tree_.path(node, path_);
  return std::any_of(path_.begin(), path_.end(),
                     [&](const Node* ancestor) { return ancestor->digest == promise_.locked; });
}

// One change of membership at a time, and nothing but empty blocks after the end of the epoch.
bool HotstuffEngine::fits_branch(const Node& node) const {
  const Branch branch = branch_of(tree_.parent_of(node));
  const Block& block = *node.block;
  if (branch.control && !block.control.empty()) return false;
  const bool suffix = branch.epoch_end && node.height > *branch.epoch_end;
  return !suffix || (block.payloads.empty() && block.control.empty());
}

// A payload is ordered once on a branch; is_fresh() knows only of what is final.
bool HotstuffEngine::repeats_ancestor(const Node& node) const {
  if (node.block->payloads.empty() || planted(Mutant::kAncestorsNotChecked)) return false;
  tree_.path(node, path_);
  ancestors_.clear();
  for (size_t i = 1; i < path_.size(); ++i) {
    for (const PayloadRef& payload : path_[i]->block->payloads) {
      if (!ancestors_.find(payload->digest)) ancestors_.insert(payload->digest, 0);
    }
  }
  if (ancestors_.size() == 0) return false;
  const std::vector<PayloadRef>& payloads = node.block->payloads;
  return std::any_of(payloads.begin(), payloads.end(), [&](const PayloadRef& payload) {
    return ancestors_.find(payload->digest).has_value();
  });
}

// Writes the vote down. From here on this replica votes for nothing else in this view, whether the
// vote ever leaves or not.
void HotstuffEngine::promise_vote(Node& node) {
  promise_.voted = node.header.view;
  update_lock();
  // The block that this vote helps to make final, if a quorum gives it: reads have to wait for it.
  const Node* final = tree_.parent_of(node);
  bool direct = final != nullptr && final->header.view.next() == node.header.view;
  if (direct && hotstuff_.commit_rule == CommitRule::kThreeChain) {
    const View above = final->header.view;
    final = tree_.parent_of(*final);
    direct = final != nullptr && final->header.view.next() == above;
  }
  if (direct) {
    promise_.may_be_final = final->height;
    promise_.may_be_final_view = final->header.view;
  }
  node.ticket = persist(make_node_record(promise_, node));
}

void HotstuffEngine::request_vote(const Node& node) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kVote), Lane::kVote);
  draft->view = node.header.view;
  draft->height = node.height;
  draft->digest = node.digest;
  request_signature(std::move(draft), node.ticket);
}

// The hot path of the next leader: one of these for each member and block. No hashing, and no look
// at the others' votes as long as all name one node.
void HotstuffEngine::count_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  MessageRef& held = votes_.messages[sender];
  if (held && held->view >= message.view) {
    if (held->view == message.view && held->digest != message.digest) {
      suspect_conflict(held, reference);
    }
    return;
  }
  if (held && held->view == counted_view_ && held->digest == counted_) {
    votes_.weight -= weight_of(sender);
  }
  held = reference;
  if (message.view <= highest_view()) return;
  if (message.view == counted_view_ && message.digest == counted_) {
    votes_.weight += weight_of(sender);
  } else {
    uint64_t weight = 0;
    for (uint32_t i = 0; i < members(); ++i) {
      const MessageRef& vote = votes_.messages[i];
      if (vote && vote->view == message.view && vote->digest == message.digest &&
          vote->height == message.height) {
        weight += weight_of(i);
      }
    }
    if (message.view == counted_view_) show_conflict(sender, message);
    if (message.view == counted_view_ && weight <= votes_.weight) return;
    counted_view_ = message.view;
    counted_ = message.digest;
    votes_.weight = weight;
  }
  if (votes_.weight >= quorum_weight()) form_certificate(message);
}

// Somebody votes for another node than the others: the leader may have told them different things.
// Whoever has the one proposal shows it to who has the other; the two together are evidence.
void HotstuffEngine::show_conflict(uint32_t voter, const Message& vote) {
  Node* const node = tree_.at_view(vote.view);
  if (node == nullptr || !node->proposal || node->digest == vote.digest || voter == self()) return;
  forward_node(voter, *node);
}

}  // namespace govchain::consensus::hotstuff
