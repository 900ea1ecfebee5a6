#pragma once
// A block: the unit that an engine orders. For Raft it is a log entry.

#include <cstdint>
#include <vector>

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
    payloads.clear();
    control.clear();
    digest = {};
  }
};
using BlockRef = Ref<const Block>;

}  // namespace govchain::consensus
