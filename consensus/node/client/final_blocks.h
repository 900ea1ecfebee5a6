#pragma once
// The final blocks that a desk remembers: whole ones as long as there is room for them, then what
// became of their payloads for much longer, so that a client that asks or submits again late gets
// the same answer. Both are bounded in bytes; the oldest go first. Not thread-safe.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

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
  explicit FinalBlocks(const FinalBlocksSettings& settings) : settings_(settings) {}

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
    BlockRef block;  // null once its room was needed
    CertificateRef certificate;
    std::vector<Receipt> receipts;
    std::vector<Digest> payloads;
    std::vector<uint32_t> receipts_end;  // of each payload; empty if the receipts do not fit them
    Bytes block_bytes;
    Bytes answer_bytes;
  };
  struct Place {
    Height height;
    uint32_t index = 0;
  };
  [[nodiscard]] const Entry* entry_at(Height height) const;
  void forget_oldest();

  const FinalBlocksSettings settings_;
  std::deque<Entry> entries_;
  size_t light_ = 0;  // entries at the front that have no block any more
  // Ordered by comparison: nobody can choose digests that fall together.
  std::map<Digest, Place> places_;
  Bytes block_bytes_;
  Bytes answer_bytes_;
};

}  // namespace govchain::consensus::node
