#pragma once
// One line on standard error, on a terminal only: what, how far, rate, time left.

#include <chrono>
#include <cstdint>
#include <string>

namespace govchain::analysis {

class Progress {
 public:
  // Shows nothing if `quiet` or if standard error is no terminal.
  Progress(std::string what, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `amount` of `unit` have been done so far ("events", "worlds"); share 0..1 of all work. Redraws
  // at most ten times a second.
  void update(double share, uint64_t amount, const char* unit);
  // The same for work that has parts with names instead of a count.
  void tell(double share, const std::string& part);
  // Takes the line away again.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  // Whether it is time to redraw; then it counts as redrawn.
  [[nodiscard]] bool is_due();
  void draw(std::string line, double share) const;

  std::string what_;
  bool shown_ = false;
  bool drawn_ = false;
  Clock::time_point started_;
  Clock::time_point last_;
};

}  // namespace govchain::analysis
