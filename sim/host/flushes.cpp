#include "sim/host/flushes.h"

namespace govchain::sim {

TimePoint Flushes::sync(TimePoint now, const MeasuredTime& times) {
  if (next_ > current_ && current_ <= now) current_ = next_;
  if (next_ > current_) return next_;
  const TimePoint start = current_ > now ? current_ : now;
  const TimePoint done = start + times.at(random_.uniform());
  busy_.add(start, done);
  (start > now ? next_ : current_) = done;
  return done;
}

}  // namespace govchain::sim
