#pragma once
// A load that is made ahead of its time, on a thread of its own: what fits into `room` before the
// run begins, the rest while it goes on, one as one leaves. So short runs find everything made, and
// take no processor time from the replicas for it; long ones need no more memory than `room`.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "analysis/live/offered_load.h"
#include "consensus/units.h"

namespace govchain::analysis::live {

class LoadAhead {
 public:
  // What is offered next, by due; nothing: that was all. Called on the thread of this object alone.
  using Maker = std::function<std::optional<Offered>()>;

  LoadAhead(Maker maker, consensus::Bytes room);
  ~LoadAhead();
  LoadAhead(const LoadAhead&) = delete;
  LoadAhead& operator=(const LoadAhead&) = delete;

  // Until all is made, or all that there is room for.
  void await_ready();
  // The next ones behind those in `to`, at most `most`. False if that was all there will ever be;
  // if nothing is there although there will be more, the load is late.
  bool take(std::deque<Offered>& to, size_t most);

 private:
  void make();
  [[nodiscard]] bool is_full() const { return waiting_bytes_ >= room_; }

  const Maker maker_;
  const consensus::Bytes room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Offered> waiting_;
  consensus::Bytes waiting_bytes_;
  bool complete_ = false;  // nothing more is made
  bool stopped_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace govchain::analysis::live
