#pragma once
// Frames that wait for one peer: one bounded queue for each channel, emptied a TLS record at a
// time. Not for more than one thread at once.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "consensus/node/transport/frame.h"
#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

// Encoded once, however many peers it goes to.
using FrameRef = std::shared_ptr<const std::vector<uint8_t>>;

class PeerQueue {
 public:
  // `limit` of each channel, in bytes on the line; `frame_limit` as in frame.h.
  PeerQueue(Bytes limit, Bytes frame_limit)
      : limit_(limit.count()), frame_limit_(frame_limit.count()) {}

  // False if it does not fit. An empty channel takes any frame, or one longer than the limit could
  // never be sent. It leaves at `ready` at the earliest, and none of its channel before it.
  [[nodiscard]] bool push(Channel channel, FrameRef frame, TimePoint ready = {});

  // Writes whole chunks of what is ready, lower channels first, until the record is full; how many
  // bytes that were. Frames that are through go to `spent`, so that the caller can free them where
  // nobody waits.
  size_t fill(std::span<uint8_t> record, TimePoint now, std::vector<FrameRef>& spent);
  // When the next frame may leave, if one waits that has not begun.
  [[nodiscard]] std::optional<TimePoint> next_ready() const;

  [[nodiscard]] Bytes size() const;
  // No channel is more than half full.
  [[nodiscard]] bool half_empty() const;
  // Forgets everything, also how far a frame has come; returns the frames.
  [[nodiscard]] std::vector<FrameRef> clear();

 private:
  struct Waiting {
    FrameRef frame;
    TimePoint ready;
  };
  struct Queue {
    std::deque<Waiting> frames;
    uint64_t bytes = 0;
    size_t sent = 0;  // of the first frame
  };

  // The channel whose chunk comes next, if there is one and it fits.
  [[nodiscard]] std::optional<size_t> choose(size_t room, TimePoint now) const;
  size_t put_chunk(size_t channel, std::span<uint8_t> room, std::vector<FrameRef>& spent);

  uint64_t limit_;
  uint64_t frame_limit_;
  std::array<Queue, kQueuedChannels> queues_;
  uint64_t cut_bytes_ = 0;  // whole lengths of frames that are partly sent
};

}  // namespace govchain::consensus::node
