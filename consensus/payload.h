#pragma once
// What clients want ordered. An engine sees digest, size and count and never looks inside: one
// payload may be a single transaction, a client's batch, or (in a simulation with cohort load) a
// number of like transactions without their bytes.

#include <cstdint>
#include <vector>

#include "consensus/kept_room.h"
#include "consensus/pool.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

class Payload : public Counted {
 public:
  // Identity: two payloads with the same digest are the same payload (exactly-once). Covers bytes
  // and count (payload_digest in codec.h).
  Digest digest;
  Bytes size;                  // bytes on the wire and on disk
  uint32_t transactions = 1;   // how many transactions it stands for
  std::vector<uint8_t> bytes;  // the encoded transactions; empty for a cohort, whose cost is
                               // charged and not executed
  // Digest, size and count only, as a proposal or a log record names it: what they stand for is
  // elsewhere. Never encoded as a payload, executed or counted as held.
  bool named = false;

  void recycle() {
    digest = {};
    size = {};
    transactions = 1;
    clear_for_reuse(bytes);
    named = false;
  }
};
using PayloadRef = Ref<const Payload>;

}  // namespace govchain::consensus
