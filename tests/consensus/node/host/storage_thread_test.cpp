#include "consensus/node/host/storage_thread.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/memory_block_store.h"
#include "consensus/memory_log.h"

namespace govchain::consensus::node {
namespace {

constexpr std::chrono::seconds kPatience{30};

// Shared with the storage thread, which owns what it gets: looks at the disk under a lock.
struct Disk {
  std::mutex mutex;
  bool full = false;
  bool broken = false;
  uint64_t syncs = 0;
};

class TestLog final : public WriteAheadLog {
 public:
  explicit TestLog(Disk& disk) : disk_(disk) {}
  [[nodiscard]] Status append(Ticket ticket, LogRecordRef record) override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.full) return Error{ErrorCode::kExhausted, "full", "log"};
    return log_.append(ticket, std::move(record));
  }
  [[nodiscard]] Result<Ticket> sync() override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.broken) return Error{ErrorCode::kIo, "broken", "log"};
    ++disk_.syncs;
    return log_.sync();
  }
  [[nodiscard]] Status truncate(Ticket before) override { return log_.truncate(before); }
  [[nodiscard]] Ticket last() const override { return log_.last(); }
  [[nodiscard]] Ticket durable() const override { return log_.durable(); }
  [[nodiscard]] Result<std::vector<LoggedRecord>> read_durable() const override {
    return log_.read_durable();
  }
  [[nodiscard]] Bytes size() const override { return log_.size(); }

 private:
  Disk& disk_;
  MemoryLog log_;
};

class Listener final : public StorageListener {
 public:
  void on_persisted(Ticket durable) override {
    const std::lock_guard lock(mutex_);
    durable_ = durable;
    changed_.notify_all();
  }
  void on_append_refused(Ticket ticket, bool disk_full, const Error& /*error*/) override {
    const std::lock_guard lock(mutex_);
    (disk_full ? refused_ : failed_).push_back(ticket);
    changed_.notify_all();
  }
  void on_loaded(input::Loaded loaded) override {
    const std::lock_guard lock(mutex_);
    loaded_.push_back(std::move(loaded));
    changed_.notify_all();
  }
  void on_store_reset(const Checkpoint& checkpoint) override {
    const std::lock_guard lock(mutex_);
    reset_ = checkpoint.height;
    changed_.notify_all();
  }
  void on_store_failed(const Error& /*error*/) override { ADD_FAILURE(); }

  template <typename Predicate>
  [[nodiscard]] bool wait(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, predicate);
  }
  Ticket durable_;
  std::vector<Ticket> refused_;
  std::vector<Ticket> failed_;
  std::vector<input::Loaded> loaded_;
  Height reset_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

StorageCommand persist(uint64_t ticket) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = 1;
  return effect::Persist{Ticket(ticket), LogRecordRef(std::move(record))};
}

StorageCommand store_block(uint64_t height) {
  Ref<Block> block = Ref<Block>::make();
  block->height = Height(height);
  seal_block(HashAlgorithm::kSha256, *block);
  return StoreBlock{{BlockRef(std::move(block)), {}}};
}

StorageCommand load(uint64_t token, uint64_t first) {
  effect::Load load;
  load.token = Token(token);
  load.first = Height(first);
  load.count = 100;
  load.limit = Bytes(1U << 20U);
  return load;
}

class Storage : public ::testing::Test {
 protected:
  void give(std::vector<StorageCommand> commands) { thread_->give(commands); }

  Disk disk_;
  Listener listener_;
  std::unique_ptr<StorageThread> thread_ = std::make_unique<StorageThread>(
      StorageParts{std::make_unique<TestLog>(disk_), std::make_unique<MemoryBlockStore>(),
                   [] { return success(); }},
      listener_);
};

TEST_F(Storage, OneSyncMakesDurableWhatCameTogether) {
  std::vector<StorageCommand> commands;
  for (uint64_t ticket = 1; ticket <= 20; ++ticket) commands.push_back(persist(ticket));
  give(std::move(commands));
  ASSERT_TRUE(listener_.wait([&] { return listener_.durable_ == Ticket(20); }));
  EXPECT_EQ(thread_->durable(), Ticket(20));
  const std::lock_guard lock(disk_.mutex);
  EXPECT_EQ(disk_.syncs, 1U);
}

TEST_F(Storage, BlocksAreThereForWhoeverLoadsThemAfterwards) {
  give({store_block(1), store_block(2), load(5, 1)});
  ASSERT_TRUE(listener_.wait([&] { return !listener_.loaded_.empty(); }));
  EXPECT_EQ(listener_.loaded_[0].token, Token(5));
  EXPECT_EQ(listener_.loaded_[0].blocks.size(), 2U);
}

// A commit is told again after a restart; it must not be taken for a gap.
TEST_F(Storage, BlockThatTheStoreHasIsNotPutAgain) {
  give(
      {store_block(1), store_block(2), store_block(1), store_block(2), store_block(3), load(5, 1)});
  ASSERT_TRUE(listener_.wait([&] { return !listener_.loaded_.empty(); }));
  EXPECT_EQ(listener_.loaded_[0].blocks.size(), 3U);
}

TEST_F(Storage, FullDiskIsToldAndRecordsAreWrittenInOrderOnceThereIsRoom) {
  {
    const std::lock_guard lock(disk_.mutex);
    disk_.full = true;
  }
  give({persist(1)});
  give({persist(2), load(9, 1)});
  // Reads go on meanwhile.
  ASSERT_TRUE(listener_.wait([&] { return !listener_.loaded_.empty(); }));
  ASSERT_TRUE(listener_.wait([&] { return listener_.refused_.size() >= 2; }));
  EXPECT_EQ(listener_.durable_, Ticket());
  {
    const std::lock_guard lock(disk_.mutex);
    disk_.full = false;
  }
  give({persist(3)});
  ASSERT_TRUE(listener_.wait([&] { return listener_.durable_ == Ticket(3); }));
  EXPECT_TRUE(listener_.failed_.empty());
}

TEST_F(Storage, FailedSyncEndsWritingForGood) {
  {
    const std::lock_guard lock(disk_.mutex);
    disk_.broken = true;
  }
  give({persist(1)});
  ASSERT_TRUE(listener_.wait([&] { return !listener_.failed_.empty(); }));
  {
    const std::lock_guard lock(disk_.mutex);
    disk_.broken = false;
  }
  give({persist(2)});
  ASSERT_TRUE(listener_.wait([&] { return listener_.failed_.size() >= 2; }));
  EXPECT_EQ(listener_.durable_, Ticket());
}

TEST_F(Storage, StoreBeginsAnewAboveACheckpoint) {
  Checkpoint checkpoint;
  checkpoint.height = Height(10);
  give({store_block(1), ResetStore{checkpoint}, store_block(2), store_block(11), load(1, 11)});
  ASSERT_TRUE(listener_.wait([&] { return !listener_.loaded_.empty(); }));
  EXPECT_EQ(listener_.reset_, Height(10));
  EXPECT_EQ(listener_.loaded_[0].blocks.size(), 1U);
}

TEST_F(Storage, WhatWasGivenIsWrittenBeforeTheThreadEnds) {
  give({persist(1), persist(2)});
  thread_.reset();
  EXPECT_EQ(listener_.durable_, Ticket(2));
}

}  // namespace
}  // namespace govchain::consensus::node
