// What a replica begins with, whatever a crash has left.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/memory_block_store.h"
#include "consensus/memory_log.h"
#include "consensus/node/host/replica.h"
#include "tests/consensus/node/files/temporary_folder.h"
#include "tests/consensus/node/host/machine.h"
#include "tests/consensus/node/log/forgetful_disk.h"

namespace govchain::consensus::node {
namespace {

using testing::ForgetfulDisk;
using ::testing::HasSubstr;
using testing::ListApplication;
using Target = RocksStateStore::Target;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};

class Recovery : public ::testing::Test {
 protected:
  void SetUp() override {
    for (uint64_t height = 1; height <= 12; ++height) {
      auto block = Ref<Block>::make();
      block->height = Height(height);
      const std::vector<uint8_t> bytes{static_cast<uint8_t>(height)};
      block->payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, 1));
      seal_block(HashAlgorithm::kSha256, *block);
      blocks_.push_back(StoredBlock{std::move(block), {}});
    }
    parts_.genesis = [] { return std::make_unique<ListApplication>(); };
    parts_.storage.log = std::make_unique<MemoryLog>();
    parts_.storage.store = std::make_unique<MemoryBlockStore>();
    auto whole = SnapshotFolder::open(disk_.open());
    ASSERT_TRUE(whole.ok());
    parts_.snapshots.whole = *std::move(whole);
    open();
  }
  void TearDown() override { parts_.snapshots.records.reset(); }
  void open() {
    parts_.snapshots.records.reset();
    auto records = RocksStateStore::open(path_, {kOwner, HashAlgorithm::kSha256, nullptr});
    ASSERT_TRUE(records.ok()) << records.error().message;
    parts_.snapshots.records = *std::move(records);
  }
  [[nodiscard]] RocksStateStore& records() { return *parts_.snapshots.records; }
  [[nodiscard]] BlockStore& store() { return *parts_.storage.store; }
  // The state after this height, by itself.
  [[nodiscard]] std::unique_ptr<Application> state_at(uint64_t height) const {
    std::unique_ptr<Application> state = parts_.genesis();
    ExecutionResult result;
    for (uint64_t i = 0; i < height; ++i) state->execute(*blocks_[i].block, result);
    return state;
  }
  void write_state(Target target, uint64_t height, const Application& state) {
    ASSERT_TRUE(records().begin(target, {Height(height), state.state_root()}).ok());
    const auto version = state.version();
    const auto changes = version->changes_since(nullptr);
    while (true) {
      const Result<bool> more = records().append(*changes, 1'000);
      ASSERT_TRUE(more.ok());
      if (!*more) break;
    }
    ASSERT_TRUE(records().finish().ok());
  }
  void write_state(Target target, uint64_t height) {
    write_state(target, height, *state_at(height));
  }
  void put_blocks(uint64_t first, uint64_t last) {
    for (uint64_t height = first; height <= last; ++height) {
      ASSERT_TRUE(store().put(blocks_[height - 1]).ok());
    }
  }
  [[nodiscard]] Checkpoint checkpoint_at(uint64_t height) const {
    return {Height(height), state_at(height)->state_root(), Epoch(0), {}};
  }
  // It begins at this height, and has the blocks above it.
  void expect_begins_at(uint64_t height) {
    const Result<RecoveredReplica> recovered = recover(parts_);
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
    EXPECT_EQ(recovered->engine.executed_height, Height(height));
    EXPECT_EQ(recovered->engine.state_root, state_at(height)->state_root());
    EXPECT_EQ(recovered->state->state_root(), state_at(height)->state_root());
    EXPECT_EQ(recovered->engine.blocks.size(), store().newest().value() - height);
    EXPECT_EQ(recovered->stored != nullptr, height > 0);
    EXPECT_FALSE(records().staged());
    const std::optional<StoredState>& current = records().current();
    EXPECT_EQ(current ? current->height : Height(), Height(height));
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path("state");
  std::vector<StoredBlock> blocks_;
  ForgetfulDisk disk_;
  ReplicaParts parts_;
};

TEST_F(Recovery, BeginsWithNothing) { expect_begins_at(0); }

TEST_F(Recovery, RunsTheBlocksAboveTheWrittenState) {
  put_blocks(1, 10);
  ASSERT_TRUE(store().put_checkpoint(checkpoint_at(8)).ok());
  write_state(Target::kCurrent, 4);
  expect_begins_at(4);
}

// The power failed before the block store had begun anew.
TEST_F(Recovery, DropsAFetchedStateThatWasNotInstalled) {
  put_blocks(1, 5);
  ASSERT_TRUE(store().put_checkpoint(checkpoint_at(4)).ok());
  write_state(Target::kCurrent, 4);
  write_state(Target::kStaged, 8);
  expect_begins_at(4);
}

// It failed after that, and before the state was taken over.
TEST_F(Recovery, AdoptsAFetchedStateThatTheBlocksBeginAbove) {
  put_blocks(1, 5);
  write_state(Target::kCurrent, 4);
  write_state(Target::kStaged, 8);
  ASSERT_TRUE(store().reset(checkpoint_at(8)).ok());
  expect_begins_at(8);
  put_blocks(9, 10);
  open();
  expect_begins_at(8);
}

TEST_F(Recovery, AdoptsTheFirstStateThatWasFetched) {
  write_state(Target::kStaged, 8);
  ASSERT_TRUE(store().reset(checkpoint_at(8)).ok());
  expect_begins_at(8);
}

// It caught up by itself meanwhile.
TEST_F(Recovery, DropsAFetchedStateThatIsOlderThanItsOwn) {
  put_blocks(1, 12);
  ASSERT_TRUE(store().put_checkpoint(checkpoint_at(12)).ok());
  write_state(Target::kStaged, 8);
  write_state(Target::kCurrent, 12);
  expect_begins_at(12);
}

TEST_F(Recovery, RefusesAStateThatIsAheadOfTheBlocks) {
  put_blocks(1, 8);
  ASSERT_TRUE(store().put_checkpoint(checkpoint_at(4)).ok());
  write_state(Target::kCurrent, 8);
  const auto recovered = recover(parts_);
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(recovered.error().message, HasSubstr("the state is that at height 8"));
}

// Records that do not give their root: all blocks are run again if they are there.
TEST_F(Recovery, DoesNotBeginWithADamagedState) {
  put_blocks(1, 10);
  ASSERT_TRUE(store().put_checkpoint(checkpoint_at(8)).ok());
  ASSERT_TRUE(records().begin(Target::kCurrent, {Height(8), state_at(8)->state_root()}).ok());
  const auto other = state_at(7)->version();
  ASSERT_FALSE(*records().append(*other->changes_since(nullptr), 1'000));
  ASSERT_TRUE(records().finish().ok());
  Result<RecoveredReplica> recovered = recover(parts_);
  ASSERT_TRUE(recovered.ok());
  EXPECT_EQ(recovered->engine.executed_height, Height(0));
  EXPECT_EQ(recovered->engine.blocks.size(), 10U);
  EXPECT_EQ(recovered->stored, nullptr);
  ASSERT_TRUE(store().prune(Height(3)).ok());
  recovered = recover(parts_);
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(recovered.error().message, HasSubstr("its records do not give its root"));
}

}  // namespace
}  // namespace govchain::consensus::node
