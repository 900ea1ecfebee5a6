#pragma once
// Payloads that wait to be ordered, as every leader-based engine keeps them.
//
//   - Bounded: in bytes and in number. An origin (the replica whose client it was, in practice a
//     department) may hold at most kShare times what is still free, so that one that floods never
//     fills the pool for the others (dynamic thresholds, Choudhury & Hahne, "Dynamic Queue Length
//     Thresholds for Shared-Memory Packet Switches", 1998).
//   - Exactly once: a payload whose digest is pending, or is among the last `committed_window`
//     committed ones, is refused.
//   - Fair: batches take one payload per origin in turn, first-in first-out within an origin.
//   - Nothing is forgotten: a selected payload stays, marked with the height it was proposed at,
//     until a committed block holds it; a change of leader releases it to its old place.
//
// Copyable (engines are cloned), deterministic, and without allocation once its tables have grown
// to the load.

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/block.h"
#include "consensus/codec.h"
#include "consensus/digest_index.h"
#include "consensus/digest_window.h"
#include "consensus/effect.h"
#include "consensus/payload.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

struct MempoolConfig {
  Bytes limit{64U << 20U};                    // payload bytes held, in flight ones included
  Bytes max_payload_bytes{1U << 20U};         // = EngineConfig::max_block_bytes
  uint32_t max_payload_transactions = 1'000;  // = EngineConfig::max_block_transactions
  uint32_t max_payloads = 1U << 18U;          // pending at once, whatever their size
  uint32_t committed_window = 1U << 16U;      // digests of committed payloads that are remembered
  uint64_t seed = 0;  // of the digest table, so that nobody can choose digests that collide in it
};

class Mempool {
 public:
  static constexpr uint64_t kShare = 8;

  explicit Mempool(const MempoolConfig& config);

  // Takes `payload`, or says why not (kFull, kOversize, kDuplicate). `origin` is the replica that
  // admitted it from its client; `now` must not go back between calls.
  // One that is not ready takes its room, but is in no batch until make_ready().
  [[nodiscard]] std::optional<RefusalReason> add(TimePoint now, ReplicaId origin,
                                                 PayloadRef payload, bool ready = true);
  // A pending payload may be proposed from now on, or not any more. Nothing if it is not pending.
  void make_ready(const Digest& digest, bool ready);
  // The bytes of a pending payload of which only the name was known.
  void supply(const PayloadRef& body);

  // Appends the next batch to `out` and marks it in flight at `height`. At most `max_bytes` of
  // payload and `max_transactions`; an origin whose next payload does not fit is passed over and
  // comes first the next time. Appends nothing if nothing waits.
  void select(Height height, Bytes max_bytes, uint32_t max_transactions,
              std::vector<PayloadRef>& out);
  // Another replica proposed these at `height`: those that wait here are in flight now.
  void mark_in_flight(Height height, std::span<const PayloadRef> payloads);
  // What is in flight at `from` or above waits again, in its old place (view change, new term).
  void release(Height from);
  // The same for one payload, whatever height it is in flight at.
  void put_back(const Digest& digest);
  // The block is final: its payloads leave the pool and enter the committed window, pending here or
  // not.
  void commit(const Block& block);
  // Gives up a pending payload without committing it (its client was told otherwise). False if not
  // pending.
  bool remove(const Digest& digest);
  // Forgets everything pending; the committed window stays.
  void clear_pending();

  [[nodiscard]] bool is_pending(const Digest& digest) const;
  [[nodiscard]] bool is_committed(const Digest& digest) const;
  // The pending payload with this digest, or null.
  [[nodiscard]] PayloadRef find(const Digest& digest) const;
  // Who admitted the pending payload with this digest; nullopt if there is none.
  [[nodiscard]] std::optional<ReplicaId> origin_of(const Digest& digest) const;

  // All pending, in flight included.
  [[nodiscard]] bool empty() const { return pending_ == 0; }
  [[nodiscard]] uint32_t payloads() const { return pending_; }
  // Those that may be proposed, in flight included.
  [[nodiscard]] uint32_t ready_payloads() const { return ready_; }
  [[nodiscard]] Bytes bytes() const { return bytes_; }
  // Those that wait for a proposal.
  [[nodiscard]] uint32_t waiting_payloads() const { return waiting_; }
  [[nodiscard]] Bytes waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] uint64_t waiting_transactions() const { return waiting_transactions_; }
  // When the oldest payload was added that waits (for batch_delay), that is pending at all (for
  // passing it on), or that a leader may propose or has (for suspecting it). Nullopt if there is
  // none.
  [[nodiscard]] std::optional<TimePoint> oldest_waiting() const;
  [[nodiscard]] std::optional<TimePoint> oldest_pending() const;
  [[nodiscard]] std::optional<TimePoint> oldest_ready() const;
  // Bytes that `origin` could still add now.
  [[nodiscard]] Bytes credit(ReplicaId origin) const;

  // Calls visit(origin, payload, in_flight_at) for every pending payload in the order of arrival;
  // in_flight_at is height 0 while it waits. For passing payloads on to a new leader.
  template <typename Visit>
  void for_each_pending(Visit&& visit) const {
    for (uint32_t slot = oldest_; slot != kNone; slot = entries_[slot].next) {
      const Entry& entry = entries_[slot];
      visit(origins_[entry.origin].id, entry.payload, entry.height);
    }
  }

  // Calls visit(digest) for the committed window, oldest first: it travels with a snapshot, so that
  // a replica that never saw the blocks does not order their payloads again. `newest`: only so
  // many, the last ones.
  template <typename Visit>
  void for_each_committed(Visit&& visit, uint32_t newest = UINT32_MAX) const {
    committed_.for_each(std::forward<Visit>(visit), newest);
  }
  [[nodiscard]] uint32_t committed_payloads() const { return committed_.size(); }
  // Adds to the committed window what another replica's has; pending payloads stay.
  void restore_committed(std::span<const Digest> digests);

  // Canonical bytes of everything that influences later decisions, for Engine::fingerprint.
  void encode_state(Writer& out) const;
  // Upper estimate of the memory held, payloads included.
  [[nodiscard]] Bytes memory() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // A pending payload is in two lists: all in order of arrival, and its origin's in order of
  // arrival. In-flight ones stay in both, so that a release is only a change of mark.
  struct Entry {
    PayloadRef payload;
    TimePoint added;
    Height height;  // 0 while it waits
    bool ready = true;
    uint32_t origin = 0;
    uint32_t previous = kNone;
    uint32_t next = kNone;
    uint32_t origin_previous = kNone;
    uint32_t origin_next = kNone;
  };
  struct Origin {
    explicit Origin(ReplicaId replica) : id(replica) {}
    ReplicaId id;
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint32_t cursor = kNone;  // nothing before it waits
    Bytes held;
  };

  [[nodiscard]] uint32_t origin_index(ReplicaId id) const;  // kNone if unknown
  uint32_t find_or_add_origin(ReplicaId id);
  uint32_t next_waiting(Origin& origin);
  void link(uint32_t slot);
  void unlink(uint32_t slot);
  [[nodiscard]] static bool is_waiting(const Entry& entry) {
    return entry.ready && entry.height == Height();
  }
  void mark(Entry& entry, Height height) { mark(entry, height, entry.ready); }
  void mark(Entry& entry, Height height, bool ready);
  void rewind(Origin& origin);
  void take(uint32_t slot);

  MempoolConfig config_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;
  std::vector<Origin> origins_;  // in order of first appearance
  uint32_t turn_ = 0;            // origin that is served first by the next batch
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
  mutable uint32_t waiting_cursor_ = kNone;  // nothing before it waits
  uint32_t pending_ = 0;
  uint32_t ready_ = 0;
  uint32_t waiting_ = 0;
  Bytes bytes_;
  Bytes waiting_bytes_;
  uint64_t waiting_transactions_ = 0;
  DigestIndex pending_index_;  // digest -> entry
  DigestWindow committed_;     // the last committed_window digests
};

}  // namespace govchain::consensus
