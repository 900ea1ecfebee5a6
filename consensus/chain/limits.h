#pragma once
// Named bounds of what peers and clients can make a replica keep.

#include <cstddef>
#include <cstdint>

#include "consensus/chain/messages.h"

namespace govchain::consensus::chain {

inline constexpr size_t kMaxCatchUpBlocks = 64;      // committed blocks that wait for their turn
inline constexpr size_t kMaxPendingReads = 4'096;    // more are refused
inline constexpr size_t kMaxOrderedNotices = 4'096;  // payloads that peers call already ordered
inline constexpr uint32_t kMaxPendingPerPeer = 64;   // verifications under way for one peer
inline constexpr size_t kMaxFuturePerPeer = 64;      // messages of a later height or epoch
inline constexpr size_t kMaxNamedPerPeer = 4;        // proposals that wait for their payloads
inline constexpr size_t kMaxHeldBlocks = 32;  // whole proposals kept for those who lack bodies
inline constexpr size_t kMaxBatchesPerOrigin = 64;  // held and not ordered
inline constexpr size_t kMaxOwnUncertified = 8;     // sent and not acknowledged by enough
inline constexpr size_t kMaxMissingBatches = 256;   // of which bytes are being asked for
inline constexpr size_t kMaxFormerMembers = 64;     // removed members that are told of it
inline constexpr int64_t kDoubtTimeouts = 8;  // base timeouts until a doubtful payload is given up
inline constexpr size_t kMaxBlamed = 64;      // equivocations remembered, not to be told twice
inline constexpr size_t kRemembered = kMaxRequestPayloads;  // ordered payloads known after a crash
inline constexpr size_t kCachedBlocks = 32;                 // committed blocks kept for laggards
inline constexpr size_t kCheckpointEntries = 4;             // checkpoints voted for at a time

}  // namespace govchain::consensus::chain
