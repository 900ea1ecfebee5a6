#pragma once
// The processor time of another thread, for threads that a node's parts start themselves.

#include <atomic>
#include <ctime>
#include <optional>

#include "consensus/time.h"

namespace govchain::analysis {

class ThreadClock {
 public:
  // On the thread in question.
  void take_this_thread();
  // What it has used so far, from any thread while it lives; none before it was taken.
  [[nodiscard]] std::optional<consensus::Duration> read() const;

 private:
  std::atomic<bool> taken_{false};
  std::atomic<clockid_t> clock_{};
};

}  // namespace govchain::analysis
