#include "sim/load/arrivals.h"

#include <algorithm>

#include "sim/distribution.h"

namespace govchain::sim {

Arrivals::Arrivals(const LoadSpec& load, uint64_t seed, uint64_t index, TimePoint end)
    : load_(load), end_(end), stream_(seed, RandomPurpose::kArrivals, index) {
  if (load.until != Duration::max()) {
    end_ = std::min(end_, TimePoint::since_start(load.until));
  }
  if (load.rate.empty()) return;
  enter_step(0);
  advance();
}

void Arrivals::enter_step(size_t step) {
  step_ = step;
  position_ = TimePoint::since_start(load_.rate[step].from);
  count_in_step_ = 0;
}

TimePoint Arrivals::step_end() const {
  if (step_ + 1 >= load_.rate.size()) return end_;
  return std::min(end_, TimePoint::since_start(load_.rate[step_ + 1].from));
}

void Arrivals::advance() {
  constexpr double kNanoseconds = 1e9;
  while (true) {
    const double rate = load_.rate[step_].per_second;
    if (rate > 0) {
      if (load_.arrivals == ArrivalKind::kPoisson) {
        // Memoryless: a gap that crosses into the next step is drawn anew from there.
        position_ += round_to_nanoseconds(draw_standard_exponential(stream_) * kNanoseconds / rate);
      } else {
        position_ =
            TimePoint::since_start(load_.rate[step_].from) +
            round_to_nanoseconds((static_cast<double>(count_in_step_) + 0.5) * kNanoseconds / rate);
      }
      ++count_in_step_;
      if (position_ < step_end()) {
        next_ = position_;
        return;
      }
    }
    if (step_ + 1 >= load_.rate.size() ||
        TimePoint::since_start(load_.rate[step_ + 1].from) >= end_) {
      next_ = TimePoint::max();
      return;
    }
    enter_step(step_ + 1);
  }
}

}  // namespace govchain::sim
