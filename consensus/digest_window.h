#pragma once
// The last so many different digests, oldest first, and whether one is among them.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "consensus/shared_digests.h"
#include "consensus/types.h"

namespace govchain::consensus {

class DigestWindow {
 public:
  // `seed` keys the placement: somebody who can choose digests cannot choose where they fall.
  DigestWindow(uint32_t capacity, uint64_t seed) : digests_(capacity), seed_(seed) {}

  [[nodiscard]] bool contains(const Digest& digest) const;
  // Does nothing if it is there already; else the oldest goes if the window is full.
  void add(const Digest& digest);
  [[nodiscard]] uint32_t size() const { return digests_.size(); }

  // Calls visit(digest) for the last `newest` of them, oldest first.
  template <typename Visit>
  void for_each(Visit&& visit, uint32_t newest = UINT32_MAX) const {
    const uint64_t begin = digests_.end() - std::min(digests_.size(), newest);
    for (uint64_t i = begin; i < digests_.end(); ++i) visit(digests_.at(i));
  }
  [[nodiscard]] size_t memory() const {
    return cells_.capacity() * sizeof(uint32_t) + digests_.memory();
  }

 private:
  // A hash table with open addressing (as DigestIndex) whose cells are places in `digests_`: four
  // bytes for each instead of a second copy of every digest.
  static constexpr uint32_t kFree = UINT32_MAX;
  [[nodiscard]] size_t home(const Digest& digest) const;
  void insert(const Digest& digest, uint32_t place);
  void erase(uint32_t place);
  void grow();

  SharedDigests digests_;
  uint64_t seed_;
  std::vector<uint32_t> cells_;  // a power of two, at most half of them used
};

}  // namespace govchain::consensus
