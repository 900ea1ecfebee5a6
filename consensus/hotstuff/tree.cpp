#include "consensus/hotstuff/tree.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::hotstuff {

void BlockTree::reset(const Root& root) {
  root_ = root;
  nodes_.clear();
}

// In order of height, so that a node's parent has been judged before it. What hangs on a node that
// never came here stays: it may be above the root.
void BlockTree::set_root(const Root& root) {
  root_ = root;
  size_t kept = 0;
  std::vector<Digest> dropped;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    const bool beside =
        node.height == root_.height.next() && root_.known && node.header.parent != root_.digest;
    const bool keeps =
        node.height > root_.height && !beside &&
        std::find(dropped.begin(), dropped.end(), node.header.parent) == dropped.end();
    if (!keeps) {
      if (node.digest != root_.digest) dropped.push_back(node.digest);
      continue;
    }
    if (kept != i) nodes_[kept] = std::move(node);
    ++kept;
  }
  nodes_.resize(kept);
  attach_all();
}

bool BlockTree::attaches(const Node& node) const {
  if (node.height == root_.height.next()) return is_root(root_.height, node.header.parent);
  const Node* const parent = parent_of(node);
  return parent != nullptr && parent->attached && parent->height.next() == node.height &&
         parent->header.view == node.header.parent_view;
}

void BlockTree::attach_all() {
  for (Node& node : nodes_) node.attached = attaches(node);
}

Node* BlockTree::insert(Node node) {
  if (nodes_.size() >= kMaxNodes) return nullptr;
  const auto place =
      std::upper_bound(nodes_.begin(), nodes_.end(), node.height,
                       [](Height height, const Node& held) { return height < held.height; });
  const auto index = place - nodes_.begin();
  const bool fills_gap = place != nodes_.end();
  nodes_.insert(place, std::move(node));
  Node& held = nodes_[static_cast<size_t>(index)];
  held.attached = attaches(held);
  if (fills_gap && held.attached) attach_all();
  return &nodes_[static_cast<size_t>(index)];
}

// Few nodes are unfinal at a time, and what is asked for is mostly the highest.
const Node* BlockTree::find(const Digest& digest) const {
  for (size_t i = nodes_.size(); i-- > 0;) {
    if (nodes_[i].digest == digest) return &nodes_[i];
  }
  return nullptr;
}

Node* BlockTree::find(const Digest& digest) {
  return const_cast<Node*>(std::as_const(*this).find(digest));
}

Node* BlockTree::at_view(View view) {
  for (Node& node : nodes_) {
    if (node.header.view == view) return &node;
  }
  return nullptr;
}

const Node* BlockTree::of_block(const Digest& block) const {
  for (const Node& node : nodes_) {
    if (node.header.block == block) return &node;
  }
  return nullptr;
}

// Nodes stand in order of height: what is below a node stands before it, so one walk down the table
// meets all of its branch.
void BlockTree::path(const Node& tip, std::vector<const Node*>& out) const {
  out.clear();
  if (!tip.attached) return;
  GOVCHAIN_ASSERT(&tip >= nodes_.data() && &tip < nodes_.data() + nodes_.size());
  out.push_back(&tip);
  for (const Node* node = &tip; node != nodes_.data();) {
    --node;
    if (node->digest == out.back()->header.parent) out.push_back(node);
  }
}

}  // namespace govchain::consensus::hotstuff
