#include "consensus/raft/progress.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::consensus::raft {

void InFlightWindow::add(uint64_t index, Bytes size) {
  GOVCHAIN_ASSERT(!full());
  if (ring_.empty()) ring_.resize(capacity_);
  ring_[(head_ + count_) % capacity_] = Sent{index, size};
  ++count_;
  bytes_ += size;
}

void InFlightWindow::free_to(uint64_t index) {
  while (count_ > 0 && ring_[head_].index <= index) {
    bytes_ -= ring_[head_].size;
    head_ = (head_ + 1) % capacity_;
    --count_;
  }
}

void InFlightWindow::clear() {
  head_ = 0;
  count_ = 0;
  bytes_ = Bytes();
}

void Progress::become_probe() {
  // After a snapshot the peer has everything up to it, if it got it (etcd-io/raft, BecomeProbe).
  const uint64_t known = state == ProgressState::kSnapshot ? std::max(match, snapshot) : match;
  next = known + 1;
  state = ProgressState::kProbe;
  paused = false;
  snapshot = 0;
  silent_beats = 0;
  in_flight.clear();
}

void Progress::become_replicate() {
  state = ProgressState::kReplicate;
  paused = false;
  snapshot = 0;
  silent_beats = 0;
  next = match + 1;
  in_flight.clear();
}

void Progress::become_snapshot(uint64_t height) {
  state = ProgressState::kSnapshot;
  paused = false;
  snapshot = height;
  silent_beats = 0;
  in_flight.clear();
}

bool Progress::acknowledge(uint64_t index) {
  const bool news = index > match;
  if (news) {
    match = index;
    paused = false;
    silent_beats = 0;
  }
  next = std::max(next, index + 1);
  return news;
}

void Progress::sent(uint64_t index, Bytes size) {
  if (state == ProgressState::kReplicate) {
    in_flight.add(index, size);
    next = index + 1;
  } else {
    paused = true;
  }
}

void Progress::encode_state(Writer& out) const {
  out.u64(match);
  out.u64(next);
  out.u8(static_cast<uint8_t>(state));
  out.u8(static_cast<uint8_t>((learner ? 1U : 0U) | (recent_active ? 2U : 0U) | (paused ? 4U : 0U) |
                              (blocked ? 8U : 0U) | (witness ? 16U : 0U) | (heard ? 32U : 0U) |
                              (heard_before ? 64U : 0U)));
  out.u8(silent_beats);
  out.u64(read_round);
  out.u64(lease_since);
  out.u64(snapshot);
  out.ordinal(load);
  out.u32(in_flight.count());
  out.u64(in_flight.bytes().count());
}

Progress* ProgressMap::find(NodeId node) {
  return const_cast<Progress*>(std::as_const(*this).find(node));
}

const Progress* ProgressMap::find(NodeId node) const {
  const auto place = std::lower_bound(items_.begin(), items_.end(), node,
                                      [](const Item& item, NodeId id) { return item.first < id; });
  return place != items_.end() && place->first == node ? &place->second : nullptr;
}

Progress& ProgressMap::insert(NodeId node, Progress progress) {
  const auto place = std::lower_bound(items_.begin(), items_.end(), node,
                                      [](const Item& item, NodeId id) { return item.first < id; });
  if (place != items_.end() && place->first == node) return place->second;
  return items_.insert(place, Item(node, std::move(progress)))->second;
}

void ProgressMap::erase(NodeId node) {
  std::erase_if(items_, [node](const Item& item) { return item.first == node; });
}

}  // namespace govchain::consensus::raft
