#pragma once
// A network card: one serial server in each direction. Outwards the lanes have strict priority at
// packet grain: a vote takes its place before bodies that wait, and they are pushed back by exactly
// the time it takes, so that the card never carries more than its rate.

#include <algorithm>
#include <array>

#include "consensus/message.h"
#include "sim/host/busy_time.h"
#include "sim/units.h"

namespace govchain::sim {

class Nic {
 public:
  Nic(Rate rate, TimePoint window_begin, TimePoint window_end)
      : rate_(rate), out_busy_(window_begin, window_end), in_busy_(window_begin, window_end) {}

  [[nodiscard]] Rate rate() const { return rate_; }

  // Puts something that takes `serialisation` on the wire, not before `ready`. Returns when its
  // last bit has left.
  TimePoint transmit(consensus::Lane lane, TimePoint ready, Duration serialisation) {
    const auto index = static_cast<size_t>(lane);
    const TimePoint begin = std::max(ready, free_[index]);
    const TimePoint end = begin + serialisation;
    const TimePoint tail = std::max(begin, free_.back());
    out_busy_.add(tail, tail + serialisation);
    free_[index] = end;
    for (size_t lower = index + 1; lower < free_.size(); ++lower) {
      free_[lower] = std::max(free_[lower], begin) + serialisation;
    }
    return end;
  }
  // How long something on this lane would wait now.
  [[nodiscard]] Duration backlog(consensus::Lane lane, TimePoint now) const {
    return std::max(free_[static_cast<size_t>(lane)] - now, Duration::zero());
  }

  // Something whose last bit reaches this card at `last_bit`, after it was serialised in
  // `sent_over` at the narrowest place of its way: cut-through, so it pays again only for what this
  // card is slower, or busy with others. Returns when it is in memory. Calls come in the order of
  // `last_bit`.
  TimePoint receive(TimePoint last_bit, Duration sent_over, Duration serialisation) {
    const TimePoint begin = std::max(in_free_, last_bit - sent_over);
    in_free_ = begin + serialisation;
    in_busy_.add(begin, in_free_);
    return std::max(last_bit, in_free_);
  }

  [[nodiscard]] double out_utilisation() const { return out_busy_.share(1); }
  [[nodiscard]] double in_utilisation() const { return in_busy_.share(1); }

 private:
  Rate rate_;
  std::array<TimePoint, consensus::kLanes> free_{};
  TimePoint in_free_;
  BusyTime out_busy_;
  BusyTime in_busy_;
};

}  // namespace govchain::sim
