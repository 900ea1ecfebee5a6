#include "consensus/shared_digests.h"

#include <algorithm>
#include <span>
#include <utility>

namespace govchain::consensus {

namespace {

// Where a chunk with this content is remembered on this thread, if it is. What is remembered is
// bounded, and a chunk that is forgotten too early costs memory and nothing else.
DigestChunkRef& place_for(std::span<const Digest> content) {
  constexpr size_t kRemembered = 256;
  thread_local std::array<DigestChunkRef, kRemembered> known;
  size_t slot = 0;
  for (size_t i = 0; i < 8; ++i) {
    slot = (slot << 8U | slot >> 56U) ^ content.front().bytes[i] ^
           static_cast<size_t>(content.back().bytes[i]) << 4U;
  }
  return known[slot % kRemembered];
}

// The chunk with this content: one that is known on this thread, or a new one.
DigestChunkRef shared_chunk(const std::vector<Digest>& content) {
  DigestChunkRef& place = place_for(content);
  if (place && std::equal(content.begin(), content.end(), place->digests.begin())) return place;
  Ref<DigestChunk> fresh = Ref<DigestChunk>::make();
  std::copy(content.begin(), content.end(), fresh->digests.begin());
  place = DigestChunkRef(std::move(fresh));
  return place;
}

}  // namespace

void SharedDigests::add(const Digest& digest) {
  GOVCHAIN_ASSERT(size_ < capacity_);
  if (chunks_.empty()) {
    chunks_.resize(chunks_wanted());
    open_.reserve(kPerChunk);
  }
  if (open_.size() == kPerChunk) {
    // Nothing of what was in the place of the next chunk is kept any more. Whoever lags behind has
    // its own reference, so what is remembered beside the windows themselves does not grow.
    DigestChunkRef& gone = chunks_[open_chunk_];
    if (gone) {
      DigestChunkRef& place = place_for(gone->digests);
      if (place == gone) place.reset();
      gone.reset();
    }
    gone = shared_chunk(open_);
    open_chunk_ = (open_chunk_ + 1) % chunks_wanted();
    open_.clear();
  }
  open_.push_back(digest);
  ++end_;
  ++size_;
}

}  // namespace govchain::consensus
