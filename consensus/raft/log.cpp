#include "consensus/raft/log.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::raft {
namespace {
constexpr size_t kFirstCapacity = 64;
}  // namespace

Log::Entry& Log::at(Height height) {
  GOVCHAIN_ASSERT(holds(height));
  const uint64_t offset = height.value() - base_.value() - 1;
  return ring_[(head_ + offset) & (ring_.size() - 1)];
}

const Log::Entry& Log::at(Height height) const {
  GOVCHAIN_ASSERT(holds(height));
  const uint64_t offset = height.value() - base_.value() - 1;
  return ring_[(head_ + offset) & (ring_.size() - 1)];
}

std::optional<View> Log::term_at(Height height) const {
  if (height == base_) return base_term_;
  if (!holds(height)) return std::nullopt;
  return at(height).term;
}

Height Log::agreement(Height from, View term) const {
  Height height = std::min(from, last());
  while (height > base_ && at(height).term > term) height = Height(height.value() - 1);
  return std::max(height, base_);
}

BlockRef Log::block_at(Height height) const {
  return holds(height) ? at(height).block : BlockRef();
}

Ticket Log::ticket_at(Height height) const { return holds(height) ? at(height).ticket : Ticket(); }

void Log::grow() {
  std::vector<Entry> larger(std::max(kFirstCapacity, ring_.size() * 2));
  for (uint64_t i = 0; i < size_; ++i) {
    larger[i] = std::move(ring_[(head_ + i) & (ring_.size() - 1)]);
  }
  ring_ = std::move(larger);
  head_ = 0;
}

Log::Entry& Log::add(Height height, View term, Ticket ticket) {
  GOVCHAIN_ASSERT(height == last().next());
  GOVCHAIN_ASSERT(term >= last_term());
  if (size_ == ring_.size()) grow();
  Entry& entry = ring_[(head_ + size_) & (ring_.size() - 1)];
  entry.term = term;
  entry.ticket = ticket;
  ++size_;
  return entry;
}

void Log::append(BlockRef block, Ticket ticket) {
  Entry& entry = add(block->height, block->view, ticket);
  cached_bytes_ += block->payload_size();
  entry.block = std::move(block);
}

void Log::append(Height height, View term, Ticket ticket) { add(height, term, ticket); }

void Log::truncate(Height from) {
  GOVCHAIN_ASSERT(from > base_);
  while (last() >= from) {
    Entry& entry = at(last());
    if (entry.block) cached_bytes_ -= entry.block->payload_size();
    entry.block.reset();
    --size_;
  }
}

void Log::compact(Height height) {
  GOVCHAIN_ASSERT(height <= last());
  while (base_ < height) {
    Entry& entry = ring_[head_];
    if (entry.block) cached_bytes_ -= entry.block->payload_size();
    entry.block.reset();
    base_term_ = entry.term;
    head_ = (head_ + 1) & (ring_.size() - 1);
    --size_;
    ++base_;
  }
}

void Log::reset(Height height, std::optional<View> term) {
  if (size_ > 0) truncate(base_.next());
  base_ = height;
  base_term_ = term;
  head_ = 0;
  cached_from_ = height.next();
}

void Log::trim_cache(Height executed, uint32_t count, Bytes bytes) {
  cached_from_ = std::max(cached_from_, base_.next());
  while (cached_from_ <= executed && cached_from_ <= last() &&
         (executed.value() - cached_from_.value() >= count || cached_bytes_ > bytes)) {
    Entry& entry = at(cached_from_);
    if (entry.block) cached_bytes_ -= entry.block->payload_size();
    entry.block.reset();
    ++cached_from_;
  }
}

Bytes Log::memory() const { return Bytes(ring_.capacity() * sizeof(Entry)) + cached_bytes_; }

void Log::encode_state(Writer& out) const {
  out.ordinal(base_);
  out.u64(base_term_ ? base_term_->value() + 1 : 0);
  out.u64(size_);
  for (Height height = base_.next(); height <= last(); ++height) {
    const Entry& entry = at(height);
    out.ordinal(entry.term);
    out.ordinal(entry.ticket);
    out.digest(entry.block ? entry.block->digest : Digest());
  }
}

}  // namespace govchain::consensus::raft
