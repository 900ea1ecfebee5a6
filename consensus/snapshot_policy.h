#pragma once
// When the state of a checkpoint is written to the disk, by a node and by what models one.

#include <cstddef>

#include "consensus/units.h"

namespace govchain::consensus {

struct SnapshotPolicy {
  // Once the blocks executed since the last that was written have as many bytes: what a replica
  // that starts again executes once more, and has in memory at once.
  Bytes least = Bytes(16U << 20U);
  // States of checkpoints that are held besides, the newest; more than an engine's window has.
  size_t held = 16;

  [[nodiscard]] bool is_due(Bytes executed) const { return executed >= least; }
};

// A state is written beside everything else that a replica does, and all replicas of a chain write
// the same ones. So it is written in pieces, of what so many bytes of executed blocks have changed
// or somewhat more, with a rest after each that is a multiple of what it took.
inline constexpr Bytes kStatePieceBytes{256U << 10U};
inline constexpr int64_t kStateRest = 3;

// What a block counts besides its payloads, so that empty ones count, too.
inline constexpr Bytes kExecutedBlockBytes{256};

}  // namespace govchain::consensus
