#include "sim/host/flushes.h"

#include <algorithm>
#include <iterator>

#include "consensus/assert.h"

namespace govchain::sim {

Duration FlushTimes::at(Duration rest, double share) const {
  GOVCHAIN_ASSERT(!measured.empty());
  const auto next = std::find_if(measured.begin(), measured.end(),
                                 [&](const Rested& one) { return one.rest >= rest; });
  if (next == measured.end()) return measured.back().time.at(share);
  if (next == measured.begin()) return next->time.at(share);
  const Rested& before = *std::prev(next);
  const int64_t low = before.time.at(share).nanoseconds();
  const int64_t high = next->time.at(share).nanoseconds();
  const int64_t width = (next->rest - before.rest).nanoseconds();
  return Duration::nanoseconds(low + (high - low) * ((rest - before.rest).nanoseconds()) / width);
}

Duration Flushes::half(TimePoint start, const FlushTimes& times) {
  const Duration rest = start > last_work_ ? start - last_work_ : Duration::zero();
  const Duration time = times.at(rest, random_.uniform()) / 2;
  last_work_ = std::max(last_work_, start + time);
  return time;
}

TimePoint Flushes::write(TimePoint now, const FlushTimes& times) { return now + half(now, times); }

TimePoint Flushes::sync(TimePoint now, const FlushTimes& times) {
  if (next_ > current_ && current_ <= now) current_ = next_;
  if (next_ > current_) return next_;
  const TimePoint start = current_ > now ? current_ : now;
  const TimePoint done = start + half(start, times);
  busy_.add(start, done);
  (start > now ? next_ : current_) = done;
  return done;
}

}  // namespace govchain::sim
