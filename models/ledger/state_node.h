#pragma once
// The nodes of a StateTree, each one piece of memory.
//
// What a walk or a hash touches decides what the tree costs: a state of a million records is far
// larger than any cache. So a leaf has key and value in itself, and a branch has the hashes of its
// children beside the references to them: hashing a path looks at no node beside it.
//
// Counts are atomic because copies of a tree may live and end on other threads.

#include <array>
#include <atomic>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "consensus/pool.h"
#include "consensus/types.h"

namespace govchain::models {

class StateNodeRef;

// Either a StateBranch or a StateLeaf, as `bit` says.
struct StateNode {
  static constexpr uint16_t kLeaf = 256;  // no bit of a path

  StateNode(uint16_t decides, uint64_t owned_by) : bit(decides), owner(owned_by) {}
  [[nodiscard]] bool is_leaf() const { return bit == kLeaf; }

  std::atomic<uint32_t> references{0};
  const uint16_t bit;
  // Of a branch: whether hashes[0] and hashes[1] are those of its children as they are.
  std::array<bool, 2> hashed{};
  const uint64_t owner;  // the tree that may write it in place
};

class StateNodeRef {
 public:
  StateNodeRef() = default;
  explicit StateNodeRef(StateNode* node) : node_(node) { acquire(); }
  StateNodeRef(const StateNodeRef& other) : node_(other.node_) { acquire(); }
  StateNodeRef(StateNodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  ~StateNodeRef() { drop(); }
  StateNodeRef& operator=(const StateNodeRef& other) {
    StateNodeRef copy(other);
    std::swap(node_, copy.node_);
    return *this;
  }
  StateNodeRef& operator=(StateNodeRef&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  explicit operator bool() const { return node_ != nullptr; }
  [[nodiscard]] StateNode* get() const { return node_; }
  StateNode* operator->() const { return node_; }
  void reset() { *this = StateNodeRef(); }

 private:
  void acquire() {
    if (node_ == nullptr) return;
    if (consensus::is_single_threaded()) {
      node_->references.store(node_->references.load(std::memory_order_relaxed) + 1,
                              std::memory_order_relaxed);
    } else {
      node_->references.fetch_add(1, std::memory_order_relaxed);
    }
  }
  void drop();

  StateNode* node_ = nullptr;
};

struct StateBranch : StateNode {
  StateBranch(uint16_t decides, uint64_t owned_by) : StateNode(decides, owned_by) {}
  [[nodiscard]] static StateBranch& of(StateNode& node) { return static_cast<StateBranch&>(node); }
  [[nodiscard]] static const StateBranch& of(const StateNode& node) {
    return static_cast<const StateBranch&>(node);
  }

  std::array<StateNodeRef, 2> children;
  std::array<consensus::Digest, 2> hashes;
};

// Key and value follow it in memory.
struct StateLeaf : StateNode {
  // With room for the value and no more.
  [[nodiscard]] static StateNodeRef make(uint64_t owner, const consensus::Digest& path,
                                         std::span<const uint8_t> key,
                                         std::span<const uint8_t> value);
  [[nodiscard]] static StateLeaf& of(StateNode& node) { return static_cast<StateLeaf&>(node); }
  [[nodiscard]] static const StateLeaf& of(const StateNode& node) {
    return static_cast<const StateLeaf&>(node);
  }

  [[nodiscard]] std::span<const uint8_t> key() const { return {bytes(), key_size}; }
  [[nodiscard]] std::span<const uint8_t> value() const { return {bytes() + key_size, value_size}; }
  // False if there is no room for it.
  [[nodiscard]] bool overwrite(std::span<const uint8_t> value);

  const consensus::Digest path;
  const uint32_t key_size;
  const uint32_t value_room;
  uint32_t value_size = 0;

 private:
  StateLeaf(uint64_t owned_by, const consensus::Digest& at, uint32_t key_bytes, uint32_t room)
      : StateNode(kLeaf, owned_by), path(at), key_size(key_bytes), value_room(room) {}
  [[nodiscard]] const uint8_t* bytes() const {
    return reinterpret_cast<const uint8_t*>(this) + sizeof(StateLeaf);
  }
  [[nodiscard]] uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this) + sizeof(StateLeaf); }
};

}  // namespace govchain::models
