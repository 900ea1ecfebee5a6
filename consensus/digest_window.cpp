#include "consensus/digest_window.h"

#include <algorithm>

namespace govchain::consensus {

namespace {

constexpr size_t kFirstCells = 16;
constexpr uint64_t kOdd = 0x9E3779B97F4A7C15U;

}  // namespace

size_t DigestWindow::home(const Digest& digest) const {
  uint64_t word = seed_;
  for (unsigned i = 0; i < 8; ++i) word ^= static_cast<uint64_t>(digest.bytes[i]) << (8U * i);
  word = (word ^ (word >> 32U)) * kOdd;
  return static_cast<size_t>(word >> 32U) & (cells_.size() - 1);
}

bool DigestWindow::contains(const Digest& digest) const {
  if (cells_.empty()) return false;
  // Ends at the latest at a free cell, because at least half of them are.
  for (size_t cell = home(digest);; cell = (cell + 1) & (cells_.size() - 1)) {
    if (cells_[cell] == kFree) return false;
    if (digests_.at_place(cells_[cell]) == digest) return true;
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
  cells_[cell] = place;
}

void DigestWindow::erase(uint32_t place) {
  const size_t mask = cells_.size() - 1;
  size_t hole = home(digests_.at_place(place));
  while (cells_[hole] != place) hole = (hole + 1) & mask;
  // Moves later cells of the run back over the hole instead of leaving a tombstone, so that a table
  // in steady state does not fill up (Knuth, TAOCP 6.4, algorithm R).
  for (size_t cell = (hole + 1) & mask; cells_[cell] != kFree; cell = (cell + 1) & mask) {
    const size_t from_home = (cell - home(digests_.at_place(cells_[cell]))) & mask;
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
