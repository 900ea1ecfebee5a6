#pragma once
// A 4-ary heap of 24-byte events, ordered by (time, sequence): equal times come first in, first
// out, so that a run does not depend on the shape of the heap. Four children share one or two cache
// lines, which is why four beats two.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/assert.h"
#include "consensus/units.h"

namespace govchain::sim {

struct Event {
  int64_t time = 0;       // nanoseconds since the start of the run
  uint64_t sequence = 0;  // order among equal times
  uint32_t kind = 0;      // what happens; the dispatcher's own enumeration
  uint32_t index = 0;     // to whom
};
static_assert(sizeof(Event) == 24);

[[nodiscard]] inline bool earlier(const Event& a, const Event& b) {
  // One comparison without a branch on equal times. Times are never negative.
  using consensus::Wide;
  return ((static_cast<Wide>(static_cast<uint64_t>(a.time)) << 64U) | a.sequence) <
         ((static_cast<Wide>(static_cast<uint64_t>(b.time)) << 64U) | b.sequence);
}

class EventQueue {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] size_t size() const { return heap_.size(); }
  [[nodiscard]] const Event& top() const { return heap_.front(); }

  void push(const Event& event) {
    heap_.push_back(event);
    sift_up(heap_.size() - 1, event);
  }
  void pop() {
    GOVCHAIN_ASSERT(!heap_.empty());
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(last);
  }
  // As pop() and push(event), in one descent.
  void replace_top(const Event& event) {
    GOVCHAIN_ASSERT(!heap_.empty());
    sift_down(event);
  }
  void clear() { heap_.clear(); }

 private:
  static constexpr size_t kArity = 4;

  void sift_up(size_t hole, const Event& event) {
    while (hole > 0) {
      const size_t parent = (hole - 1) / kArity;
      if (!earlier(event, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = event;
  }
  void sift_down(const Event& event) {
    const size_t count = heap_.size();
    size_t hole = 0;
    while (true) {
      const size_t first = hole * kArity + 1;
      if (first >= count) break;
      size_t best = first;
      const size_t end = first + kArity < count ? first + kArity : count;
      for (size_t child = first + 1; child < end; ++child) {
        if (earlier(heap_[child], heap_[best])) best = child;
      }
      if (!earlier(heap_[best], event)) break;
      heap_[hole] = heap_[best];
      hole = best;
    }
    heap_[hole] = event;
  }

  std::vector<Event> heap_;
};

}  // namespace govchain::sim
