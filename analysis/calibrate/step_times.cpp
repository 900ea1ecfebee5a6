#include "analysis/calibrate/step_times.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::analysis {

using consensus::Duration;

namespace {

constexpr size_t kClockReadings = 101;
// Readings of the two clocks around a piece do not coincide.
constexpr Duration kSlack = Duration::microseconds(10);
// Nothing takes less, whatever is left when the clock's cost is taken off.
constexpr Duration kLeast = Duration::nanoseconds(1);
constexpr int64_t kAllowedShare = 20;  // a twentieth

}  // namespace

StepTimes::StepTimes(Clocks& clocks, Company* company, uint64_t every)
    : clocks_(clocks), company_(company), every_(every) {
  std::vector<Duration> readings;
  for (size_t i = 0; i < kClockReadings; ++i) {
    const Duration before = clocks_.wall();
    readings.push_back(clocks_.wall() - before);
  }
  const auto middle = readings.begin() + kClockReadings / 2;
  std::nth_element(readings.begin(), middle, readings.end());
  clock_cost_ = *middle;
}

void StepTimes::begin_piece() {
  steps_.clear();
  piece_began_processor_ = clocks_.processor();
  piece_began_ = clocks_.wall();
}

bool StepTimes::end_piece() {
  const Duration wall = clocks_.wall() - piece_began_;
  const Duration processor = clocks_.processor() - piece_began_processor_;
  if (wall - processor > wall / kAllowedShare + kSlack) {
    ++refused_;
    return false;
  }
  ++pieces_;
  for (const Step& step : steps_) {
    Sum& sum = (step.is_first ? firsts_ : sums_).at(step.label);
    sum.time += step.time;
    ++sum.steps;
  }
  return true;
}

StepTimes::Sum StepTimes::without_clock(Sum sum) const {
  sum.time -= clock_cost_ * static_cast<int64_t>(sum.steps);
  sum.time = std::max(sum.time, kLeast * static_cast<int64_t>(sum.steps));
  return sum;
}

}  // namespace govchain::analysis
