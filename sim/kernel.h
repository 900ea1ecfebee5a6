#pragma once
// The clock and the loop. Time is a whole number of nanoseconds; an event is a kind and an index,
// never a closure, so that nothing is allocated per event.

#include <cstdint>

#include "consensus/assert.h"
#include "sim/event_queue.h"
#include "sim/units.h"

namespace govchain::sim {

class Kernel {
 public:
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] uint64_t events() const { return events_; }
  [[nodiscard]] bool idle() const { return queue_.empty(); }

  void schedule(TimePoint at, uint32_t kind, uint32_t index) {
    insert(Event{at.nanoseconds(), next_sequence_++, kind, index});
  }
  // A place in the order of equal times, for a series of events that is re-armed one by one but
  // must come as if all had been scheduled now.
  [[nodiscard]] uint64_t reserve_sequence() { return next_sequence_++; }
  void schedule_reserved(TimePoint at, uint64_t sequence, uint32_t kind, uint32_t index) {
    insert(Event{at.nanoseconds(), sequence, kind, index});
  }

  // Hands every event up to and including `end` to dispatcher.dispatch(kind, index) in order, until
  // dispatcher.stopped(); the clock then stands at `end` or at the last event.
  template <typename Dispatcher>
  void run_until(TimePoint end, Dispatcher& dispatcher) {
    queue_.expect_look_ahead(requires { dispatcher.prefetch(uint32_t{}, uint32_t{}, true); });
    while (!queue_.empty()) {
      const Event event = queue_.top();
      if (event.time > end.nanoseconds()) break;
      now_ = TimePoint::since_start(Duration::nanoseconds(event.time));
      ++events_;
      queue_.pop_top();
      if constexpr (requires { dispatcher.prefetch(event.kind, event.index, true); }) {
        // A world does not fit into the cache: what the next events touch is fetched meanwhile.
        if (const Event* far = queue_.ahead(3)) dispatcher.prefetch(far->kind, far->index, false);
        if (const Event* near = queue_.ahead(1)) dispatcher.prefetch(near->kind, near->index, true);
      }
      dispatcher.dispatch(event.kind, event.index);
      if (dispatcher.stopped()) return;
    }
    now_ = end;
  }

 private:
  void insert(const Event& event) {
    GOVCHAIN_ASSERT(event.time >= now_.nanoseconds());
    queue_.push(event);
  }

  EventQueue queue_;
  TimePoint now_;
  uint64_t next_sequence_ = 1;
  uint64_t events_ = 0;
};

}  // namespace govchain::sim
