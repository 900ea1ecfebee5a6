#pragma once
// What a leader knows of each of its peers (etcd-io/raft, tracker/): how far the peer's log agrees,
// what is on its way, and whether to send at all.
//
//   Probe       one append at a time, until an answer shows where the logs agree
//   Replicate   optimistic: as many appends as the window takes
//   Snapshot    the peer is behind everything that is kept: nothing is sent until its state arrived
//
// Peers are named by node ids, ReplicaId + 1, because zero means "nobody" in the rules of
// membership change that are shared with etcd's test vectors.

#include <cstdint>
#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "consensus/input.h"
#include "consensus/quorum.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::raft {

using NodeId = MajorityQuorum::Voter;
[[nodiscard]] constexpr NodeId node_id(ReplicaId replica) { return NodeId{replica.value()} + 1; }
[[nodiscard]] constexpr ReplicaId replica_id(NodeId node) {
  return ReplicaId(static_cast<uint32_t>(node - 1));
}

// Appends sent and not acknowledged, oldest first, in number and bytes.
class InFlightWindow {
 public:
  InFlightWindow() = default;
  InFlightWindow(uint32_t messages, Bytes bytes) : limit_(bytes), capacity_(messages) {}
  // The byte limit may be passed by one append: a block larger than the window must still travel.
  [[nodiscard]] bool full() const {
    return count_ >= capacity_ || (count_ > 0 && bytes_ >= limit_);
  }
  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] Bytes bytes() const { return bytes_; }
  void add(uint64_t index, Bytes size);
  // Everything up to `index` was acknowledged.
  void free_to(uint64_t index);
  void clear();

 private:
  struct Sent {
    uint64_t index = 0;
    Bytes size;
  };
  std::vector<Sent> ring_;  // allocated at the first use, so that an unused peer costs nothing
  Bytes limit_;
  Bytes bytes_;
  uint32_t capacity_ = 0;
  uint32_t head_ = 0;
  uint32_t count_ = 0;
};

enum class ProgressState : uint8_t { kProbe, kReplicate, kSnapshot };

struct Progress {
  uint64_t match = 0;  // highest index known to be durable there
  uint64_t next = 1;   // next index to send
  ProgressState state = ProgressState::kProbe;
  bool learner = false;
  bool recent_active = false;  // heard from since the last check of the quorum
  bool paused = false;         // Probe: one append is out; ends with any answer
  bool blocked = false;        // the host's queue to it is full
  bool witness = false;        // gets entries by digest, and none before enough others have it
  // Answered in this period of CheckQuorum, and in the one before. A leader that begins expects
  // everybody to answer.
  bool heard = false;
  bool heard_before = true;
  bool introduced = false;   // by a change of membership in this period; for status alone
  uint8_t silent_beats = 0;  // heartbeats since the last acknowledgement while appends are out
  uint64_t read_round = 0;   // highest round of leadership confirmation it answered
  uint64_t lease_since = 0;  // 1 + when the newest heartbeat that it answered was sent; 0: none
  uint64_t snapshot = 0;     // height of the snapshot it was told to fetch
  Token load;                // outstanding effect::Load for it, 0 = none
  InFlightWindow in_flight;

  [[nodiscard]] bool answers() const { return heard || heard_before; }
  // True if nothing may be sent now.
  [[nodiscard]] bool is_paused() const {
    if (blocked || load != Token()) return true;
    switch (state) {
      case ProgressState::kProbe:
        return paused;
      case ProgressState::kReplicate:
        return in_flight.full();
      case ProgressState::kSnapshot:
        return true;
    }
    return true;
  }
  void become_probe();
  void become_replicate();
  void become_snapshot(uint64_t height);
  // True if `index` was news.
  bool acknowledge(uint64_t index);
  void sent(uint64_t index, Bytes size);
  void encode_state(Writer& out) const;
};

// Few peers, sorted by id: found by bisection, iterated in order.
class ProgressMap {
 public:
  using Item = std::pair<NodeId, Progress>;
  [[nodiscard]] Progress* find(NodeId node);
  [[nodiscard]] const Progress* find(NodeId node) const;
  // The entry of `node`, made anew if there is none.
  Progress& insert(NodeId node, Progress progress);
  void erase(NodeId node);
  void clear() { items_.clear(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] auto begin() { return items_.begin(); }
  [[nodiscard]] auto end() { return items_.end(); }
  [[nodiscard]] size_t size() const { return items_.size(); }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

 private:
  std::vector<Item> items_;
};

}  // namespace govchain::consensus::raft
