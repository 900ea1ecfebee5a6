#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <set>

#include "consensus/assert.h"

namespace govchain::sim {
namespace {

// Wing & Gong, "Testing and Verifying Concurrent Objects", 1993, with Lowe's memory of what has
// been seen ("Testing for Linearizability", 2017): which operations have been given their moment,
// and what the register holds then, is all that the rest depends on. Two kinds of operations need
// no choice:
//   - a read of what the register holds is placed as soon as it may be: it changes nothing;
//   - a write that nobody read is placed before the next write that somebody did, as soon as it may
//     be: had it a later moment, it was overwritten there before any read, and could move here.
class Search {
 public:
  Search(const std::vector<RegisterOperation>& history, uint64_t max_states)
      : max_states_(max_states) {
    std::set<uint64_t> read;
    for (const RegisterOperation& one : history) {
      if (one.kind == RegisterOperation::Kind::kRead) read.insert(one.value);
    }
    for (const RegisterOperation& one : history) {
      const bool seen = read.contains(one.value);
      // Never answered and never read: it may as well not have happened.
      if (one.returned || seen) operations_.push_back({one, seen});
    }
    std::stable_sort(operations_.begin(), operations_.end(),
                     [](const auto& a, const auto& b) { return a.one.called < b.one.called; });
    done_.assign(operations_.size(), false);
    for (const Operation& operation : operations_) left_ += operation.one.returned ? 1 : 0;
  }

  Linearizability run() {
    if (search()) return Linearizability::kLinearizable;
    return seen_.size() >= max_states_ ? Linearizability::kUndecided : Linearizability::kViolated;
  }

 private:
  struct Operation {
    RegisterOperation one;
    bool seen = false;  // somebody read what it wrote
    [[nodiscard]] bool is_read() const { return one.kind == RegisterOperation::Kind::kRead; }
  };
  struct Frame {
    uint64_t horizon = 0;
    size_t next = 0;             // write to try
    std::vector<size_t> placed;  // to be undone when this frame is left
  };

  // Of those without a moment, the earliest return: nothing called after it can come first.
  [[nodiscard]] uint64_t horizon() const {
    uint64_t earliest = UINT64_MAX;
    for (size_t i = first_; i < operations_.size(); ++i) {
      const RegisterOperation& one = operations_[i].one;
      if (one.called > earliest) break;
      if (!done_[i] && one.returned) earliest = std::min(earliest, *one.returned);
    }
    return earliest;
  }

  // Places every operation that may come next and is chosen, until none is left.
  template <typename Chosen>
  void place_all(std::vector<size_t>& placed, Chosen&& chosen) {
    for (bool more = true; more;) {
      more = false;
      const uint64_t limit = horizon();
      for (size_t i = first_; i < operations_.size() && operations_[i].one.called <= limit; ++i) {
        if (done_[i] || !chosen(operations_[i])) continue;
        place(i);
        placed.push_back(i);
        more = true;
      }
    }
  }

  // After a write of `value`: what needs no choice.
  [[nodiscard]] Frame settle(uint64_t value) {
    Frame frame;
    place_all(frame.placed, [&](const Operation& operation) {
      return operation.is_read() && operation.one.value == value;
    });
    place_all(frame.placed,
              [](const Operation& operation) { return !operation.is_read() && !operation.seen; });
    frame.horizon = horizon();
    return frame;
  }

  // Depth first, with its own stack: histories may be long.
  bool search() {
    std::vector<Frame> frames{settle(0)};
    while (!frames.empty()) {
      if (left_ == 0) return true;
      if (seen_.size() >= max_states_) return false;
      Frame& frame = frames.back();
      const size_t chosen = next_write(frame);
      if (chosen == kNone) {
        for (const size_t index : frame.placed) unplace(index);
        frames.pop_back();
        continue;
      }
      frame.next = chosen + 1;
      place(chosen);
      Frame after = settle(operations_[chosen].one.value);
      after.placed.push_back(chosen);
      if (seen_.emplace(done_, operations_[chosen].one.value).second) {
        frames.push_back(std::move(after));
      } else {
        for (const size_t index : after.placed) unplace(index);
      }
    }
    return false;
  }

  // The next write that somebody read, and that may come first now.
  [[nodiscard]] size_t next_write(const Frame& frame) const {
    for (size_t i = std::max(frame.next, first_); i < operations_.size(); ++i) {
      if (operations_[i].one.called > frame.horizon) break;
      if (!done_[i] && !operations_[i].is_read()) return i;
    }
    return kNone;
  }
  void place(size_t index) {
    done_[index] = true;
    left_ -= operations_[index].one.returned ? 1 : 0;
    while (first_ < done_.size() && done_[first_]) ++first_;
  }
  void unplace(size_t index) {
    done_[index] = false;
    left_ += operations_[index].one.returned ? 1 : 0;
    first_ = std::min(first_, index);
  }

  static constexpr size_t kNone = SIZE_MAX;
  uint64_t max_states_;
  std::vector<Operation> operations_;  // by call
  std::vector<bool> done_;
  size_t first_ = 0;  // all before it are done
  size_t left_ = 0;   // that returned and are not done
  std::set<std::pair<std::vector<bool>, uint64_t>> seen_;
};

}  // namespace

Linearizability check_register(const std::vector<RegisterOperation>& history, uint64_t max_states) {
  for (const RegisterOperation& operation : history) {
    GOVCHAIN_ASSERT(!operation.returned || *operation.returned >= operation.called);
  }
  return Search(history, max_states).run();
}

}  // namespace govchain::sim
