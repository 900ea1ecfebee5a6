#pragma once
// When the transactions of one load are submitted: a Poisson or a regular process whose rate
// changes at given times.

#include <vector>

#include "sim/random.h"
#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::sim {

class Arrivals {
 public:
  // `index` names the load's own random stream.
  Arrivals(const LoadSpec& load, uint64_t seed, uint64_t index, TimePoint end);
  // The next intended time, or TimePoint::max() when there is none before the end.
  [[nodiscard]] TimePoint next() const { return next_; }
  void advance();

 private:
  void enter_step(size_t step);
  [[nodiscard]] TimePoint step_end() const;

  const LoadSpec& load_;
  TimePoint end_;
  RandomStream stream_;
  size_t step_ = 0;
  TimePoint position_;  // of the last arrival, or where the step began
  uint64_t count_in_step_ = 0;
  TimePoint next_ = TimePoint::max();
};

}  // namespace govchain::sim
