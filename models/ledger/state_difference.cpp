#include "models/ledger/state_difference.h"

#include "consensus/assert.h"

namespace govchain::models {

StateDifference::Side::Side(const StateTree& tree) : root_(tree.root()) {
  if (const StateNode* const node = tree.root_node()) pending_.push_back({node, &root_});
}

void StateDifference::Side::expand() {
  const StateBranch& branch = StateBranch::of(*pending_.back().node);
  pending_.pop_back();
  for (const size_t side : {1U, 0U}) {
    GOVCHAIN_ASSERT(branch.hashed[side]);
    pending_.push_back({branch.children[side].get(), &branch.hashes[side]});
  }
}

StateDifference::StateDifference(const StateTree& older, const StateTree& newer)
    : older_(older), newer_(newer) {}

std::optional<StateDifference::Change> StateDifference::next() {
  while (!older_.is_done() || !newer_.is_done()) {
    const StateNode* const older = older_.is_done() ? nullptr : older_.top().node;
    const StateNode* const newer = newer_.is_done() ? nullptr : newer_.top().node;
    if (older != nullptr && newer != nullptr) {
      if (older == newer || *older_.top().hash == *newer_.top().hash) {
        older_.pass();
        newer_.pass();
        continue;
      }
    }
    // Down to the leaves on both sides, the one first that decides at an earlier bit: it covers
    // more. No branch decides at a leaf's.
    const uint16_t older_bit = older == nullptr ? StateNode::kLeaf : older->bit;
    const uint16_t newer_bit = newer == nullptr ? StateNode::kLeaf : newer->bit;
    if (older_bit < newer_bit || (older_bit == newer_bit && older_bit != StateNode::kLeaf)) {
      older_.expand();
    }
    if (newer_bit < older_bit || (older_bit == newer_bit && newer_bit != StateNode::kLeaf)) {
      newer_.expand();
    }
    if (older_bit != StateNode::kLeaf || newer_bit != StateNode::kLeaf) continue;
    const StateLeaf* const gone = older == nullptr ? nullptr : &StateLeaf::of(*older);
    const StateLeaf* const come = newer == nullptr ? nullptr : &StateLeaf::of(*newer);
    if (come == nullptr || (gone != nullptr && gone->path < come->path)) {
      older_.pass();
      return Change{gone, true};
    }
    newer_.pass();
    if (gone != nullptr && gone->path == come->path) older_.pass();
    return Change{come, false};
  }
  return std::nullopt;
}

}  // namespace govchain::models
