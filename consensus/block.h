#pragma once
// A block: the unit that an engine orders. For Raft it is a log entry.

#include <cstdint>
#include <utility>
#include <vector>

#include "consensus/kept_room.h"
#include "consensus/payload.h"
#include "consensus/pool.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

class Block : public Counted {
 public:
  Height height;
  View view;  // view (term) in which it was first proposed; survives re-proposal in a later view
  Epoch epoch;
  ReplicaId proposer;
  // Proposer's wall clock in nanoseconds since 1970; the ledger uses max(previous block's, this),
  // so time never runs backwards on a chain.
  int64_t wall_time = 0;
  std::vector<PayloadRef> payloads;
  std::vector<uint8_t> control;  // encoded membership change, or empty
  Digest digest;                 // of all the above; set by seal_block (consensus/codec.h)
  // Where the payloads are named and may be missing: proof that their bytes can be had
  // (consensus/chain/availability.h). A block that has it goes on the wire and into the log by its
  // names. No part of its identity: another proposer may prove the same with others' signatures.
  std::vector<uint8_t> availability;

  [[nodiscard]] Bytes payload_size() const {
    Bytes total;
    for (const PayloadRef& payload : payloads) total += payload->size;
    return total;
  }
  [[nodiscard]] uint64_t transactions() const {
    uint64_t total = 0;
    for (const PayloadRef& payload : payloads) total += payload->transactions;
    return total;
  }
  void recycle() {
    height = {};
    view = {};
    epoch = {};
    proposer = {};
    wall_time = 0;
    clear_for_reuse(payloads);
    clear_for_reuse(control);
    digest = {};
    clear_for_reuse(availability);
  }
};
using BlockRef = Ref<const Block>;

// The same block with these payloads in the place of its own: objects that hold their bytes, or
// only their names, of the same digests, sizes and counts. Without what lies beside its digest.
[[nodiscard]] inline Ref<Block> same_block(const Block& block, std::vector<PayloadRef> payloads) {
  Ref<Block> same = Ref<Block>::make();
  same->height = block.height;
  same->view = block.view;
  same->epoch = block.epoch;
  same->proposer = block.proposer;
  same->wall_time = block.wall_time;
  same->payloads = std::move(payloads);
  same->control.assign(block.control.begin(), block.control.end());
  same->digest = block.digest;
  return same;
}

}  // namespace govchain::consensus
