#include "sim/host/cpu.h"

#include <algorithm>

namespace govchain::sim {

Cpu::Cpu(uint32_t cores, TimePoint window_begin, TimePoint window_end)
    : free_(std::max<uint32_t>(cores, 1)), busy_(window_begin, window_end) {}

uint32_t Cpu::pick(TimePoint ready) const {
  uint32_t best = 0;
  for (uint32_t core = 0; core < free_.size(); ++core) {
    if (free_[core] <= ready) return core;
    if (free_[core] < free_[best]) best = core;
  }
  return best;
}

TimePoint Cpu::run_spread(TimePoint ready, Duration cost) {
  if (cost <= Duration::zero()) return ready;
  const auto parts = static_cast<int64_t>(free_.size());
  TimePoint finish = ready;
  for (int64_t part = 0; part < parts; ++part) {
    // The remainder goes to the first parts, one nanosecond each, so that nothing is lost.
    const Duration share = Duration::nanoseconds(cost.nanoseconds() / parts +
                                                 (part < cost.nanoseconds() % parts ? 1 : 0));
    finish = std::max(finish, run(ready, share));
  }
  return finish;
}

double Cpu::utilisation() const { return busy_.share(free_.size()); }

}  // namespace govchain::sim
