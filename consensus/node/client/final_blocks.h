#pragma once
// The final blocks that a desk remembers: whole ones as long as there is room for them, then what
// became of their payloads for much longer, so that a client that asks or submits again late gets
// the same answer. Both are bounded in bytes; the oldest go first. Not thread-safe.

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "consensus/digest_index.h"
#include "consensus/input.h"
#include "consensus/node/client/answer.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

struct FinalBlocksSettings {
  Bytes blocks{64U << 20U};   // with the bytes of their payloads
  Bytes answers{64U << 20U};  // digests, receipts and certificates
};

class FinalBlocks {
 public:
  // `seed` of the table of payloads; by itself, one that nobody can know.
  explicit FinalBlocks(const FinalBlocksSettings& settings);
  // `first`: the number of the first payload, of which only the last 32 bits are kept by digest.
  FinalBlocks(const FinalBlocksSettings& settings, uint64_t seed, uint64_t first = 0);

  // Heights ascend; one that is not above the newest was seen before, and does nothing.
  void add(const StoredBlock& stored, std::span<const Receipt> receipts);

  // What became of this payload, if it is remembered.
  [[nodiscard]] std::optional<Answer> find(const Digest& payload) const;
  // Of a block that is still whole.
  struct Whole {
    StoredBlock stored;
    std::vector<Receipt> receipts;
  };
  [[nodiscard]] std::optional<Whole> find(Height height) const;
  // Heights of the blocks that are still whole; heights between them may lack.
  struct Range {
    Height oldest;
    Height newest;
  };
  [[nodiscard]] std::optional<Range> held() const;
  // How many payloads are remembered, and in how much room.
  [[nodiscard]] size_t payloads() const { return places_.size(); }
  [[nodiscard]] Bytes memory() const { return block_bytes_ + answer_bytes_; }

 private:
  struct Entry {
    Height height;
    uint64_t first = 0;  // number of its first payload, of all that were ever added
    BlockRef block;      // null once its room was needed
    CertificateRef certificate;
    std::vector<Receipt> receipts;
    std::vector<Digest> payloads;
    std::vector<uint32_t> receipts_end;  // of each payload; empty if the receipts do not fit them
    Bytes block_bytes;
    Bytes answer_bytes;
  };
  [[nodiscard]] const Entry* entry_at(Height height) const;
  // Of a payload that is remembered.
  [[nodiscard]] uint64_t number_at(uint32_t place) const;
  void forget_oldest();

  const FinalBlocksSettings settings_;
  std::deque<Entry> entries_;
  size_t light_ = 0;  // entries at the front that have no block any more
  // By digest the number of a payload, modulo 2^32: far fewer are remembered at a time.
  DigestIndex places_;
  uint64_t next_ = 0;
  Bytes block_bytes_;
  Bytes answer_bytes_;
};

}  // namespace govchain::consensus::node
