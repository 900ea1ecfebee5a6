#pragma once
// The authenticated state: a path-compressed binary Merkle tree over hash(key), persistent.
//
// Why this one. The root is needed at every block, proofs of absence at every time-out, and a copy
// of the whole state at every checkpoint. A path-compressed (PATRICIA) tree over hashed keys has
// depth log2(n) + O(1) whatever keys a client chooses, a shape that depends on the set of keys
// alone, and needs no bucket count to be guessed beforehand; being persistent (nodes are shared
// between copies and copied when written), a copy costs O(1).
//
// Cost, n records, k of them written since the last root: finding one record walks about
// log2(n) + 1.3 branches and hashes once (the key); the root hashes about k * (log2(n / k) + 2.3)
// nodes of 67 bytes or less, each written node once however often it was written. Memory: 96 bytes
// for a branch and 64 plus key and value for a leaf, each one allocation.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/types.h"
#include "models/ledger/proof.h"
#include "models/ledger/state_node.h"

namespace govchain::models {

// The records of a tree one by one. What becomes of the tree meanwhile does not matter, and any one
// thread may read.
class StateCursor {
 public:
  // Null after the last; the record is there for as long as the cursor is.
  [[nodiscard]] const StateLeaf* next();

 private:
  friend class StateTree;
  explicit StateCursor(StateNodeRef root);

  StateNodeRef root_;
  std::vector<const StateNode*> pending_;  // the next one last
};

class StateTree {
 public:
  explicit StateTree(consensus::HashAlgorithm algorithm);
  // Shares all records with `other`; later writes to either leave the other as it was. Computes
  // other's root first, so that shared nodes are never written again, on any thread.
  StateTree(const StateTree& other);
  StateTree& operator=(const StateTree& other);
  StateTree(StateTree&&) noexcept = default;
  StateTree& operator=(StateTree&&) noexcept = default;
  ~StateTree() = default;

  // Nothing if absent; valid until the next write.
  [[nodiscard]] std::optional<std::span<const uint8_t>> find(std::span<const uint8_t> key) const {
    return find_at(path_of(key));
  }
  void put(std::span<const uint8_t> key, std::span<const uint8_t> value) {
    put_at(path_of(key), key, value);
  }
  // True if there was such a record.
  bool erase(std::span<const uint8_t> key) { return erase_at(path_of(key)); }

  // The same for who needs a path more than once, which is a hash of the key.
  [[nodiscard]] consensus::Digest path_of(std::span<const uint8_t> key) const;
  [[nodiscard]] std::optional<std::span<const uint8_t>> find_at(
      const consensus::Digest& path) const;
  void put_at(const consensus::Digest& path, std::span<const uint8_t> key,
              std::span<const uint8_t> value);
  bool erase_at(const consensus::Digest& path);

  // Hashes what was written since the last call.
  [[nodiscard]] consensus::Digest root() const;
  [[nodiscard]] uint64_t size() const { return size_; }
  // Proof of the key's value if it has one, of its absence otherwise, under root().
  [[nodiscard]] StateProof prove(std::span<const uint8_t> key) const;
  // All records in the order of their paths, which depends on the set of keys alone.
  void visit(const std::function<void(std::span<const uint8_t> key,
                                      std::span<const uint8_t> value)>& visitor) const;
  // The same as they are now, to be read later; costs as much as a copy.
  [[nodiscard]] StateCursor records() const;
  // For who walks it (state_difference.h); null if it is empty.
  [[nodiscard]] const StateNode* root_node() const { return root_.get(); }
  // Hash computations so far, of this tree and those it was copied from: a deterministic measure of
  // work.
  [[nodiscard]] uint64_t hashes() const { return hashes_; }
  [[nodiscard]] consensus::HashAlgorithm algorithm() const { return algorithm_; }

 private:
  friend class StateWalks;
  void share() const;
  [[nodiscard]] const StateLeaf* nearest(const consensus::Digest& path) const;
  StateBranch& writable(StateNodeRef& branch);
  [[nodiscard]] consensus::Digest hash_of(const StateNode& node) const;

  consensus::HashAlgorithm algorithm_;
  // Nodes that carry this number are this tree's own and may be written in place; taking a new
  // number turns all of them into shared ones.
  mutable uint64_t owner_;
  mutable uint64_t hashes_ = 0;
  uint64_t size_ = 0;
  StateNodeRef root_;  // null: the tree is empty
  // Of root_, while `root_hashed_`.
  mutable consensus::Digest root_hash_;
  mutable bool root_hashed_ = false;
};

// Fetches what searches will come by, of several trees if need be: the walks go down side by side,
// so the memory works on all of them at once, where a search waits at each of its steps.
class StateWalks {
 public:
  void add(const StateTree& tree, const consensus::Digest& path);
  // Goes all the ways and forgets them. No tree may have been written since its walk was added.
  void run();

 private:
  struct Walk {
    const StateNode* node;
    consensus::Digest path;
  };
  std::vector<Walk> walks_;
};

}  // namespace govchain::models
