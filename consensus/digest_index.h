#pragma once
// A hash table from digest to a 32-bit place, with open addressing: no allocation per element, and
// no iteration, so that its order can never leak into a decision.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/types.h"

namespace govchain::consensus {

class DigestIndex {
 public:
  // `seed` keys the placement: somebody who can choose digests cannot choose where they fall.
  explicit DigestIndex(uint64_t seed = 0) : seed_(seed) {}

  [[nodiscard]] std::optional<uint32_t> find(const Digest& digest) const;
  // The digest must be absent.
  void insert(const Digest& digest, uint32_t place);
  // False if it was absent.
  bool erase(const Digest& digest);
  void clear();
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t memory() const { return cells_.capacity() * sizeof(Cell); }

 private:
  struct Cell {
    Digest digest;
    uint32_t place = 0;
    bool used = false;
  };
  [[nodiscard]] size_t home(const Digest& digest) const;
  [[nodiscard]] size_t locate(const Digest& digest) const;  // cells_.size() if absent
  void grow();

  uint64_t seed_;
  std::vector<Cell> cells_;  // a power of two, at most half of them used
  size_t size_ = 0;
};

}  // namespace govchain::consensus
