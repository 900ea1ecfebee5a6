// The leader's part of a view: one block on the highest certified node, or, while nothing waits,
// the news of that certificate.

#include <algorithm>
#include <utility>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

// Jolteon, Fig. 2 ("Propose"): upon entering the view by a certificate, or a certificate of
// timeouts, of the view before. Nothing else is waited for: optimistic responsiveness.
bool HotstuffEngine::may_propose() const {
  if (!may_vote() || leader_of(view_) != self() || promise_.voted >= view_ || in_view_change()) {
    return false;
  }
  if (highest_view().next() == view_) return true;
  return failed_ && failed_->view.next() == view_ && highest_view() >= failed_->highest();
}

void HotstuffEngine::propose() {
  if (!may_propose()) return;
  const Node* const parent = highest_node();
  if (parent != nullptr
          ? !parent->attached
          : !(highest_ ? tree_.is_root(highest_->statement.height, highest_->statement.digest)
                       : tree_.root().known && committed() == epoch_root_)) {
    return;  // a node is missing: catch_up.cpp has asked for it
  }
  aim_at(parent);
  const Branch branch = branch_of(parent);
  // Blocks that carry nothing follow as long as something is not final below them (README, "The
  // tail").
  if (!batch_is_due() && !branch.work) return;
  const BlockRef block = next_block(parent, height_above(parent), branch);
  if (!block) return;
  propose_block(block, highest_ ? highest_->statement.digest : tree_.root().digest);
}

Height HotstuffEngine::height_above(const Node* parent) const {
  return parent == nullptr ? committed().next() : parent->height.next();
}

// Above the last height of the epoch blocks are empty, and will be dropped: they serve to make that
// height final (Diem, "The LibraBFT protocol", section 5.8: no new transactions until the epoch
// ends). So do those beyond the pipelining depth, whose payloads would have to be kept for long.
BlockRef HotstuffEngine::next_block(const Node* parent, Height height, const Branch& branch) {
  const int64_t floor = parent == nullptr ? last_block_time() : parent->block->wall_time;
  const bool suffix = branch.epoch_end && height > *branch.epoch_end;
  mark_branch(parent);
  if (!suffix && branch.with_payloads < config().max_in_flight) {
    BlockRef block = make_block(height, view_, floor, {true, !branch.control});
    if (block || !branch.work) return block;
  }
  return make_block(height, view_, floor, {false, false});
}

// What is in an unfinal block below may have reached this replica's mempool after that block.
void HotstuffEngine::mark_branch(const Node* parent) {
  if (parent == nullptr || planted(Mutant::kAncestorsNotChecked)) return;
  tree_.path(*parent, path_);
  for (const Node* const node : path_) mark_in_flight(*node->block);
}

// The record that makes the proposal durable makes the leader's own vote durable as well.
void HotstuffEngine::propose_block(const BlockRef& block, const Digest& parent) {
  Node node;
  node.header = {block->digest, parent, view_, highest_view()};
  node.digest = node_digest(config().hash, node.header);
  node.height = block->height;
  node.block = block;
  node.justify = highest_;
  if (failed_ && highest_view().next() != view_) node.timeout = failed_;
  node.payloads_good = true;
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kProposal), Lane::kBody);
  draft->view = view_;
  draft->height = node.height;
  draft->digest = node.digest;
  draft->block = block;
  encode_body(ProposalBody{parent, node.justify, node.timeout}, draft->body);
  Node* const held = tree_.insert(std::move(node));
  if (held == nullptr) return;
  ++counters().proposals;
  promise_vote(*held);
  aim_at(held);
  request_signature(std::move(draft), held->ticket);
  request_vote(*held);
}

// A certificate that this replica made of votes reaches the others with the next proposal. If none
// will come, because everything below is final with it and nothing waits, it is told by itself.
void HotstuffEngine::announce() {
  if (!highest_ || carrier_.message || announced_ >= highest_view() || members() == 1 ||
      !is_member())
    return;
  const Node* const own = tree_.at_view(view_);
  const bool proposes = own != nullptr && own->block->proposer == config().self;
  if (proposes && promise_.voted == view_) return;
  const Node* const node = highest_node();
  if (may_propose() && branch_of(node).work) return;  // as soon as a missing node is here
  announced_ = highest_view();
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kAdvance), Lane::kVote);
  draft->view = highest_->statement.view;
  draft->height = highest_->statement.height;
  draft->digest = highest_->statement.digest;
  encode_certificate_body(highest_, draft->body);
  // Its own vote may be among those of which the certificate is made.
  request_signature(std::move(draft), own_vote_.ticket);
}

}  // namespace govchain::consensus::hotstuff
