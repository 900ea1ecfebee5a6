#include "models/ledger/state_tree.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>
#include <vector>

#include "consensus/assert.h"

namespace govchain::models {
namespace {

using consensus::Digest;

constexpr uint16_t kPathBits = 256;

// Distinct in the process; it never enters a hash, so runs do not depend on it.
uint64_t new_owner() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

// The first bit in which two paths differ; kPathBits if they are equal.
uint16_t first_difference(const Digest& a, const Digest& b) {
  for (size_t i = 0; i < a.bytes.size(); ++i) {
    const auto different = static_cast<uint8_t>(a.bytes[i] ^ b.bytes[i]);
    if (different != 0)
      return static_cast<uint16_t>(8U * i + static_cast<size_t>(std::countl_zero(different)));
  }
  return kPathBits;
}

// A branch, or the beginning of a leaf, whose value is read in order from there.
void fetch_ahead(const StateNode& node) {
  constexpr size_t kLine = 64;
  const char* const bytes = reinterpret_cast<const char*>(&node);
  for (size_t line = 0; line < 3; ++line) __builtin_prefetch(bytes + line * kLine);
}

}  // namespace

StateTree::StateTree(consensus::HashAlgorithm algorithm)
    : algorithm_(algorithm), owner_(new_owner()) {}

StateTree::StateTree(const StateTree& other) : algorithm_(other.algorithm_), owner_(new_owner()) {
  other.share();
  hashes_ = other.hashes_;
  size_ = other.size_;
  root_ = other.root_;
  root_hash_ = other.root_hash_;
  root_hashed_ = other.root_hashed_;
}

// No node that is there now is written again.
void StateTree::share() const {
  (void)root();
  owner_ = new_owner();
}

StateTree& StateTree::operator=(const StateTree& other) {
  if (this != &other) *this = StateTree(other);
  return *this;
}

Digest StateTree::path_of(std::span<const uint8_t> key) const {
  ++hashes_;
  return consensus::hash(algorithm_, key);
}

const StateLeaf* StateTree::nearest(const Digest& path) const {
  const StateNode* node = root_.get();
  if (node == nullptr) return nullptr;
  while (!node->is_leaf()) {
    node = StateBranch::of(*node).children[path_bit(path, node->bit)].get();
  }
  return &StateLeaf::of(*node);
}

std::optional<std::span<const uint8_t>> StateTree::find_at(const Digest& path) const {
  const StateLeaf* leaf = nearest(path);
  if (leaf == nullptr || leaf->path != path) return std::nullopt;
  return leaf->value();
}

StateBranch& StateTree::writable(StateNodeRef& branch) {
  if (branch->owner != owner_) {
    const StateBranch& shared = StateBranch::of(*branch.get());
    auto* const copy = new StateBranch(shared.bit, owner_);
    copy->hashed = shared.hashed;
    copy->children = shared.children;
    copy->hashes = shared.hashes;
    branch = StateNodeRef(copy);
  }
  return StateBranch::of(*branch.get());
}

void StateTree::put_at(const Digest& path, std::span<const uint8_t> key,
                       std::span<const uint8_t> value) {
  const StateLeaf* near = nearest(path);
  const uint16_t difference = near == nullptr ? kPathBits : first_difference(path, near->path);
  const bool known = near != nullptr && difference == kPathBits;
  if (known && std::ranges::equal(near->value(), value)) return;
  // Where the leaf goes, and what is known of the hash of what is there.
  StateNodeRef* place = &root_;
  bool* hashed = &root_hashed_;
  const Digest* hash = &root_hash_;
  while (*place && (*place)->bit < difference) {  // no leaf's is
    *hashed = false;
    StateBranch& branch = writable(*place);
    const bool side = path_bit(path, branch.bit);
    place = &branch.children[side];
    hashed = &branch.hashed[side];
    hash = &branch.hashes[side];
  }
  if (near == nullptr || known) {
    if (!known) ++size_;
    *hashed = false;
    const bool written =
        known && (*place)->owner == owner_ && StateLeaf::of(*place->get()).overwrite(value);
    if (!written) *place = StateLeaf::make(owner_, path, key, value);
    return;
  }
  auto* const branch = new StateBranch(difference, owner_);
  const bool side = path_bit(path, difference);
  branch->children[side] = StateLeaf::make(owner_, path, key, value);
  branch->children[!side] = std::move(*place);
  branch->hashed[!side] = std::exchange(*hashed, false);
  branch->hashes[!side] = *hash;
  *place = StateNodeRef(branch);
  ++size_;
}

bool StateTree::erase_at(const Digest& path) {
  const StateLeaf* near = nearest(path);
  if (near == nullptr || near->path != path) return false;
  StateNodeRef* parent = nullptr;
  StateNodeRef* place = &root_;
  bool* parent_hashed = nullptr;
  bool* hashed = &root_hashed_;
  Digest* parent_hash = nullptr;
  Digest* hash = &root_hash_;
  while (!(*place)->is_leaf()) {
    *hashed = false;
    parent = place;
    parent_hashed = hashed;
    parent_hash = hash;
    StateBranch& branch = writable(*place);
    const bool side = path_bit(path, branch.bit);
    place = &branch.children[side];
    hashed = &branch.hashed[side];
    hash = &branch.hashes[side];
  }
  --size_;
  if (parent == nullptr) {
    root_hashed_ = false;
    root_.reset();
    return true;
  }
  StateBranch& branch = StateBranch::of(*parent->get());
  const bool other = !path_bit(path, branch.bit);
  *parent_hashed = branch.hashed[other];
  *parent_hash = branch.hashes[other];
  StateNodeRef sibling = std::move(branch.children[other]);
  *parent = std::move(sibling);
  return true;
}

// Level by level down to the written leaves, then back. The nodes lie anywhere in memory, so each
// is asked for some nodes before it is looked at, and the memory fetches several at a time; going
// down one path after the other waits for every one of them.
Digest StateTree::root() const {
  if (!root_) return kEmptyRoot;
  if (root_hashed_) return root_hash_;
  struct Unhashed {
    StateNode* node;
    Digest* hash;  // where it goes
    bool* hashed;
  };
  constexpr size_t kAhead = 8;
  thread_local std::vector<Unhashed> unhashed;
  unhashed.assign(1, {root_.get(), &root_hash_, &root_hashed_});
  for (size_t i = 0; i < unhashed.size(); ++i) {
    if (i + kAhead < unhashed.size()) fetch_ahead(*unhashed[i + kAhead].node);
    if (unhashed[i].node->is_leaf()) continue;
    StateBranch& branch = StateBranch::of(*unhashed[i].node);
    for (const size_t side : {0U, 1U}) {
      if (branch.hashed[side]) continue;
      unhashed.push_back({branch.children[side].get(), &branch.hashes[side], &branch.hashed[side]});
    }
  }
  for (size_t i = unhashed.size(); i-- > 0;) {
    if (i >= kAhead) fetch_ahead(*unhashed[i - kAhead].node);
    const Unhashed& next = unhashed[i];
    *next.hash = hash_of(*next.node);
    *next.hashed = true;
  }
  return root_hash_;
}

// Of a branch whose children are hashed.
Digest StateTree::hash_of(const StateNode& node) const {
  if (node.is_leaf()) {
    const StateLeaf& leaf = StateLeaf::of(node);
    hashes_ += 2;
    return leaf_hash(algorithm_, leaf.path, consensus::hash(algorithm_, leaf.value()));
  }
  const StateBranch& branch = StateBranch::of(node);
  ++hashes_;
  return branch_hash(algorithm_, branch.bit, branch.hashes[0], branch.hashes[1]);
}

StateProof StateTree::prove(std::span<const uint8_t> key) const {
  (void)root();
  const Digest path = path_of(key);
  StateProof proof;
  const StateNode* node = root_.get();
  while (node != nullptr && !node->is_leaf()) {
    const StateBranch& branch = StateBranch::of(*node);
    const bool side = path_bit(path, branch.bit);
    proof.steps.push_back({.bit = branch.bit, .sibling = branch.hashes[!side]});
    node = branch.children[side].get();
  }
  if (node != nullptr && StateLeaf::of(*node).path != path) {
    const StateLeaf& leaf = StateLeaf::of(*node);
    proof.other = StateProof::OtherLeaf{.path = leaf.path,
                                        .value_hash = consensus::hash(algorithm_, leaf.value())};
  }
  return proof;
}

void StateTree::visit(
    const std::function<void(std::span<const uint8_t>, std::span<const uint8_t>)>& visitor) const {
  StateCursor cursor(root_);
  while (const StateLeaf* const leaf = cursor.next()) visitor(leaf->key(), leaf->value());
}

StateCursor StateTree::records() const {
  share();
  return StateCursor(root_);
}

StateCursor::StateCursor(StateNodeRef root) : root_(std::move(root)) {
  if (root_) pending_.push_back(root_.get());
}

const StateLeaf* StateCursor::next() {
  while (!pending_.empty()) {
    const StateNode& node = *pending_.back();
    pending_.pop_back();
    if (node.is_leaf()) return &StateLeaf::of(node);
    const StateBranch& branch = StateBranch::of(node);
    for (const size_t side : {1U, 0U}) {
      fetch_ahead(*branch.children[side].get());
      pending_.push_back(branch.children[side].get());
    }
  }
  return nullptr;
}

void StateWalks::add(const StateTree& tree, const consensus::Digest& path) {
  if (tree.root_) walks_.push_back({tree.root_.get(), path});
}

void StateWalks::run() {
  while (!walks_.empty()) {
    size_t kept = 0;
    for (size_t i = 0; i < walks_.size(); ++i) {
      Walk walk = walks_[i];
      if (walk.node->is_leaf()) continue;
      walk.node = StateBranch::of(*walk.node).children[path_bit(walk.path, walk.node->bit)].get();
      fetch_ahead(*walk.node);
      walks_[kept++] = walk;
    }
    walks_.resize(kept);
  }
}

}  // namespace govchain::models
