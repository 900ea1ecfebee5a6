#pragma once
// Where the time of many short steps goes, by what each step was given.
//
// A thread's own clock is a system call and may cost more than a step of an engine (1.5 µs on a
// virtual machine where a vote takes 0.5); the wall clock does not. So single steps are timed with
// the wall clock, less what reading it costs, and a piece of a few hundred steps counts only if its
// processor time says that the thread ran all the while.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/calibrate/clocks.h"
#include "analysis/calibrate/company.h"

namespace govchain::analysis {

class StepTimes {
 public:
  static constexpr size_t kLabels = 768;
  struct Sum {
    consensus::Duration time;
    uint64_t steps = 0;
  };

  // With company the caches are others' before each `every`-th step, which then counts as a first
  // of its turn, and not among the usual.
  explicit StepTimes(Clocks& clocks, Company* company = nullptr, uint64_t every = 1);

  void begin_piece();
  void begin_step() {
    is_first_ = company_ != nullptr && ++begun_ % every_ == 0;
    if (is_first_) company_->sweep_here();
    step_began_ = clocks_.wall();
  }
  void end_step(size_t label) {
    steps_.push_back({static_cast<uint16_t>(label), is_first_, clocks_.wall() - step_began_});
  }
  // False if somebody else ran meanwhile: then nothing of the piece is kept.
  bool end_piece();

  // Of the pieces that count. The clock's own cost is taken off, down to a nanosecond a step.
  [[nodiscard]] Sum sum(size_t label) const { return without_clock(sums_.at(label)); }
  // Of those that were a first of their turn.
  [[nodiscard]] Sum first(size_t label) const { return without_clock(firsts_.at(label)); }
  [[nodiscard]] uint64_t pieces() const { return pieces_; }
  [[nodiscard]] uint64_t refused_pieces() const { return refused_; }
  [[nodiscard]] consensus::Duration clock_cost() const { return clock_cost_; }

 private:
  struct Step {
    uint16_t label = 0;
    bool is_first = false;
    consensus::Duration time;
  };
  [[nodiscard]] Sum without_clock(Sum sum) const;

  Clocks& clocks_;
  Company* company_;
  uint64_t every_;
  uint64_t begun_ = 0;
  bool is_first_ = false;
  consensus::Duration clock_cost_;
  consensus::Duration step_began_;
  consensus::Duration piece_began_;
  consensus::Duration piece_began_processor_;
  std::vector<Step> steps_;
  std::array<Sum, kLabels> sums_{};
  std::array<Sum, kLabels> firsts_{};
  uint64_t pieces_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace govchain::analysis
