#include "consensus/mempool.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus {

Mempool::Mempool(const MempoolConfig& config)
    : config_(config),
      pending_index_(config.seed),
      committed_(config.committed_window, config.seed) {
  GOVCHAIN_ASSERT(config.max_payloads < kNone);
}

std::optional<RefusalReason> Mempool::add(TimePoint now, ReplicaId origin, PayloadRef payload,
                                          bool ready) {
  if (payload->size > config_.max_payload_bytes ||
      payload->transactions > config_.max_payload_transactions) {
    return RefusalReason::kOversize;
  }
  if (is_pending(payload->digest) || is_committed(payload->digest)) {
    return RefusalReason::kDuplicate;
  }
  if (pending_ >= config_.max_payloads || payload->size > credit(origin)) {
    return RefusalReason::kFull;
  }
  const uint32_t owner = find_or_add_origin(origin);
  if (owner == kNone) return RefusalReason::kFull;
  auto slot = static_cast<uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[slot];
  entry = Entry{};
  entry.payload = std::move(payload);
  entry.added = now;
  entry.origin = owner;
  pending_index_.insert(entry.payload->digest, slot);
  ++pending_;
  bytes_ += entry.payload->size;
  origins_[owner].held += entry.payload->size;
  ++ready_;
  ++waiting_;
  waiting_bytes_ += entry.payload->size;
  waiting_transactions_ += entry.payload->transactions;
  link(slot);
  if (!ready) mark(entry, Height(), false);
  return std::nullopt;
}

void Mempool::make_ready(const Digest& digest, bool ready) {
  const std::optional<uint32_t> slot = pending_index_.find(digest);
  if (!slot || entries_[*slot].ready == ready) return;
  Entry& entry = entries_[*slot];
  mark(entry, entry.height, ready);
  if (is_waiting(entry)) rewind(origins_[entry.origin]);
}

void Mempool::supply(const PayloadRef& body) {
  const std::optional<uint32_t> slot = pending_index_.find(body->digest);
  if (!slot) return;
  PayloadRef& held = entries_[*slot].payload;
  const bool same = held->size == body->size && held->transactions == body->transactions;
  if (held->named && same && !body->named) held = body;
}

void Mempool::put_back(const Digest& digest) {
  const std::optional<uint32_t> slot = pending_index_.find(digest);
  if (!slot || entries_[*slot].height == Height()) return;
  mark(entries_[*slot], Height());
  rewind(origins_[entries_[*slot].origin]);
}

// Something that the cursors may have passed waits again.
void Mempool::rewind(Origin& origin) {
  waiting_cursor_ = oldest_;
  origin.cursor = origin.first;
}

void Mempool::select(Height height, Bytes max_bytes, uint32_t max_transactions,
                     std::vector<PayloadRef>& out) {
  GOVCHAIN_ASSERT(height != Height());
  const auto count = static_cast<uint32_t>(origins_.size());
  uint32_t chosen = 0;
  uint32_t first_passed = kNone;
  // One payload of each origin in turn, until a whole round finds nothing that fits.
  for (uint32_t idle = 0; idle < count && chosen < kMaxPayloadsPerBlock;) {
    const uint32_t slot = next_waiting(origins_[turn_]);
    const bool waits = slot != kNone;
    if (waits && entries_[slot].payload->size <= max_bytes &&
        entries_[slot].payload->transactions <= max_transactions) {
      Entry& entry = entries_[slot];
      max_bytes -= entry.payload->size;
      max_transactions -= entry.payload->transactions;
      mark(entry, height);
      out.push_back(entry.payload);
      ++chosen;
      idle = 0;
    } else {
      if (waits && first_passed == kNone) first_passed = turn_;
      ++idle;
    }
    turn_ = (turn_ + 1) % count;
  }
  if (first_passed != kNone) turn_ = first_passed;
}

void Mempool::mark_in_flight(Height height, std::span<const PayloadRef> payloads) {
  GOVCHAIN_ASSERT(height != Height());
  for (const PayloadRef& payload : payloads) {
    const std::optional<uint32_t> slot = pending_index_.find(payload->digest);
    if (slot) mark(entries_[*slot], height);
  }
}

void Mempool::release(Height from) {
  if (waiting_ == pending_) return;
  for (uint32_t slot = oldest_; slot != kNone; slot = entries_[slot].next) {
    Entry& entry = entries_[slot];
    if (entry.height != Height() && entry.height >= from) mark(entry, Height());
  }
  waiting_cursor_ = oldest_;
  for (Origin& origin : origins_) origin.cursor = origin.first;
}

void Mempool::commit(const Block& block) {
  for (const PayloadRef& payload : block.payloads) {
    const std::optional<uint32_t> slot = pending_index_.find(payload->digest);
    if (slot) take(*slot);
    committed_.add(payload->digest);
  }
}

void Mempool::restore_committed(std::span<const Digest> digests) {
  for (const Digest& digest : digests) committed_.add(digest);
}

bool Mempool::remove(const Digest& digest) {
  const std::optional<uint32_t> slot = pending_index_.find(digest);
  if (slot) take(*slot);
  return slot.has_value();
}

void Mempool::clear_pending() {
  while (oldest_ != kNone) take(oldest_);
}

bool Mempool::is_pending(const Digest& digest) const {
  return pending_index_.find(digest).has_value();
}

bool Mempool::is_committed(const Digest& digest) const { return committed_.contains(digest); }

std::optional<ReplicaId> Mempool::origin_of(const Digest& digest) const {
  const std::optional<uint32_t> slot = pending_index_.find(digest);
  if (!slot) return std::nullopt;
  return origins_[entries_[*slot].origin].id;
}

PayloadRef Mempool::find(const Digest& digest) const {
  const std::optional<uint32_t> slot = pending_index_.find(digest);
  return slot ? entries_[*slot].payload : PayloadRef();
}

std::optional<TimePoint> Mempool::oldest_waiting() const {
  while (waiting_cursor_ != kNone && !is_waiting(entries_[waiting_cursor_])) {
    waiting_cursor_ = entries_[waiting_cursor_].next;
  }
  if (waiting_cursor_ == kNone) return std::nullopt;
  return entries_[waiting_cursor_].added;
}

std::optional<TimePoint> Mempool::oldest_pending() const {
  if (oldest_ == kNone) return std::nullopt;
  return entries_[oldest_].added;
}

std::optional<TimePoint> Mempool::oldest_ready() const {
  if (ready_ == 0) return std::nullopt;
  uint32_t slot = oldest_;
  while (!entries_[slot].ready) slot = entries_[slot].next;
  return entries_[slot].added;
}

Bytes Mempool::credit(ReplicaId origin) const {
  if (pending_ >= config_.max_payloads) return Bytes(0);
  const uint32_t owner = origin_index(origin);
  const uint64_t held = owner == kNone ? 0 : origins_[owner].held.count();
  const uint64_t available = config_.limit.count() - bytes_.count();
  // The largest x with held + x <= kShare * (available - x).
  if (held >= kShare * available) return Bytes(0);
  return Bytes((kShare * available - held) / (kShare + 1));
}

void Mempool::encode_state(Writer& out) const {
  out.u32(static_cast<uint32_t>(origins_.size()));
  for (const Origin& origin : origins_) out.replica(origin.id);
  out.u32(turn_);
  out.u32(pending_);
  for (uint32_t slot = oldest_; slot != kNone; slot = entries_[slot].next) {
    const Entry& entry = entries_[slot];
    out.u32(entry.origin);
    out.digest(entry.payload->digest);
    out.i64(entry.added.nanoseconds());
    out.ordinal(entry.height);
    out.u8(static_cast<uint8_t>((entry.ready ? 1 : 0) | (entry.payload->named ? 2 : 0)));
  }
  out.u32(committed_.size());
  committed_.for_each([&](const Digest& digest) { out.digest(digest); });
}

Bytes Mempool::memory() const {
  return bytes_ + Bytes(entries_.capacity() * sizeof(Entry) + free_.capacity() * sizeof(uint32_t) +
                        origins_.capacity() * sizeof(Origin) + committed_.memory() +
                        pending_index_.memory() + pending_ * sizeof(Payload));
}

uint32_t Mempool::origin_index(ReplicaId id) const {
  // Usually origins appear in the order of their numbers or nearly so; they are few.
  const size_t guess = id.value();
  if (guess < origins_.size() && origins_[guess].id == id) return static_cast<uint32_t>(guess);
  for (size_t i = 0; i < origins_.size(); ++i) {
    if (origins_[i].id == id) return static_cast<uint32_t>(i);
  }
  return kNone;
}

uint32_t Mempool::find_or_add_origin(ReplicaId id) {
  const uint32_t known = origin_index(id);
  if (known != kNone) return known;
  if (origins_.size() < kMaxMembers) {
    origins_.emplace_back(id);
    return static_cast<uint32_t>(origins_.size() - 1);
  }
  // Members come and go and their numbers are never reused: give the place of one that left.
  for (size_t i = 0; i < origins_.size(); ++i) {
    if (origins_[i].first == kNone) {
      origins_[i] = Origin(id);
      return static_cast<uint32_t>(i);
    }
  }
  return kNone;
}

uint32_t Mempool::next_waiting(Origin& origin) {
  while (origin.cursor != kNone && !is_waiting(entries_[origin.cursor])) {
    origin.cursor = entries_[origin.cursor].origin_next;
  }
  return origin.cursor;
}

void Mempool::link(uint32_t slot) {
  Entry& entry = entries_[slot];
  Origin& origin = origins_[entry.origin];
  entry.previous = newest_;
  entry.origin_previous = origin.last;
  (newest_ == kNone ? oldest_ : entries_[newest_].next) = slot;
  (origin.last == kNone ? origin.first : entries_[origin.last].origin_next) = slot;
  newest_ = slot;
  origin.last = slot;
  if (waiting_cursor_ == kNone) waiting_cursor_ = slot;
  if (origin.cursor == kNone) origin.cursor = slot;
}

void Mempool::unlink(uint32_t slot) {
  const Entry& entry = entries_[slot];
  Origin& origin = origins_[entry.origin];
  if (waiting_cursor_ == slot) waiting_cursor_ = entry.next;
  if (origin.cursor == slot) origin.cursor = entry.origin_next;
  (entry.previous == kNone ? oldest_ : entries_[entry.previous].next) = entry.next;
  (entry.next == kNone ? newest_ : entries_[entry.next].previous) = entry.previous;
  (entry.origin_previous == kNone ? origin.first : entries_[entry.origin_previous].origin_next) =
      entry.origin_next;
  (entry.origin_next == kNone ? origin.last : entries_[entry.origin_next].origin_previous) =
      entry.origin_previous;
}

void Mempool::mark(Entry& entry, Height height, bool ready) {
  const bool waited = is_waiting(entry);
  if (entry.ready != ready) ready ? ++ready_ : --ready_;
  entry.height = height;
  entry.ready = ready;
  const bool waits = is_waiting(entry);
  if (waited == waits) return;
  if (waits) {
    ++waiting_;
    waiting_bytes_ += entry.payload->size;
    waiting_transactions_ += entry.payload->transactions;
  } else {
    --waiting_;
    waiting_bytes_ -= entry.payload->size;
    waiting_transactions_ -= entry.payload->transactions;
  }
}

void Mempool::take(uint32_t slot) {
  Entry& entry = entries_[slot];
  // Marking it in flight and not ready first takes it out of the accounts of what waits.
  mark(entry, Height(1), false);
  unlink(slot);
  --pending_;
  bytes_ -= entry.payload->size;
  origins_[entry.origin].held -= entry.payload->size;
  const bool was_indexed = pending_index_.erase(entry.payload->digest);
  GOVCHAIN_ASSERT(was_indexed);
  entry.payload.reset();
  free_.push_back(slot);
}

}  // namespace govchain::consensus
