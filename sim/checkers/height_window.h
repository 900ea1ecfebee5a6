#pragma once
// One value per height for the newest heights of a chain: what a checker remembers of the past.

#include <cstddef>
#include <deque>

#include "consensus/types.h"

namespace govchain::sim {

template <typename T>
class HeightWindow {
 public:
  // A replica that lags further behind than this catches up by a snapshot, so nothing older is
  // compared.
  static constexpr size_t kHeights = 65'536;

  // The slot of this height; null if it has left the window.
  T* slot(consensus::Height height) {
    const uint64_t value = height.value();
    if (slots_.empty() || value >= first_ + slots_.size() + kHeights) {
      slots_.clear();
      first_ = value;
    }
    if (value < first_) {
      // Only at the start of a window can something older come that was never dropped.
      if (dropped_ || first_ - value > kHeights - slots_.size()) return nullptr;
      slots_.insert(slots_.begin(), first_ - value, T{});
      first_ = value;
    }
    while (value >= first_ + slots_.size()) slots_.emplace_back();
    while (slots_.size() > kHeights) {
      slots_.pop_front();
      ++first_;
      dropped_ = true;
    }
    return &slots_[value - first_];
  }
  // Null if never written or gone.
  [[nodiscard]] const T* find(consensus::Height height) const {
    const uint64_t value = height.value();
    if (value < first_ || value >= first_ + slots_.size()) return nullptr;
    return &slots_[value - first_];
  }

 private:
  std::deque<T> slots_;
  uint64_t first_ = 0;
  bool dropped_ = false;
};

}  // namespace govchain::sim
