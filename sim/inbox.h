#pragma once
// What waits for a replica's loop: messages and answers, each from a certain time on, in order of
// that time and then of arrival.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "sim/units.h"

namespace govchain::sim {

// A ring that stays sorted by `T::at`. Things come nearly in order, so an insertion looks at few.
template <typename T>
class TimedRing {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] T& front() { return slot(0); }
  [[nodiscard]] const T& front() const { return slots_[begin_]; }
  void insert(T item) {
    if (count_ == slots_.size()) grow();
    size_t place = count_++;
    while (place > 0 && slot(place - 1).at > item.at) {
      slot(place) = std::move(slot(place - 1));
      --place;
    }
    slot(place) = std::move(item);
  }
  void pop() {
    GOVCHAIN_ASSERT(count_ > 0);
    slot(0) = T{};
    begin_ = (begin_ + 1) & (slots_.size() - 1);
    --count_;
  }
  void clear() {
    while (count_ > 0) pop();
  }

 private:
  T& slot(size_t index) { return slots_[(begin_ + index) & (slots_.size() - 1)]; }
  void grow() {
    std::vector<T> larger(slots_.empty() ? 16 : slots_.size() * 2);
    for (size_t i = 0; i < count_; ++i) larger[i] = std::move(slot(i));
    slots_ = std::move(larger);
    begin_ = 0;
  }

  std::vector<T> slots_;  // a power of two of them
  size_t begin_ = 0;
  size_t count_ = 0;
};

}  // namespace govchain::sim
