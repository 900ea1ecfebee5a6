#pragma once
// Committed blocks and the newest stable checkpoint (effect::Commit, CheckpointStable, Load). A
// node implements it with RocksDB, a simulation with MemoryBlockStore.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/checkpoint.h"
#include "consensus/input.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

class BlockStore {
 public:
  virtual ~BlockStore() = default;
  // Heights are consecutive: the block follows newest().
  [[nodiscard]] virtual Status put(const StoredBlock& block) = 0;
  // Replaces the newest stable checkpoint; its height never goes back.
  [[nodiscard]] virtual Status put_checkpoint(const Checkpoint& checkpoint) = 0;
  // Makes everything put so far durable.
  [[nodiscard]] virtual Status sync() = 0;
  // Blocks below `height` may go.
  [[nodiscard]] virtual Status prune(Height height) = 0;
  // Drops all blocks: the state was replaced by the snapshot of `checkpoint`, and the next block is
  // the one after it.
  [[nodiscard]] virtual Status reset(const Checkpoint& checkpoint) = 0;

  // Appends consecutive blocks from `first` to `out`: at most `count`, and none after the first
  // that brings them to `limit` bytes. Appends nothing if `first` is not here.
  virtual void load(Height first, uint32_t count, Bytes limit,
                    std::vector<StoredBlock>& out) const = 0;
  // Lowest and highest height held; if none is held, newest() is the height that the next block
  // follows and oldest() the one after it.
  [[nodiscard]] virtual Height oldest() const = 0;
  [[nodiscard]] virtual Height newest() const = 0;
  // Height 0 and no certificate if there has been none.
  [[nodiscard]] virtual const Checkpoint& checkpoint() const = 0;
  // Bytes of blocks and certificates held.
  [[nodiscard]] virtual Bytes size() const = 0;
};

}  // namespace govchain::consensus
