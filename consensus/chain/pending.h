#pragma once
// What the host was asked to do and has not answered: signatures, verifications, blocks to load.

#include <cstdint>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/message.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

struct PendingSign {
  Token token;
  MessageRef draft;
  Ticket after;
};

struct PendingVerification {
  enum class Kind : uint8_t {
    kMessage,
    kConflict,
    kBlock,
    kEpochChange,
    kCheckpoint,
    kPayloads,      // of a block that is proposed
    kRequest,       // payloads that another replica passes on
    kAvailability,  // certificate of a batch
    kBatch,         // its payloads
  };
  Token token;
  Kind kind = Kind::kMessage;
  uint32_t peer = 0;  // position of who caused it
  Epoch epoch;        // in which that position counts
  MessageRef message;
  MessageRef other;            // conflict: the first message
  CertificateRef certificate;  // block, checkpoint, availability
  BlockRef block;     // payloads, epoch change, batch; request: holds its payloads, no more
  bool flag = false;  // block: last of its answer; checkpoint: blocks are gone
};

struct PendingLoad {
  Token token;
  uint32_t peer = 0;  // kNobody: for the window of ordered payloads
  Epoch epoch;
};

}  // namespace govchain::consensus::chain
