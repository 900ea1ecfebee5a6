#include "consensus/node/store/rocks_block_store.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/memory_block_store.h"
#include "tests/consensus/node/store/forgetful_file_system.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::ForgetfulFileSystem;
using ::testing::HasSubstr;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};

std::vector<uint8_t> encoded(const StoredBlock& stored) {
  std::vector<uint8_t> bytes;
  Writer writer(bytes);
  encode_block(*stored.block, writer);
  if (stored.certificate) encode_certificate(*stored.certificate, writer);
  return bytes;
}

std::vector<std::vector<uint8_t>> blocks_of(const BlockStore& store) {
  std::vector<StoredBlock> blocks;
  store.load(store.oldest(), UINT32_MAX, Bytes(UINT64_MAX), blocks);
  std::vector<std::vector<uint8_t>> out;
  out.reserve(blocks.size());
  for (const StoredBlock& block : blocks) out.push_back(encoded(block));
  return out;
}

bool is_same(const BlockStore& a, const BlockStore& b) {
  const Checkpoint& x = a.checkpoint();
  const Checkpoint& y = b.checkpoint();
  return a.oldest() == b.oldest() && a.newest() == b.newest() && x.height == y.height &&
         x.state_root == y.state_root && x.epoch == y.epoch && !x.certificate == !y.certificate &&
         blocks_of(a) == blocks_of(b);
}

class RocksBlockStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "govchain-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  Result<std::unique_ptr<RocksBlockStore>> try_open(const StorageOwner& owner = kOwner) {
    return RocksBlockStore::open(path_, {owner, HashAlgorithm::kSha256, environment_.get()});
  }
  void open() {
    store_.reset();
    auto store = try_open();
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }

  StoredBlock block_at(Height height) {
    auto block = Ref<Block>::make();
    block->height = height;
    const uint64_t payloads = random_.below(3);
    for (uint64_t i = 0; i < payloads; ++i) {
      block->payloads.push_back(testing_payload());
    }
    seal_block(HashAlgorithm::kSha256, *block);
    StoredBlock stored{std::move(block), {}};
    if (random_.below(3) > 0) stored.certificate = consensus::testing::random_certificate(random_);
    return stored;
  }
  PayloadRef testing_payload() {
    return consensus::testing::random_payload(random_, HashAlgorithm::kSha256);
  }
  Checkpoint checkpoint_at(Height height) {
    return {height, consensus::testing::random_digest(random_), Epoch(height.value() % 3),
            consensus::testing::random_certificate(random_)};
  }
  void put(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const Status put = store_->put(block_at(store_->newest().next()));
      ASSERT_TRUE(put) << put.error().message;
    }
  }
  // The newest file of RocksDB with this extension.
  [[nodiscard]] std::filesystem::path file(const std::string& extension) const {
    std::filesystem::path found;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().extension() == extension && entry.path() > found) found = entry.path();
    }
    return found;
  }

  std::string path_;
  std::shared_ptr<ForgetfulFileSystem> files_ = std::make_shared<ForgetfulFileSystem>();
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files_);
  RandomSource random_{1};
  std::unique_ptr<RocksBlockStore> store_;
};

TEST_F(RocksBlockStoreTest, BeginsEmpty) {
  EXPECT_EQ(store_->oldest(), Height(1));
  EXPECT_EQ(store_->newest(), Height(0));
  EXPECT_EQ(store_->checkpoint().height, Height(0));
  EXPECT_FALSE(store_->checkpoint().certificate);
  EXPECT_EQ(store_->size(), Bytes(0));
}

// Random calls, restarts and power failures, beside the store in memory. After a failure it is as
// some one call since the last sync left it.
TEST_F(RocksBlockStoreTest, IsAfterAPowerFailureAsSomeCallSinceTheLastSyncLeftIt) {
  MemoryBlockStore model;
  std::vector<MemoryBlockStore> possible{model};  // last sync, and after each call since
  uint64_t kept_unsynced = 0;
  uint64_t lost = 0;
  for (int step = 0; step < 1'500; ++step) {
    switch (random_.below(12)) {
      case 0: {
        ASSERT_TRUE(store_->sync());
        possible.assign(1, model);
        break;
      }
      case 1: {
        const Height height(model.checkpoint().height.value() + random_.below(5));
        const Checkpoint checkpoint = checkpoint_at(height);
        ASSERT_TRUE(store_->put_checkpoint(checkpoint));
        ASSERT_TRUE(model.put_checkpoint(checkpoint));
        possible.push_back(model);
        break;
      }
      case 2: {
        const Height height(model.oldest().value() + random_.below(6));
        ASSERT_TRUE(store_->prune(height));
        ASSERT_TRUE(model.prune(height));
        possible.push_back(model);
        break;
      }
      case 3: {
        if (random_.below(8) > 0) break;
        const Checkpoint checkpoint = checkpoint_at(Height(model.newest().value() + 10));
        ASSERT_TRUE(store_->reset(checkpoint));
        ASSERT_TRUE(model.reset(checkpoint));
        possible.assign(1, model);
        break;
      }
      case 4: {
        if (random_.below(4) > 0) break;
        open();
        break;
      }
      case 5: {
        if (random_.below(4) > 0) break;
        files_->stop();
        store_.reset();
        files_->crash(random_);
        open();
        const auto left = std::find_if(possible.rbegin(), possible.rend(),
                                       [&](const auto& state) { return is_same(*store_, state); });
        ASSERT_NE(left, possible.rend());
        if (left == possible.rbegin()) ++kept_unsynced;
        if (left != possible.rbegin()) ++lost;
        model = *left;
        ASSERT_TRUE(store_->sync());
        possible.assign(1, model);
        break;
      }
      default: {
        const StoredBlock block = block_at(model.newest().next());
        ASSERT_TRUE(store_->put(block));
        ASSERT_TRUE(model.put(block));
        possible.push_back(model);
      }
    }
    ASSERT_EQ(store_->oldest(), model.oldest());
    ASSERT_EQ(store_->newest(), model.newest());
    if (step % 10 == 0) {
      ASSERT_TRUE(is_same(*store_, model)) << "step " << step;
    }
  }
  EXPECT_GT(kept_unsynced, 0U);
  EXPECT_GT(lost, 0U);
}

TEST_F(RocksBlockStoreTest, SizeIsThatOfTheBlocksHeld) {
  put(5);
  const Bytes five = store_->size();
  ASSERT_TRUE(store_->prune(Height(3)));
  const Bytes three = store_->size();
  EXPECT_LT(three, five);
  open();
  EXPECT_EQ(store_->size(), three);
  ASSERT_TRUE(store_->prune(Height(100)));
  EXPECT_EQ(store_->size(), Bytes(0));
  EXPECT_EQ(store_->oldest(), Height(6));
}

TEST_F(RocksBlockStoreTest, LoadsNoMoreThanWasAskedFor) {
  put(9);
  ASSERT_TRUE(store_->prune(Height(3)));
  const auto load = [&](uint64_t first, uint32_t count, Bytes limit) {
    std::vector<StoredBlock> out;
    store_->load(Height(first), count, limit, out);
    std::vector<uint64_t> heights;
    for (const StoredBlock& block : out) heights.push_back(block.block->height.value());
    return heights;
  };
  constexpr Bytes kAll(1U << 30U);
  EXPECT_EQ(load(2, 9, kAll), std::vector<uint64_t>{});
  EXPECT_EQ(load(3, 2, kAll), (std::vector<uint64_t>{3, 4}));
  EXPECT_EQ(load(8, 9, kAll), (std::vector<uint64_t>{8, 9}));
  EXPECT_EQ(load(10, 9, kAll), std::vector<uint64_t>{});
  EXPECT_EQ(load(5, 9, Bytes(1)), std::vector<uint64_t>{5});
  EXPECT_TRUE(store_->health());
}

TEST_F(RocksBlockStoreTest, RefusesWhatDoesNotFollow) {
  put(2);
  EXPECT_EQ(store_->put(block_at(Height(2))).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(store_->put(block_at(Height(4))).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(store_->put_checkpoint(checkpoint_at(Height(2))));
  EXPECT_EQ(store_->put_checkpoint(checkpoint_at(Height(1))).error().code, ErrorCode::kInvalid);
  put(1);
}

TEST_F(RocksBlockStoreTest, RefusesTheStoreOfAnother) {
  store_.reset();
  const auto other_chain = try_open({ChainId(8), ReplicaId(2)});
  ASSERT_FALSE(other_chain);
  EXPECT_EQ(other_chain.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other_chain.error().message,
              HasSubstr("that of replica 2 of chain 7, not of replica 2 of chain 8"));
  EXPECT_FALSE(try_open({ChainId(7), ReplicaId(3)}));
  EXPECT_TRUE(try_open());
}

TEST_F(RocksBlockStoreTest, IsNotOpenedTwice) {
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
}

TEST_F(RocksBlockStoreTest, GoesOnWhenAFullDiskHasRoomAgain) {
  put(3);
  ASSERT_TRUE(store_->sync());
  files_->set_full(true);
  const StoredBlock refused = block_at(Height(4));
  EXPECT_EQ(store_->put(refused).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store_->put(refused).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store_->newest(), Height(3));
  EXPECT_EQ(blocks_of(*store_).size(), 3U) << "reads go on";
  files_->set_full(false);
  // The database looks for room by itself, too, and may find once more that there was none.
  for (const StoredBlock& block : {refused, block_at(Height(5))}) {
    Status done = store_->put(block);
    for (int tries = 0; tries < 200 && !done; ++tries) {
      ASSERT_EQ(done.error().code, ErrorCode::kExhausted);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      done = store_->put(block);
    }
    ASSERT_TRUE(done);
  }
  ASSERT_TRUE(store_->sync());
  open();
  EXPECT_EQ(store_->newest(), Height(5));
  EXPECT_EQ(blocks_of(*store_).size(), 5U);
}

TEST_F(RocksBlockStoreTest, AFailedSyncEndsIt) {
  put(1);
  files_->set_sync_fails(true);
  EXPECT_EQ(store_->sync().error().code, ErrorCode::kIo);
  files_->set_sync_fails(false);
  EXPECT_EQ(store_->sync().error().code, ErrorCode::kIo);
  EXPECT_EQ(store_->put(block_at(Height(2))).error().code, ErrorCode::kIo);
  EXPECT_EQ(store_->health().error().code, ErrorCode::kIo);
}

// A disk may have written a later page of what was not synced and not an earlier one.
TEST_F(RocksBlockStoreTest, ComesBackWhereTheEndOfItsLogSurvivedInPieces) {
  put(20);
  ASSERT_TRUE(store_->sync());
  const std::filesystem::path log = file(".log");
  const uint64_t synced = std::filesystem::file_size(log);
  put(20);
  store_.reset();
  ASSERT_GT(std::filesystem::file_size(log), synced + 500);
  {
    std::fstream bytes(log, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(synced) + 100);
    for (int i = 0; i < 200; ++i) bytes.put('\0');
  }
  const auto opened = try_open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_GE((*opened)->newest(), Height(20));
  EXPECT_LT((*opened)->newest(), Height(40));
}

TEST_F(RocksBlockStoreTest, BeginsAnewAboveACheckpointWithoutABlockBefore) {
  ASSERT_TRUE(store_->reset(checkpoint_at(Height(7))));
  open();
  EXPECT_EQ(store_->newest(), Height(7));
}

TEST_F(RocksBlockStoreTest, SaysThatItsLogHasRotted) {
  put(20);
  ASSERT_TRUE(store_->sync());
  files_->stop();
  store_.reset();
  files_->crash(random_);
  const std::filesystem::path log = file(".log");
  ASSERT_GT(std::filesystem::file_size(log), 200U);
  {
    std::fstream bytes(log, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(100);
    bytes.put('\x55');
  }
  const auto opened = try_open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt) << opened.error().message;
}

}  // namespace
}  // namespace govchain::consensus::node
