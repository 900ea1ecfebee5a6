#include "consensus/digest_window.h"

#include <algorithm>
#include <bit>

namespace govchain::consensus {

namespace {

constexpr size_t kFirstCells = 16;
constexpr uint64_t kOdd = 0x9E3779B97F4A7C15U;

// A cell holds a place in its low bits and, in those that a place does not need, some of the hash:
// nearly always that tells a different digest without a look at it, which would miss the cache.
class CellLayout {
 public:
  explicit CellLayout(uint32_t places)
      : place_mask_((uint64_t{1} << static_cast<unsigned>(std::bit_width(places))) - 1) {}
  [[nodiscard]] uint32_t place(uint32_t cell) const {
    return static_cast<uint32_t>(cell & place_mask_);
  }
  // Never all ones, because no place is.
  [[nodiscard]] uint32_t cell(uint64_t hash, uint32_t place) const {
    return static_cast<uint32_t>((hash & ~place_mask_) | place);
  }
  [[nodiscard]] bool may_be(uint32_t cell, uint64_t hash) const {
    return ((cell ^ static_cast<uint32_t>(hash)) & ~static_cast<uint32_t>(place_mask_)) == 0;
  }

 private:
  uint64_t place_mask_;
};

uint64_t hash_of(const Digest& digest, uint64_t seed) {
  uint64_t word = seed;
  for (unsigned i = 0; i < 8; ++i) word ^= static_cast<uint64_t>(digest.bytes[i]) << (8U * i);
  return (word ^ (word >> 32U)) * kOdd;
}

}  // namespace

// The upper half of the hash says where, the lower half goes into the cell.
size_t DigestWindow::home(const Digest& digest) const {
  return static_cast<size_t>(hash_of(digest, seed_) >> 32U) & (cells_.size() - 1);
}

bool DigestWindow::contains(const Digest& digest) const {
  if (cells_.empty()) return false;
  const CellLayout layout(digests_.places());
  const uint64_t hash = hash_of(digest, seed_);
  const size_t mask = cells_.size() - 1;
  // Ends at the latest at a free cell, because at least half of them are.
  for (size_t cell = static_cast<size_t>(hash >> 32U) & mask;; cell = (cell + 1) & mask) {
    if (cells_[cell] == kFree) return false;
    if (layout.may_be(cells_[cell], hash) &&
        digests_.at_place(layout.place(cells_[cell])) == digest) {
      return true;
    }
  }
}

void DigestWindow::add(const Digest& digest) {
  if (digests_.capacity() == 0 || contains(digest)) return;
  if (digests_.size() == digests_.capacity()) {
    erase(digests_.place_of(digests_.begin()));
    digests_.drop_oldest();
  }
  digests_.add(digest);
  if (digests_.size() * size_t{2} > cells_.size()) {
    grow();
  } else {
    insert(digest, digests_.place_of(digests_.end() - 1));
  }
}

void DigestWindow::insert(const Digest& digest, uint32_t place) {
  size_t cell = home(digest);
  while (cells_[cell] != kFree) cell = (cell + 1) & (cells_.size() - 1);
  cells_[cell] = CellLayout(digests_.places()).cell(hash_of(digest, seed_), place);
}

void DigestWindow::erase(uint32_t place) {
  const CellLayout layout(digests_.places());
  const size_t mask = cells_.size() - 1;
  size_t hole = home(digests_.at_place(place));
  while (layout.place(cells_[hole]) != place) hole = (hole + 1) & mask;
  // Moves later cells of the run back over the hole instead of leaving a tombstone, so that a table
  // in steady state does not fill up (Knuth, TAOCP 6.4, algorithm R).
  for (size_t cell = (hole + 1) & mask; cells_[cell] != kFree; cell = (cell + 1) & mask) {
    const Digest& digest = digests_.at_place(layout.place(cells_[cell]));
    const size_t from_home = (cell - home(digest)) & mask;
    const size_t from_hole = (cell - hole) & mask;
    if (from_home >= from_hole) {
      cells_[hole] = cells_[cell];
      hole = cell;
    }
  }
  cells_[hole] = kFree;
}

void DigestWindow::grow() {
  const size_t cells = std::max(kFirstCells, cells_.size() * 2);
  cells_.assign(cells, kFree);
  for (uint64_t i = digests_.begin(); i < digests_.end(); ++i) {
    insert(digests_.at(i), digests_.place_of(i));
  }
}

}  // namespace govchain::consensus
