#include "consensus/memory_block_store.h"

#include <string>

#include "consensus/assert.h"
#include "consensus/codec.h"

namespace govchain::consensus {

Height MemoryBlockStore::newest() const { return Height(oldest_.value() - 1 + blocks_.size()); }

Bytes MemoryBlockStore::size_of(const StoredBlock& block) {
  Bytes size = encoded_size(*block.block);
  if (block.certificate) {
    size += Bytes(block.certificate->signers.size() * (sizeof(ReplicaId) + sizeof(Signature)));
  }
  return size;
}

Status MemoryBlockStore::put(const StoredBlock& block) {
  GOVCHAIN_ASSERT(block.block);
  if (block.block->height != newest().next()) {
    return Error{ErrorCode::kInvalid,
                 "block " + std::to_string(block.block->height.value()) +
                     " does not follow block " + std::to_string(newest().value()),
                 "block store"};
  }
  size_ += size_of(block);
  blocks_.push_back(block);
  return success();
}

Status MemoryBlockStore::put_checkpoint(const Checkpoint& checkpoint) {
  if (checkpoint.height < checkpoint_.height) {
    return Error{ErrorCode::kInvalid,
                 "checkpoint " + std::to_string(checkpoint.height.value()) + " is older than " +
                     std::to_string(checkpoint_.height.value()),
                 "block store"};
  }
  checkpoint_ = checkpoint;
  return success();
}

Status MemoryBlockStore::sync() {
  mark_durable(newest());
  durable_checkpoint_ = checkpoint_;
  return success();
}

Status MemoryBlockStore::prune(Height height) {
  while (!blocks_.empty() && oldest_ < height) {
    size_ -= size_of(blocks_.front());
    blocks_.pop_front();
    ++oldest_;
  }
  return success();
}

Status MemoryBlockStore::reset(const Checkpoint& checkpoint) {
  blocks_.clear();
  size_ = Bytes(0);
  oldest_ = checkpoint.height.next();
  durable_ = checkpoint.height;
  checkpoint_ = checkpoint;
  durable_checkpoint_ = checkpoint;
  return success();
}

void MemoryBlockStore::load(Height first, uint32_t count, Bytes limit,
                            std::vector<StoredBlock>& out) const {
  if (first < oldest_) return;
  Bytes loaded;
  for (Height height = first; height <= newest() && count > 0; ++height, --count) {
    const StoredBlock& block = blocks_[height.value() - oldest_.value()];
    out.push_back(block);
    loaded += size_of(block);
    if (loaded >= limit) return;
  }
}

void MemoryBlockStore::mark_durable(Height height) {
  GOVCHAIN_ASSERT(height <= newest());
  if (height > durable_) durable_ = height;
  if (checkpoint_.height <= height) durable_checkpoint_ = checkpoint_;
}

void MemoryBlockStore::crash() {
  while (!blocks_.empty() && newest() > durable_) {
    size_ -= size_of(blocks_.back());
    blocks_.pop_back();
  }
  checkpoint_ = durable_checkpoint_;
}

}  // namespace govchain::consensus
