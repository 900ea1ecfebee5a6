#include "models/ledger/state_node.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "consensus/assert.h"

namespace govchain::models {

// A tree is at most 256 branches deep, and so is the recursion that ends one.
void StateNodeRef::drop() {
  if (node_ == nullptr) return;
  if (consensus::is_single_threaded()) {
    const uint32_t left = node_->references.load(std::memory_order_relaxed) - 1;
    node_->references.store(left, std::memory_order_relaxed);
    if (left != 0) return;
  } else if (node_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) {
    return;
  }
  if (node_->is_leaf()) {
    StateLeaf& leaf = StateLeaf::of(*node_);
    std::destroy_at(&leaf);
    ::operator delete(static_cast<void*>(&leaf));
  } else {
    delete &StateBranch::of(*node_);
  }
}

StateNodeRef StateLeaf::make(uint64_t owner, const consensus::Digest& path,
                             std::span<const uint8_t> key, std::span<const uint8_t> value) {
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max();
  GOVCHAIN_ASSERT(key.size() <= kMost && value.size() <= kMost);
  void* const memory = ::operator new(sizeof(StateLeaf) + key.size() + value.size());
  auto* const leaf = new (memory) StateLeaf(owner, path, static_cast<uint32_t>(key.size()),
                                            static_cast<uint32_t>(value.size()));
  std::ranges::copy(key, leaf->bytes());
  const bool fits = leaf->overwrite(value);
  GOVCHAIN_ASSERT(fits);
  return StateNodeRef(leaf);
}

bool StateLeaf::overwrite(std::span<const uint8_t> value) {
  if (value.size() > value_room) return false;
  std::ranges::copy(value, bytes() + key_size);
  value_size = static_cast<uint32_t>(value.size());
  return true;
}

}  // namespace govchain::models
