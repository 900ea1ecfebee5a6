#include "models/ledger/state_tree.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "consensus/assert.h"

namespace govchain::models {
namespace {

using consensus::Digest;
using consensus::Ref;

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

}  // namespace

void StateTree::Leaf::recycle() {
  owner = 0;
  hashed = false;
  key.clear();
  value.clear();
}

void StateTree::Branch::recycle() {
  owner = 0;
  hashed = false;
  for (Child& child : children) {
    child.branch.reset();
    child.leaf.reset();
  }
}

StateTree::StateTree(consensus::HashAlgorithm algorithm)
    : algorithm_(algorithm), owner_(new_owner()) {}

StateTree::StateTree(const StateTree& other) : algorithm_(other.algorithm_), owner_(new_owner()) {
  (void)other.root();
  other.owner_ = new_owner();
  hashes_ = other.hashes_;
  size_ = other.size_;
  root_ = other.root_;
}

StateTree& StateTree::operator=(const StateTree& other) {
  if (this != &other) *this = StateTree(other);
  return *this;
}

Digest StateTree::path_of(std::span<const uint8_t> key) const {
  ++hashes_;
  return consensus::hash(algorithm_, key);
}

const StateTree::Leaf* StateTree::nearest(const Digest& path) const {
  const Child* child = &root_;
  while (child->branch) child = &child->branch->children[path_bit(path, child->branch->bit)];
  return child->leaf.get();
}

const std::vector<uint8_t>* StateTree::find(std::span<const uint8_t> key) const {
  const Digest path = path_of(key);
  const Leaf* leaf = nearest(path);
  return leaf != nullptr && leaf->path == path ? &leaf->value : nullptr;
}

StateTree::Branch& StateTree::writable(Ref<Branch>& branch) {
  if (branch->owner != owner_) {
    Ref<Branch> copy = Ref<Branch>::make();
    copy->owner = owner_;
    copy->bit = branch->bit;
    copy->children[0] = branch->children[0];
    copy->children[1] = branch->children[1];
    branch = std::move(copy);
  }
  branch->hashed = false;
  return *branch;
}

Ref<StateTree::Leaf> StateTree::make_leaf(const Digest& path, std::span<const uint8_t> key,
                                          std::span<const uint8_t> value) const {
  Ref<Leaf> leaf = Ref<Leaf>::make();
  leaf->path = path;
  leaf->owner = owner_;
  leaf->key.assign(key.begin(), key.end());
  leaf->value.assign(value.begin(), value.end());
  return leaf;
}

void StateTree::put(std::span<const uint8_t> key, std::span<const uint8_t> value) {
  const Digest path = path_of(key);
  const Leaf* near = nearest(path);
  const uint16_t difference = near == nullptr ? kPathBits : first_difference(path, near->path);
  if (difference == kPathBits && near != nullptr && std::ranges::equal(near->value, value)) return;
  Child* place = &root_;
  while (place->branch && place->branch->bit < difference) {
    Branch& branch = writable(place->branch);
    place = &branch.children[path_bit(path, branch.bit)];
  }
  if (near == nullptr || difference == kPathBits) {
    if (near == nullptr) ++size_;
    if (place->leaf && place->leaf->owner == owner_) {
      place->leaf->value.assign(value.begin(), value.end());
      place->leaf->hashed = false;
    } else {
      place->leaf = make_leaf(path, key, value);
    }
    return;
  }
  Ref<Branch> branch = Ref<Branch>::make();
  branch->owner = owner_;
  branch->bit = difference;
  const bool side = path_bit(path, difference);
  branch->children[side].leaf = make_leaf(path, key, value);
  branch->children[!side] = *place;
  place->leaf.reset();
  place->branch = std::move(branch);
  ++size_;
}

bool StateTree::erase(std::span<const uint8_t> key) {
  const Digest path = path_of(key);
  const Leaf* near = nearest(path);
  if (near == nullptr || near->path != path) return false;
  Child* parent = nullptr;
  Child* place = &root_;
  while (place->branch) {
    parent = place;
    Branch& branch = writable(place->branch);
    place = &branch.children[path_bit(path, branch.bit)];
  }
  --size_;
  if (parent == nullptr) {
    root_.leaf.reset();
    return true;
  }
  const bool side = path_bit(path, parent->branch->bit);
  Child sibling = parent->branch->children[!side];
  *parent = std::move(sibling);
  return true;
}

Digest StateTree::hash_child(const Child& child) const {
  if (child.branch) {
    Branch& branch = *child.branch;
    if (!branch.hashed) {
      const Digest left = hash_child(branch.children[0]);
      const Digest right = hash_child(branch.children[1]);
      branch.hash = branch_hash(algorithm_, branch.bit, left, right);
      branch.hashed = true;
      ++hashes_;
    }
    return branch.hash;
  }
  GOVCHAIN_ASSERT(child.leaf);
  Leaf& leaf = *child.leaf;
  if (!leaf.hashed) {
    leaf.hash = leaf_hash(algorithm_, leaf.path, consensus::hash(algorithm_, leaf.value));
    leaf.hashed = true;
    hashes_ += 2;
  }
  return leaf.hash;
}

Digest StateTree::root() const {
  if (!root_.branch && !root_.leaf) return kEmptyRoot;
  return hash_child(root_);
}

StateProof StateTree::prove(std::span<const uint8_t> key) const {
  (void)root();
  const Digest path = path_of(key);
  StateProof proof;
  const Child* child = &root_;
  while (child->branch) {
    const Branch& branch = *child->branch;
    const bool side = path_bit(path, branch.bit);
    proof.steps.push_back({.bit = branch.bit, .sibling = hash_child(branch.children[!side])});
    child = &branch.children[side];
  }
  if (child->leaf && child->leaf->path != path) {
    proof.other = StateProof::OtherLeaf{
        .path = child->leaf->path, .value_hash = consensus::hash(algorithm_, child->leaf->value)};
  }
  return proof;
}

void StateTree::visit(
    const std::function<void(std::span<const uint8_t>, std::span<const uint8_t>)>& visitor) const {
  std::vector<const Child*> pending{&root_};
  while (!pending.empty()) {
    const Child* child = pending.back();
    pending.pop_back();
    if (child->branch) {
      pending.push_back(&child->branch->children[1]);
      pending.push_back(&child->branch->children[0]);
    } else if (child->leaf) {
      visitor(child->leaf->key, child->leaf->value);
    }
  }
}

}  // namespace govchain::models
