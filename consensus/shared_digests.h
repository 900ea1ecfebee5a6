#pragma once
// The newest digests of a long sequence, such as the payloads that a chain has ordered.
//
// All replicas of a chain go through the same sequence, and a process may hold many replicas (a
// simulation of 128 held 128 copies of it: half of its memory). So the sequence is cut into chunks,
// and a chunk that is full is replaced by an equal one if this thread has one already. Sharing
// follows from equal content alone, so it changes nothing that an engine does.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/assert.h"
#include "consensus/pool.h"
#include "consensus/types.h"

namespace govchain::consensus {

// Immutable once it is shared.
class DigestChunk : public Counted {
 public:
  static constexpr size_t kDigests = 256;
  std::array<Digest, kDigests> digests;
  void recycle() {}
};
using DigestChunkRef = Ref<const DigestChunk>;

class SharedDigests {
 public:
  // Keeps the last `capacity` of them.
  explicit SharedDigests(uint32_t capacity) : capacity_(capacity) {}

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] uint32_t size() const { return size_; }
  // The number of those that were ever added; positions [end() - size(), end()) are kept.
  [[nodiscard]] uint64_t end() const { return end_; }
  [[nodiscard]] uint64_t begin() const { return end_ - size_; }
  // Positions repeat modulo this, which is more than are kept: what an index may store of one.
  [[nodiscard]] uint32_t places() const { return chunks_wanted() * kPerChunk; }
  // By position modulo places(); it must be kept.
  [[nodiscard]] const Digest& at_place(uint32_t place) const {
    const uint32_t chunk = place / kPerChunk;
    return chunk == open_chunk_ ? open_[place % kPerChunk]
                                : chunks_[chunk]->digests[place % kPerChunk];
  }
  [[nodiscard]] uint32_t place_of(uint64_t position) const {
    return static_cast<uint32_t>(position % places());
  }
  [[nodiscard]] const Digest& at(uint64_t position) const { return at_place(place_of(position)); }

  void drop_oldest() {
    GOVCHAIN_ASSERT(size_ > 0);
    --size_;
  }
  // There must be room: size() < capacity().
  void add(const Digest& digest);

  // Of this object alone: chunks count as if nobody shared them.
  [[nodiscard]] size_t memory() const {
    return open_.capacity() * sizeof(Digest) +
           chunks_.size() * (sizeof(DigestChunkRef) + sizeof(DigestChunk));
  }

 private:
  static constexpr uint32_t kPerChunk = DigestChunk::kDigests;
  // The kept ones may begin and end in the middle of a chunk.
  [[nodiscard]] uint32_t chunks_wanted() const { return capacity_ / kPerChunk + 2; }

  uint32_t capacity_;
  uint32_t size_ = 0;
  uint64_t end_ = 0;
  uint32_t open_chunk_ = 0;             // the chunk that is being filled
  std::vector<Digest> open_;            // its content
  std::vector<DigestChunkRef> chunks_;  // a ring, by position
};

}  // namespace govchain::consensus
