#pragma once
// A block store in memory that loses what a disk would lose, for tests and simulations.

#include <cstdint>
#include <deque>
#include <vector>

#include "consensus/block_store.h"

namespace govchain::consensus {

class MemoryBlockStore final : public BlockStore {
 public:
  [[nodiscard]] Status put(const StoredBlock& block) override;
  [[nodiscard]] Status put_checkpoint(const Checkpoint& checkpoint) override;
  [[nodiscard]] Status sync() override;
  [[nodiscard]] Status prune(Height height) override;
  [[nodiscard]] Status reset(const Checkpoint& checkpoint) override;
  void load(Height first, uint32_t count, Bytes limit,
            std::vector<StoredBlock>& out) const override;
  [[nodiscard]] Height oldest() const override { return oldest_; }
  [[nodiscard]] Height newest() const override;
  [[nodiscard]] const Checkpoint& checkpoint() const override { return checkpoint_; }
  [[nodiscard]] Bytes size() const override { return size_; }

  // Blocks up to `height`, and the checkpoint if it is not above it, are durable; at most newest().
  void mark_durable(Height height);
  [[nodiscard]] Height durable() const { return durable_; }
  // The power fails: blocks and checkpoints that are not durable are gone.
  void crash();

 private:
  static Bytes size_of(const StoredBlock& block);

  std::deque<StoredBlock> blocks_;  // blocks_[i] has height oldest_ + i
  Height oldest_{1};
  Height durable_;
  Checkpoint checkpoint_;
  Checkpoint durable_checkpoint_;
  Bytes size_;
};

}  // namespace govchain::consensus
