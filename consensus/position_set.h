#pragma once
// A set of member positions in fixed storage.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace govchain::consensus {

class PositionSet {
 public:
  void resize(size_t members) { words_.assign((members + 63) / 64, 0); }
  [[nodiscard]] bool contains(uint32_t position) const {
    return ((words_[position / 64] >> (position % 64)) & 1U) != 0;
  }
  void add(uint32_t position) { words_[position / 64] |= uint64_t{1} << (position % 64); }
  void remove(uint32_t position) { words_[position / 64] &= ~(uint64_t{1} << (position % 64)); }
  void clear() {
    for (uint64_t& word : words_) word = 0;
  }
  [[nodiscard]] size_t count() const {
    size_t total = 0;
    for (const uint64_t word : words_) total += static_cast<size_t>(std::popcount(word));
    return total;
  }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace govchain::consensus
