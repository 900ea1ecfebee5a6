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
// nodes of 67 bytes or less, each written node once however often it was written. Memory: 88 bytes
// for a branch and 152 plus key and value for a leaf.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/pool.h"
#include "consensus/types.h"
#include "models/ledger/proof.h"

namespace govchain::models {

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

  // Null if absent; valid until the next write.
  [[nodiscard]] const std::vector<uint8_t>* find(std::span<const uint8_t> key) const;
  void put(std::span<const uint8_t> key, std::span<const uint8_t> value);
  // True if there was such a record.
  bool erase(std::span<const uint8_t> key);

  // Hashes what was written since the last call.
  [[nodiscard]] consensus::Digest root() const;
  [[nodiscard]] uint64_t size() const { return size_; }
  // Proof of the key's value if it has one, of its absence otherwise, under root().
  [[nodiscard]] StateProof prove(std::span<const uint8_t> key) const;
  // All records in the order of their paths, which depends on the set of keys alone.
  void visit(const std::function<void(std::span<const uint8_t> key,
                                      std::span<const uint8_t> value)>& visitor) const;
  // Hash computations so far, of this tree and those it was copied from: a deterministic measure of
  // work.
  [[nodiscard]] uint64_t hashes() const { return hashes_; }
  [[nodiscard]] consensus::HashAlgorithm algorithm() const { return algorithm_; }

 private:
  struct Branch;
  struct Leaf;
  // Either a branch, a leaf, or (only at the root of an empty tree) nothing.
  struct Child {
    consensus::Ref<Branch> branch;
    consensus::Ref<Leaf> leaf;
  };
  struct Leaf : consensus::Counted {
    consensus::Digest path;
    consensus::Digest hash;
    uint64_t owner = 0;  // the tree that may write it in place
    bool hashed = false;
    std::vector<uint8_t> key;
    std::vector<uint8_t> value;
    void recycle();
  };
  struct Branch : consensus::Counted {
    consensus::Digest hash;
    uint64_t owner = 0;
    uint16_t bit = 0;
    bool hashed = false;
    std::array<Child, 2> children;
    void recycle();
  };

  [[nodiscard]] const Leaf* nearest(const consensus::Digest& path) const;
  [[nodiscard]] consensus::Digest path_of(std::span<const uint8_t> key) const;
  Branch& writable(consensus::Ref<Branch>& branch);
  consensus::Digest hash_child(const Child& child) const;
  [[nodiscard]] consensus::Ref<Leaf> make_leaf(const consensus::Digest& path,
                                               std::span<const uint8_t> key,
                                               std::span<const uint8_t> value) const;

  consensus::HashAlgorithm algorithm_;
  // Nodes that carry this number are this tree's own and may be written in place; taking a new
  // number turns all of them into shared ones.
  mutable uint64_t owner_;
  mutable uint64_t hashes_ = 0;
  uint64_t size_ = 0;
  Child root_;
};

}  // namespace govchain::models
