#pragma once
// What makes one tree out of another: the records to put and to erase, in the order of their paths.
//
// Versions of a tree share what did not change between them, so both are walked side by side and
// what is one node, or has one hash, is passed over: with k records changed of n it costs about
// k * log2(n / k) steps, and no hash.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/types.h"
#include "models/ledger/state_node.h"
#include "models/ledger/state_tree.h"

namespace govchain::models {

class StateDifference {
 public:
  struct Change {
    const StateLeaf* record;
    bool erased = false;  // else: it is to be put
  };

  // Both trees are there, and are not written, for as long as this is. Computes their roots.
  StateDifference(const StateTree& older, const StateTree& newer);
  // Nothing after the last.
  [[nodiscard]] std::optional<Change> next();

 private:
  // A subtree that is to be looked at, the next one last.
  struct Pending {
    const StateNode* node;
    const consensus::Digest* hash;
  };
  class Side {
   public:
    explicit Side(const StateTree& tree);
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    [[nodiscard]] bool is_done() const { return pending_.empty(); }
    [[nodiscard]] const Pending& top() const { return pending_.back(); }
    void pass() { pending_.pop_back(); }
    // The two below the top, a branch, in its place.
    void expand();

   private:
    consensus::Digest root_;
    std::vector<Pending> pending_;
  };

  Side older_;
  Side newer_;
};

}  // namespace govchain::models
