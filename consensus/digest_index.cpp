#include "consensus/digest_index.h"

#include <bit>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus {

namespace {

constexpr size_t kFirstCells = 16;
constexpr uint64_t kOdd = 0x9E3779B97F4A7C15U;

}  // namespace

size_t DigestIndex::home(const Digest& digest) const {
  uint64_t word = seed_;
  for (unsigned i = 0; i < 8; ++i) word ^= static_cast<uint64_t>(digest.bytes[i]) << (8U * i);
  word = (word ^ (word >> 32U)) * kOdd;
  return static_cast<size_t>(word >> 32U) & (cells_.size() - 1);
}

size_t DigestIndex::locate(const Digest& digest) const {
  if (cells_.empty()) return 0;
  // Ends at the latest at a free cell, because at least half of them are.
  for (size_t cell = home(digest);; cell = (cell + 1) & (cells_.size() - 1)) {
    if (!cells_[cell].used) return cells_.size();
    if (cells_[cell].digest == digest) return cell;
  }
}

std::optional<uint32_t> DigestIndex::find(const Digest& digest) const {
  const size_t cell = locate(digest);
  if (cell == cells_.size()) return std::nullopt;
  return cells_[cell].place;
}

void DigestIndex::insert(const Digest& digest, uint32_t place) {
  if ((size_ + 1) * 2 > cells_.size()) grow();
  size_t cell = home(digest);
  while (cells_[cell].used) {
    GOVCHAIN_ASSERT(cells_[cell].digest != digest);
    cell = (cell + 1) & (cells_.size() - 1);
  }
  cells_[cell] = Cell{digest, place, true};
  ++size_;
}

bool DigestIndex::erase(const Digest& digest) {
  size_t hole = locate(digest);
  if (hole == cells_.size()) return false;
  // Moves later cells of the run back over the hole instead of leaving a tombstone, so that a table
  // in steady state does not fill up (Knuth, TAOCP 6.4, algorithm R).
  const size_t mask = cells_.size() - 1;
  for (size_t cell = (hole + 1) & mask; cells_[cell].used; cell = (cell + 1) & mask) {
    const size_t distance_from_home = (cell - home(cells_[cell].digest)) & mask;
    const size_t distance_from_hole = (cell - hole) & mask;
    if (distance_from_home >= distance_from_hole) {
      cells_[hole] = cells_[cell];
      hole = cell;
    }
  }
  cells_[hole] = Cell{};
  --size_;
  return true;
}

void DigestIndex::clear() {
  for (Cell& cell : cells_) cell = Cell{};
  size_ = 0;
}

void DigestIndex::grow() {
  std::vector<Cell> old = std::exchange(cells_, {});
  cells_.resize(old.empty() ? kFirstCells : old.size() * 2);
  size_ = 0;
  for (const Cell& cell : old) {
    if (cell.used) insert(cell.digest, cell.place);
  }
}

}  // namespace govchain::consensus
