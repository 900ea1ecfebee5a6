#pragma once
// The queues of all peers, between the threads that send and the transport's own. This is all that
// they share.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "consensus/node/transport/peer_queue.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

class Outbox {
 public:
  Outbox(Bytes queue_limit, Bytes frame_limit)
      : queue_limit_(queue_limit), frame_limit_(frame_limit) {}

  // From any thread.

  struct Pushed {
    size_t taken = 0;   // by how many queues
    bool wake = false;  // the transport's thread sleeps and has something to do now
  };
  // What does not fit is dropped, and take_notices() will say so if `tell`.
  [[nodiscard]] Pushed push(std::span<const ReplicaId> to, Channel channel, const FrameRef& frame,
                            TimePoint now, bool tell);
  [[nodiscard]] bool any_up(std::span<const ReplicaId> peers) const;
  [[nodiscard]] Bytes size() const;

  // From the transport's thread.

  // Adds the peer, or changes its delay.
  void name(ReplicaId peer, Duration delay);
  void forget(ReplicaId peer);
  void set_up(ReplicaId peer);
  // How many frames waited; they are dropped.
  size_t set_down(ReplicaId peer);
  // For whom there is something new. Until this is called nobody is woken again.
  [[nodiscard]] std::vector<ReplicaId> take_woken();
  struct Filled {
    size_t bytes = 0;        // of the record
    size_t frames = 0;       // that are through with it
    size_t frame_bytes = 0;  // of these, without headers
    // If nothing was ready: when something will be.
    std::optional<TimePoint> next_ready;
    bool writable = false;  // again, after a loss that the host was told of
  };
  [[nodiscard]] Filled fill(ReplicaId peer, std::span<uint8_t> record, TimePoint now);
  // What the host must be told now, once for each time that it happens.
  struct Notices {
    bool dropped = false;
    bool writable = false;
  };
  [[nodiscard]] Notices take_notices(ReplicaId peer);

 private:
  enum class Loss : uint8_t { kNone, kUntold, kTold };
  struct Peer {
    PeerQueue queue;
    Duration delay;
    bool up = false;
    bool woken = false;
    Loss loss = Loss::kNone;
  };

  const Bytes queue_limit_;
  const Bytes frame_limit_;
  mutable std::mutex mutex_;  // of everything below
  std::map<ReplicaId, Peer> peers_;
  std::vector<ReplicaId> woken_;
};

}  // namespace govchain::consensus::node
