#pragma once
// When the state of a checkpoint is written to the disk, by a node and by what models one.

#include <cstddef>
#include <optional>

#include "consensus/units.h"

namespace govchain::consensus {

struct SnapshotPolicy {
  // Once the blocks executed since the last that was written have as many bytes as `least`, and as
  // many as a `share`-th of it: then running them again takes about as long as reading it.
  Bytes least = Bytes(16U << 20U);
  uint64_t share = 4;
  // States of checkpoints that are held besides, the newest; more than an engine's window has.
  size_t held = 16;

  // `newest`: the size of the last that was written, if there is one.
  [[nodiscard]] bool is_due(Bytes executed, std::optional<Bytes> newest) const {
    return executed >= least && (!newest || executed.count() >= newest->count() / share);
  }
};

// What a block counts besides its payloads, so that empty ones count, too.
inline constexpr Bytes kExecutedBlockBytes{256};

}  // namespace govchain::consensus
