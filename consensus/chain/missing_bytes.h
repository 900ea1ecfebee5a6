#pragma once
// What is known by the names of its payloads, until their bytes are here: proposals (bodies.cpp)
// and blocks that are final (missing_bytes.cpp).

#include <cstdint>
#include <vector>

#include "consensus/message.h"
#include "consensus/payload.h"
#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

// A proposal that names payloads which are not all here.
struct NamedProposal {
  MessageRef message;
  uint32_t peer = 0;
};

// Bytes that a certified block names and this replica lacks, of one batch.
struct MissingBatch {
  Digest batch;
  Height height;                     // of the block
  std::vector<PayloadRef> payloads;  // those in the block: named, or found meanwhile
  std::vector<ReplicaId> signers;    // one of them is honest and has all
  uint32_t asked = 0;
  TimePoint due;
};

}  // namespace govchain::consensus::chain
