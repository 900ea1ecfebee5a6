#include "consensus/node/transport/outbox.h"

#include <algorithm>
#include <utility>

namespace govchain::consensus::node {

Outbox::Pushed Outbox::push(std::span<const ReplicaId> to, Channel channel, const FrameRef& frame,
                            TimePoint now, bool tell) {
  Pushed pushed;
  const std::lock_guard lock(mutex_);
  for (const ReplicaId id : to) {
    const auto found = peers_.find(id);
    if (found == peers_.end() || !found->second.up) continue;
    Peer& peer = found->second;
    if (peer.queue.push(channel, frame, now + peer.delay)) {
      ++pushed.taken;
    } else if (!tell || peer.loss != Loss::kNone) {
      continue;
    } else {
      peer.loss = Loss::kUntold;
    }
    if (peer.woken) continue;
    if (woken_.empty()) pushed.wake = true;
    peer.woken = true;
    woken_.push_back(id);
  }
  return pushed;
}

bool Outbox::any_up(std::span<const ReplicaId> peers) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(peers.begin(), peers.end(), [&](ReplicaId id) {
    const auto found = peers_.find(id);
    return found != peers_.end() && found->second.up;
  });
}

Bytes Outbox::size() const {
  const std::lock_guard lock(mutex_);
  Bytes total;
  for (const auto& [id, peer] : peers_) total += peer.queue.size();
  return total;
}

void Outbox::name(ReplicaId peer, Duration delay) {
  const std::lock_guard lock(mutex_);
  const auto [entry, added] =
      peers_.try_emplace(peer, Peer{PeerQueue(queue_limit_, frame_limit_), delay});
  entry->second.delay = delay;
}

void Outbox::forget(ReplicaId peer) {
  const std::lock_guard lock(mutex_);
  peers_.erase(peer);
}

void Outbox::set_up(ReplicaId peer) {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found != peers_.end()) found->second.up = true;
}

size_t Outbox::set_down(ReplicaId peer) {
  std::vector<FrameRef> frames;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return 0;
  found->second.up = false;
  found->second.loss = Loss::kNone;
  frames = found->second.queue.clear();
  return frames.size();
}

std::vector<ReplicaId> Outbox::take_woken() {
  const std::lock_guard lock(mutex_);
  for (const ReplicaId id : woken_) {
    const auto found = peers_.find(id);
    if (found != peers_.end()) found->second.woken = false;
  }
  return std::exchange(woken_, {});
}

Outbox::Filled Outbox::fill(ReplicaId peer, std::span<uint8_t> record, TimePoint now) {
  Filled filled;
  std::vector<FrameRef> spent;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return filled;
  Peer& waiting = found->second;
  filled.bytes = waiting.queue.fill(record, now, spent);
  filled.frames = spent.size();
  for (const FrameRef& frame : spent) filled.frame_bytes += frame->size();
  if (filled.bytes == 0) filled.next_ready = waiting.queue.next_ready();
  filled.writable = waiting.loss == Loss::kTold && waiting.queue.half_empty();
  if (filled.writable) waiting.loss = Loss::kNone;
  return filled;
}

Outbox::Notices Outbox::take_notices(ReplicaId peer) {
  Notices notices;
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return notices;
  Loss& loss = found->second.loss;
  notices.dropped = loss == Loss::kUntold;
  if (notices.dropped) loss = Loss::kTold;
  notices.writable = loss == Loss::kTold && found->second.queue.half_empty();
  if (notices.writable) loss = Loss::kNone;
  return notices;
}

}  // namespace govchain::consensus::node
