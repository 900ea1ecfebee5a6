// What is missing is asked for in status messages, and sent again: proposals, votes, timeouts and
// certificates, all as their senders signed them.

#include <algorithm>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

bool HotstuffEngine::agreement_waits() const { return !wanted_.empty() || something_waits(); }

void HotstuffEngine::want(const Digest& digest, Height height) {
  if (is_wanted(digest)) return;
  if (wanted_.size() >= kMaxWanted) wanted_.erase(wanted_.begin());
  wanted_.push_back({digest, height});
}

bool HotstuffEngine::is_wanted(const Digest& digest) const {
  return std::any_of(wanted_.begin(), wanted_.end(),
                     [&](const Wanted& wanted) { return wanted.digest == digest; });
}

void HotstuffEngine::forget_wanted(const Digest& digest) {
  std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.digest == digest; });
}

void HotstuffEngine::encode_standing(std::vector<uint8_t>& out) const {
  Standing standing;
  standing.highest = highest_view();
  standing.given_up = promise_.given_up;
  if (in_view_change()) {
    standing.timeouts.resize((members() + 7) / 8);
    for (uint32_t i = 0; i < members(); ++i) {
      const MessageRef& said = timeouts_.messages[i];
      if (!said || said->view < promise_.given_up) continue;
      standing.timeouts[i / 8] = static_cast<uint8_t>(standing.timeouts[i / 8] | (1U << (i % 8)));
    }
  }
  for (const Node& node : tree_.nodes()) {
    if (standing.nodes.size() < Standing::kMaxNodes) standing.nodes.push_back(node.digest);
  }
  for (const Wanted& wanted : wanted_) standing.wanted.push_back(wanted.digest);
  hotstuff::encode_standing(standing, out);
}

// Own statements go to whoever lacks them; what others signed is sent by few.
void HotstuffEngine::answer_standing(uint32_t peer, const Message& status,
                                     std::span<const uint8_t> bytes, bool responder) {
  const std::optional<Standing> standing = decode_standing(bytes);
  if (!standing) {
    (void)malformed();
    return;
  }
  const MessageRef& vote = own_vote_.message;
  if (vote && vote->view > standing->highest && vote->view >= view_ &&
      leader_of(vote->view.next()) == peer) {
    forward(peer, vote, own_vote_.ticket);
  }
  const MessageRef& timeout = own_timeout_.message;
  if (is_member() && timeout && timeout->view >= status.view && !standing->has_timeout(self())) {
    forward(peer, timeout, own_timeout_.ticket);
  }
  const bool asks =
      std::any_of(standing->wanted.begin(), standing->wanted.end(),
                  [&](const Digest& digest) { return tree_.find(digest) != nullptr; });
  if (!responder && !asks) return;
  send_nodes(peer, status.height, *standing);
  if (standing->highest < highest_view()) forward_carrier(peer);
  if (status.view < view_) send_timeouts(peer, status.view, *standing);
}

// Nodes on the certified branch, those of the present view, and what was asked for; about two
// blocks of bytes.
void HotstuffEngine::send_nodes(uint32_t peer, Height above, const Standing& standing) {
  const auto has = [](const std::vector<Digest>& list, const Digest& digest) {
    return std::find(list.begin(), list.end(), digest) != list.end();
  };
  std::vector<const Node*> branch;
  if (const Node* const top = highest_node()) tree_.path(*top, branch);
  Bytes size;
  for (Node& node : tree_.nodes()) {
    if (node.height <= above || has(standing.nodes, node.digest)) continue;
    const bool certified = std::find(branch.begin(), branch.end(), &node) != branch.end();
    if (!certified && node.header.view != view_ && !has(standing.wanted, node.digest)) continue;
    forward_node(peer, node);
    size += node.block->payload_size();
    if (size >= config().max_block_bytes * 2) return;
  }
}

void HotstuffEngine::send_timeouts(uint32_t peer, View from, const Standing& standing) {
  for (uint32_t i = 0; i < members(); ++i) {
    const MessageRef& said = timeouts_.messages[i];
    if (i == self() || i == peer || !said || said->view < from || standing.has_timeout(i)) continue;
    forward(peer, said);
  }
}

void HotstuffEngine::forward_carrier(uint32_t peer) {
  if (carrier_.message) forward(peer, carrier_.message, carrier_.ticket);
}

// Nodes go with the state that takes their place, one's own too, and others build on them.
bool HotstuffEngine::is_lost_here(const Message& own) const {
  return static_cast<MessageType>(own.type) == MessageType::kProposal && is_wanted(own.digest);
}

// One's own is logged before it is signed, so after a crash perhaps nobody has it as it was signed;
// and others cannot judge what stands on it without it. It is signed again, the same words.
void HotstuffEngine::forward_node(uint32_t peer, Node& node) {
  const bool own = node.block->proposer == config().self;
  if (!node.proposal) {
    if (!own || node.header.view >= view_ || node.said_again || !may_vote()) return;
    node.said_again = true;
    return request_proposal(node);
  }
  forward(peer, node.proposal, own ? node.ticket : Ticket());
}

// Whether others of f+1 weight stand before this replica in the order from `peer` on. Those that do
// not, have f+1 weight together, so that one of them is honest and up; a count of heads would let
// learners, who weigh nothing, stand for them.
bool HotstuffEngine::others_help(uint32_t peer) const {
  uint64_t weight = 0;
  for (uint32_t i = (peer + 1) % members(); i != self(); i = (i + 1) % members()) {
    weight += weight_of(i);
  }
  return weight >= quorum().weak();
}

// Somebody gives up a view that is over: it is told how. Few do, and each once in a while only:
// what is sent may itself be an old TIMEOUT that its receiver has an answer to.
void HotstuffEngine::help(uint32_t peer) {
  if (!is_member() || others_help(peer)) return;
  std::optional<TimePoint>& last = helped_at_[peer];
  if (last && now() - *last < config().base_timeout / 2) return;
  last = now();
  forward_carrier(peer);
  if (Node* const node = tree_.at_view(view_)) forward_node(peer, *node);
  if (failed_ && !carrier_.message) send_timeouts(peer, failed_->view, {});
}

}  // namespace govchain::consensus::hotstuff
