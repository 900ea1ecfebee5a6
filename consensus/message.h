#pragma once
// A message between replicas. All protocols share one header, which is also what the sender signs
// (as a Statement); what a protocol adds is a body in its own canonical encoding, and payloads by
// reference. A vote is a message without body.

#include <cstdint>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/kept_room.h"
#include "consensus/payload.h"
#include "consensus/pool.h"
#include "consensus/protocol_version.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

// Transports keep one queue per lane, so that a vote does not wait behind a body.
enum class Lane : uint8_t { kVote = 0, kBody = 1, kBulk = 2 };
inline constexpr size_t kLanes = 3;

class Message : public Counted {
 public:
  Protocol protocol = Protocol::kPbft;
  uint8_t type = 0;  // the protocol's own enumeration
  Lane lane = Lane::kVote;
  // Of the rules by which the sender speaks; leads the encoding. What is signed has that of its
  // epoch.
  ProtocolVersion version = kOldestProtocolVersion;
  ReplicaId sender;
  Epoch epoch;
  View view;
  Height height;
  Digest
      digest;  // of block, state or body, as the type says; with it the signature covers the body
  Signature signature;  // zero where the protocol relies on the authenticated channel alone
  std::vector<uint8_t> body;
  std::vector<PayloadRef> payloads;
  BlockRef block;  // the block that a proposal carries; its payloads count towards the wire size
  // The block's payloads travel as digest, size and count only: whoever gets it has their bytes
  // from elsewhere, or asks for them. What stands in `block` here beyond that must not be looked
  // at.
  bool by_digest = false;
  Bytes wire_size;  // set by seal_message (consensus/codec.h): what encode() would produce, payload
                    // sizes included

  [[nodiscard]] Statement statement(ChainId chain) const {
    return Statement{chain, epoch, protocol, type, view, height, digest, version};
  }
  // All of it: what one world left in the pool must not show in the next.
  void recycle() {
    protocol = Protocol::kPbft;
    type = 0;
    lane = Lane::kVote;
    version = kOldestProtocolVersion;
    sender = {};
    epoch = {};
    view = {};
    height = {};
    digest = {};
    signature = {};
    clear_for_reuse(body);
    clear_for_reuse(payloads);
    block.reset();
    by_digest = false;
    wire_size = {};
  }
};
using MessageRef = Ref<const Message>;

// Views, heights and epochs count up from 0 and 1. One that cannot have been reached comes from a
// peer that lies, and would overflow when something is added to it.
inline constexpr uint64_t kMaxOrdinal = 1ULL << 62U;
[[nodiscard]] inline bool has_sane_header(const Message& message) {
  return message.view.value() < kMaxOrdinal && message.height.value() < kMaxOrdinal &&
         message.epoch.value() < kMaxOrdinal;
}

}  // namespace govchain::consensus
