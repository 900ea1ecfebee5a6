#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <set>

#include "consensus/assert.h"

namespace govchain::sim {
namespace {

// Wing & Gong, "Testing and Verifying Concurrent Objects", 1993, with Lowe's memory of what has
// been seen ("Testing for Linearizability", 2017): which operations have been given their moment,
// and what the register holds then, is all that the rest depends on.
class Search {
 public:
  Search(const std::vector<RegisterOperation>& history, uint64_t max_states)
      : operations_(history), max_states_(max_states) {
    std::stable_sort(operations_.begin(), operations_.end(),
                     [](const auto& a, const auto& b) { return a.called < b.called; });
    done_.assign(operations_.size(), false);
    for (const RegisterOperation& operation : operations_) left_ += operation.returned ? 1 : 0;
  }

  Linearizability run() {
    if (place_next(0)) return Linearizability::kLinearizable;
    return seen_.size() >= max_states_ ? Linearizability::kUndecided : Linearizability::kViolated;
  }

 private:
  // Of those without a moment, the earliest return: nothing called after it can come first.
  [[nodiscard]] uint64_t horizon() const {
    uint64_t earliest = UINT64_MAX;
    for (size_t i = first_; i < operations_.size(); ++i) {
      const RegisterOperation& operation = operations_[i];
      if (operation.called > earliest) break;
      if (!done_[i] && operation.returned) earliest = std::min(earliest, *operation.returned);
    }
    return earliest;
  }

  // Depth first, with its own stack: histories may be long.
  bool place_next(uint64_t value) {
    struct Frame {
      uint64_t value = 0;
      uint64_t horizon = 0;
      size_t next = 0;    // operation to try
      size_t placed = 0;  // operation that led here
    };
    constexpr size_t kNone = SIZE_MAX;
    std::vector<Frame> frames{{value, horizon(), 0, kNone}};
    while (!frames.empty()) {
      if (left_ == 0) return true;
      if (seen_.size() >= max_states_) return false;
      Frame& frame = frames.back();
      const size_t chosen = candidate(frame.next, frame.horizon, frame.value);
      if (chosen == kNone) {
        if (frame.placed != kNone) unplace(frame.placed);
        frames.pop_back();
        continue;
      }
      frame.next = chosen + 1;
      const RegisterOperation& operation = operations_[chosen];
      const uint64_t after =
          operation.kind == RegisterOperation::Kind::kWrite ? operation.value : frame.value;
      place(chosen);
      if (!seen_.emplace(done_, after).second) {
        unplace(chosen);
        continue;
      }
      frames.push_back({after, horizon(), 0, chosen});
    }
    return false;
  }

  // The next operation, from `from` on, that may come first now.
  [[nodiscard]] size_t candidate(size_t from, uint64_t horizon, uint64_t value) const {
    for (size_t i = std::max(from, first_); i < operations_.size(); ++i) {
      const RegisterOperation& operation = operations_[i];
      if (operation.called > horizon) break;
      if (done_[i]) continue;
      if (operation.kind == RegisterOperation::Kind::kRead && operation.value != value) continue;
      return i;
    }
    return SIZE_MAX;
  }
  void place(size_t index) {
    done_[index] = true;
    left_ -= operations_[index].returned ? 1 : 0;
    while (first_ < done_.size() && done_[first_]) ++first_;
  }
  void unplace(size_t index) {
    done_[index] = false;
    left_ += operations_[index].returned ? 1 : 0;
    first_ = std::min(first_, index);
  }

  std::vector<RegisterOperation> operations_;  // by call
  uint64_t max_states_;
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
