#include "consensus/node/transport/peer_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::node {

namespace {

// A frame of several chunks does not begin, or go on, in less than this.
constexpr size_t kSmallestPiece = 1'024;

uint64_t on_the_line(const FrameRef& frame) { return frame->size() + kFrameHeaderBytes; }

}  // namespace

bool PeerQueue::push(Channel channel, FrameRef frame, TimePoint ready) {
  GOVCHAIN_ASSERT(channel != Channel::kHeartbeat);
  GOVCHAIN_ASSERT(frame->size() <= frame_limit_);
  Queue& queue = queues_[static_cast<size_t>(channel)];
  const uint64_t bytes = on_the_line(frame);
  if (queue.bytes != 0 && queue.bytes + bytes > limit_) return false;
  queue.bytes += bytes;
  queue.frames.push_back(Waiting{std::move(frame), ready});
  return true;
}

std::optional<size_t> PeerQueue::choose(size_t room, TimePoint now) const {
  for (size_t channel = 0; channel < queues_.size(); ++channel) {
    const Queue& queue = queues_[channel];
    if (queue.frames.empty()) continue;
    const Waiting& head = queue.frames.front();
    const size_t size = head.frame->size();
    size_t needed = size;
    if (queue.sent == 0 && head.ready > now) continue;
    if (size > kChunkBytes) {
      // The reader holds only so much that is not complete: what has begun on another channel goes
      // first.
      if (queue.sent == 0 && cut_bytes_ + size > frame_limit_) continue;
      needed = std::min(size - queue.sent, kSmallestPiece);
    }
    // It opens the next record, instead of one from a channel below closing this one.
    if (needed > room) return std::nullopt;
    return channel;
  }
  return std::nullopt;
}

size_t PeerQueue::put_chunk(size_t channel, std::span<uint8_t> room, std::vector<FrameRef>& spent) {
  Queue& queue = queues_[channel];
  const FrameRef& frame = queue.frames.front().frame;
  const size_t left = frame->size() - queue.sent;
  const size_t length = std::min({left, room.size() - kFrameHeaderBytes, kChunkBytes});
  const bool cut = frame->size() > kChunkBytes;
  if (cut && queue.sent == 0) cut_bytes_ += frame->size();

  const EncodedHeader header = encode_header(
      FrameHeader{static_cast<uint32_t>(length), static_cast<Channel>(channel), length < left});
  std::copy(header.begin(), header.end(), room.begin());
  if (length != 0) {
    std::memcpy(room.data() + kFrameHeaderBytes, frame->data() + queue.sent, length);
  }
  queue.sent += length;
  if (length == left) {
    if (cut) cut_bytes_ -= frame->size();
    queue.bytes -= on_the_line(frame);
    queue.sent = 0;
    spent.push_back(std::move(queue.frames.front().frame));
    queue.frames.pop_front();
  }
  return kFrameHeaderBytes + length;
}

size_t PeerQueue::fill(std::span<uint8_t> record, TimePoint now, std::vector<FrameRef>& spent) {
  size_t used = 0;
  while (record.size() - used >= kFrameHeaderBytes) {
    const auto channel = choose(record.size() - used - kFrameHeaderBytes, now);
    if (!channel) break;
    used += put_chunk(*channel, record.subspan(used), spent);
  }
  return used;
}

std::optional<TimePoint> PeerQueue::next_ready() const {
  std::optional<TimePoint> first;
  for (const Queue& queue : queues_) {
    if (queue.frames.empty() || queue.sent != 0) continue;
    const TimePoint ready = queue.frames.front().ready;
    first = first ? std::min(*first, ready) : ready;
  }
  return first;
}

Bytes PeerQueue::size() const {
  uint64_t total = 0;
  for (const Queue& queue : queues_) total += queue.bytes;
  return Bytes(total);
}

bool PeerQueue::half_empty() const {
  return std::all_of(queues_.begin(), queues_.end(),
                     [&](const Queue& queue) { return queue.bytes <= limit_ / 2; });
}

std::vector<FrameRef> PeerQueue::clear() {
  std::vector<FrameRef> frames;
  for (Queue& queue : queues_) {
    for (Waiting& waiting : queue.frames) frames.push_back(std::move(waiting.frame));
    queue = Queue();
  }
  cut_bytes_ = 0;
  return frames;
}

}  // namespace govchain::consensus::node
