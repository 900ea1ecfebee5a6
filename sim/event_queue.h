#pragma once
// The queue of future events, ordered by (time, sequence): equal times come first in, first out, so
// that a run does not depend on how the queue is built.
//
// Most events of a simulation are near, and a heap spends its time on branches that nobody can
// predict. So the near future lies in a wheel of buckets, each a short stretch of time; a bucket is
// sorted when its time has come. What is further away waits in a 4-ary heap. The width of a bucket
// follows the density of events; that changes the cost and never the order.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/assert.h"
#include "consensus/units.h"

namespace govchain::sim {

struct Event {
  int64_t time = 0;       // nanoseconds since the start of the run, not negative
  uint64_t sequence = 0;  // order among equal times
  uint32_t kind = 0;      // what happens; the dispatcher's own enumeration
  uint32_t index = 0;     // to whom
};
static_assert(sizeof(Event) == 24);

[[nodiscard]] inline bool earlier(const Event& a, const Event& b) {
  // One comparison without a branch on equal times.
  using consensus::Wide;
  return ((static_cast<Wide>(static_cast<uint64_t>(a.time)) << 64U) | a.sequence) <
         ((static_cast<Wide>(static_cast<uint64_t>(b.time)) << 64U) | b.sequence);
}

// Four children share one or two cache lines, which is why four beats two.
class EventHeap {
 public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Event& top() const { return heap_.front(); }
  void push(const Event& event) {
    heap_.push_back(event);
    size_t hole = heap_.size() - 1;
    while (hole > 0) {
      const size_t parent = (hole - 1) / kArity;
      if (!earlier(event, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = event;
  }
  void pop() {
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(last);
  }
  void drain_into(std::vector<Event>& out) {
    out.insert(out.end(), heap_.begin(), heap_.end());
    heap_.clear();
  }

 private:
  static constexpr size_t kArity = 4;

  void sift_down(const Event& event) {
    const size_t count = heap_.size();
    size_t hole = 0;
    for (size_t first = 1; first < count; first = hole * kArity + 1) {
      size_t best = first;
      const size_t end = std::min(first + kArity, count);
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

class EventQueue {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] size_t size() const { return size_; }
  // The next event; there must be one.
  [[nodiscard]] const Event& top() {
    if (cursor_ == current_.size()) advance();
    return current_[cursor_];
  }
  void pop() {
    if (cursor_ == current_.size()) advance();
    ++cursor_;
    --size_;
  }
  // The same right after top().
  void pop_top() {
    ++cursor_;
    --size_;
  }
  // One of the events soon to come, or null if it is not known yet which.
  [[nodiscard]] const Event* ahead(size_t distance) const {
    return cursor_ + distance < current_.size() ? &current_[cursor_ + distance] : nullptr;
  }
  // Whether somebody asks ahead(). Buckets are then wide enough to hold a handful of events; else
  // they are narrow, because finding the next bucket costs less than putting one in order. The
  // order of events is the same.
  void expect_look_ahead(bool expected) { density_ = expected ? kHandful : kFew; }
  void push(const Event& event) {
    ++size_;
    place(event);
    if (++pushes_ == kReviewAfter) review();
  }

 private:
  static constexpr uint64_t kBuckets = 1024;
  static constexpr uint64_t kWords = kBuckets / 64;
  static_assert(kWords == 16, "occupied_words_ has a bit for each");
  static constexpr unsigned kNarrowest = 2;        // 4 ns
  static constexpr unsigned kWidest = 24;          // 17 ms
  static constexpr uint32_t kReviewAfter = 8'192;  // pushes between two looks at the width
  static constexpr size_t kInsertionSort = 32;

  [[nodiscard]] uint64_t slot_of(const Event& event) const {
    return static_cast<uint64_t>(event.time) >> shift_;
  }
  void place(const Event& event) {
    const uint64_t slot = slot_of(event);
    if (slot <= slot_) {
      insert_into_current(event);
    } else if (slot - slot_ < kBuckets) {
      const uint64_t bucket = slot % kBuckets;
      uint32_t node = free_node_;
      if (node == kNoNode) {
        node = static_cast<uint32_t>(nodes_.size());
        nodes_.emplace_back();
      } else {
        free_node_ = nodes_[node].next;
      }
      const uint64_t bit = uint64_t{1} << (bucket % 64);
      const bool first = (occupied_[bucket / 64] & bit) == 0;
      occupied_[bucket / 64] |= bit;
      occupied_words_ = static_cast<uint16_t>(occupied_words_ | 1U << (bucket / 64));
      nodes_[node] = Node{event, first ? kNoNode : heads_[bucket]};
      heads_[bucket] = node;
    } else {
      far_.push(event);
      ++far_pushes_;
    }
  }
  void insert_into_current(const Event& event) {
    if (cursor_ == current_.size()) {
      current_.clear();
      cursor_ = 0;
    }
    size_t hole = current_.size();
    current_.push_back(event);
    while (hole > cursor_ && earlier(event, current_[hole - 1])) {
      current_[hole] = current_[hole - 1];
      --hole;
    }
    current_[hole] = event;
  }
  // Distance from slot_ to the next bucket that holds something; kBuckets if none does.
  [[nodiscard]] uint64_t next_occupied() const {
    if (occupied_words_ == 0) return kBuckets;
    const uint64_t start = (slot_ + 1) % kBuckets;
    uint64_t word = start / 64;
    uint64_t bits = occupied_[word] & (~uint64_t{0} << (start % 64));
    if (bits == 0) {
      // The next word behind, round the wheel, that has something; in the end the same one again.
      const unsigned behind = std::rotr(occupied_words_, static_cast<int>((word + 1) % kWords));
      word = (word + 1 + static_cast<uint64_t>(std::countr_zero(behind))) % kWords;
      bits = occupied_[word];
    }
    const uint64_t bucket = word * 64 + static_cast<uint64_t>(std::countr_zero(bits));
    return (bucket + kBuckets - slot_ % kBuckets) % kBuckets;
  }
  // Brings the next stretch of time that holds events into current_, in order.
  void advance() {
    GOVCHAIN_ASSERT(size_ > 0);
    const uint64_t distance = next_occupied();
    uint64_t slot = distance < kBuckets ? slot_ + distance : UINT64_MAX;
    if (!far_.empty()) slot = std::min(slot, slot_of(far_.top()));
    slot_ = slot;
    current_.clear();
    cursor_ = 0;
    const uint64_t bucket = slot % kBuckets;
    const uint64_t bit = uint64_t{1} << (bucket % 64);
    if ((occupied_[bucket / 64] & bit) != 0) {
      occupied_[bucket / 64] &= ~bit;
      if (occupied_[bucket / 64] == 0) {
        occupied_words_ = static_cast<uint16_t>(occupied_words_ & ~(1U << (bucket / 64)));
      }
      take_bucket(heads_[bucket], current_);
    }
    while (!far_.empty() && slot_of(far_.top()) == slot) {
      current_.push_back(far_.top());
      far_.pop();
    }
    ++stretches_;
    drained_ += current_.size();
    sort_current();
  }
  // Empties the list that begins at `node`. Its nodes are the next to be used, while they are still
  // in the cache.
  void take_bucket(uint32_t node, std::vector<Event>& out) {
    while (node != kNoNode) {
      out.push_back(nodes_[node].event);  // into capacity that is there, but for the first times
      const uint32_t next = nodes_[node].next;
      nodes_[node].next = free_node_;
      free_node_ = node;
      node = next;
    }
  }
  void sort_current() {
    if (current_.size() > kInsertionSort) {
      std::sort(current_.begin(), current_.end(), earlier);
      return;
    }
    for (size_t i = 1; i < current_.size(); ++i) {
      const Event event = current_[i];
      size_t hole = i;
      while (hole > 0 && earlier(event, current_[hole - 1])) {
        current_[hole] = current_[hole - 1];
        --hole;
      }
      current_[hole] = event;
    }
  }
  // Now and then: narrower buckets if they are crowded, wider ones if much falls beyond the wheel.
  void review() {
    const bool crowded = 8 * drained_ > density_.most * stretches_;
    const bool short_sighted =
        2 * far_pushes_ > pushes_ && 8 * drained_ < density_.least * stretches_;
    if (crowded && shift_ > kNarrowest) {
      rebuild(shift_ - 1);
    } else if (short_sighted && shift_ < kWidest) {
      rebuild(shift_ + 1);
    }
    pushes_ = 0;
    far_pushes_ = 0;
    stretches_ = 0;
    drained_ = 0;
  }
  void rebuild(unsigned shift) {
    std::vector<Event> all(current_.begin() + static_cast<std::ptrdiff_t>(cursor_), current_.end());
    for (uint64_t bucket = 0; bucket < kBuckets; ++bucket) {
      if ((occupied_[bucket / 64] >> (bucket % 64) & 1U) != 0) take_bucket(heads_[bucket], all);
    }
    far_.drain_into(all);
    occupied_ = {};
    occupied_words_ = 0;
    current_.clear();
    cursor_ = 0;
    shift_ = shift;
    slot_ = 0;
    if (all.empty()) return;
    uint64_t first = UINT64_MAX;
    for (const Event& event : all) first = std::min(first, slot_of(event));
    slot_ = first;
    for (const Event& event : all) place(event);
  }

  // Events in a bucket, on average and in eighths: more are too many; where fewer are in it, it may
  // be twice as wide.
  struct Density {
    uint64_t most = 0;
    uint64_t least = 0;
  };
  static constexpr Density kHandful{64, 16};
  static constexpr Density kFew{12, 9};

  struct Node {
    Event event;
    uint32_t next = 0;
  };
  static constexpr uint32_t kNoNode = UINT32_MAX;

  std::vector<Node> nodes_;
  uint32_t free_node_ = kNoNode;
  std::array<uint32_t, kBuckets> heads_{};  // of lists of nodes; valid where occupied_
  std::array<uint64_t, kWords> occupied_{};
  uint16_t occupied_words_ = 0;  // which words of occupied_ are not zero
  EventHeap far_;
  std::vector<Event> current_;  // of the stretch slot_, in order; done up to cursor_
  size_t cursor_ = 0;
  uint64_t slot_ = 0;
  size_t size_ = 0;
  unsigned shift_ = 10;
  Density density_ = kHandful;
  uint32_t pushes_ = 0;
  uint32_t far_pushes_ = 0;
  uint64_t stretches_ = 0;
  uint64_t drained_ = 0;
};

}  // namespace govchain::sim
