#include "consensus/node/store/rocks_state_store.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/files/temporary_folder.h"
#include "tests/consensus/node/store/forgetful_file_system.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::ForgetfulFileSystem;
using ::testing::HasSubstr;
using BytesOf = std::vector<uint8_t>;
using Records = std::map<BytesOf, BytesOf>;
using Target = RocksStateStore::Target;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};

// What makes one map out of another, one key at a time; with ranges where both ends are told.
class MapChanges final : public StateChanges {
 public:
  MapChanges(const Records& from, const Records& to) {
    for (const auto& [key, value] : to) {
      const auto before = from.find(key);
      if (before == from.end() || before->second != value) steps_[key] = value;
    }
    for (const auto& [key, value] : from) {
      if (!to.contains(key)) steps_[key] = std::nullopt;
    }
    next_ = steps_.begin();
  }
  // And all that had this first byte is gone first.
  void erase_first(uint8_t byte) { range_ = byte; }

  bool write(size_t /*bytes*/, StateWriter& out) override {
    if (const auto byte = std::exchange(range_, std::nullopt)) {
      const uint8_t end = static_cast<uint8_t>(*byte + 1);
      out.erase_range({&*byte, 1}, {&end, 1});
    }
    if (next_ == steps_.end()) return false;
    const auto& [key, value] = *next_++;
    if (value) {
      out.put(key, *value);
    } else {
      out.erase(key);
    }
    return next_ != steps_.end();
  }

 private:
  std::map<BytesOf, std::optional<BytesOf>> steps_;
  std::map<BytesOf, std::optional<BytesOf>>::iterator next_;
  std::optional<uint8_t> range_;
};

// All that a store holds.
struct Model {
  std::optional<StoredState> current;
  Records records;
  std::optional<StoredState> staged;
  Records staged_records;
};

class RocksStateStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { store_.reset(); }
  Result<std::unique_ptr<RocksStateStore>> try_open(const StorageOwner& owner = kOwner) {
    return RocksStateStore::open(path_, {owner, HashAlgorithm::kSha256, environment_.get()});
  }
  void open() {
    store_.reset();
    auto store = try_open();
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
  }
  [[nodiscard]] Records records_of(const RocksStateStore& store) const {
    Records records;
    EXPECT_TRUE(store.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
      records[BytesOf(key.begin(), key.end())] = BytesOf(value.begin(), value.end());
    }));
    return records;
  }
  [[nodiscard]] bool is(const Model& model) const {
    return store_->current() == model.current && store_->staged() == model.staged &&
           records_of(*store_) == model.records;
  }
  [[nodiscard]] BytesOf random_bytes(uint64_t most) {
    BytesOf bytes(random_.below(most + 1));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_.below(4));
    return bytes;
  }
  [[nodiscard]] StoredState state_at(uint64_t height) {
    return {Height(height), consensus::testing::random_digest(random_)};
  }
  // Another state than this one, some keys apart.
  [[nodiscard]] Records changed(Records records) {
    for (uint64_t i = random_.below(30); i > 0; --i) {
      if (random_.below(3) == 0 && !records.empty()) {
        records.erase(records.begin());
      } else {
        records[random_bytes(4)] = random_bytes(20);
      }
    }
    return records;
  }
  Status write(Target target, const StoredState& state, MapChanges& changes) {
    if (Status begun = store_->begin(target, state); !begun) return begun;
    while (true) {
      const Result<bool> more = store_->append(changes, 10);
      if (!more) return more.error();
      if (!*more) return store_->finish();
    }
  }
  Status write(Target target, const StoredState& state, const Records& from, const Records& to) {
    MapChanges changes(from, to);
    return write(target, state, changes);
  }

  testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path("state");
  std::shared_ptr<ForgetfulFileSystem> files_ = std::make_shared<ForgetfulFileSystem>();
  std::unique_ptr<rocksdb::Env> environment_ = rocksdb::NewCompositeEnv(files_);
  RandomSource random_{1};
  std::unique_ptr<RocksStateStore> store_;
};

TEST_F(RocksStateStoreTest, BeginsEmpty) {
  EXPECT_FALSE(store_->current());
  EXPECT_FALSE(store_->staged());
  EXPECT_TRUE(records_of(*store_).empty());
}

// Random writes, restarts and power failures, beside a map. What was finished is there, and what
// was not is not, in part or whole.
TEST_F(RocksStateStoreTest, IsAfterAPowerFailureAsTheLastFinishedWriteLeftIt) {
  Model model;
  uint64_t height = 0;
  uint64_t crashes_in_writes = 0;
  for (int step = 0; step < 150; ++step) {
    const StoredState state = state_at(++height);
    switch (random_.below(10)) {
      case 0: {
        const Records staged = changed({});
        ASSERT_TRUE(write(Target::kStaged, state, {}, staged));
        model.staged = state;
        model.staged_records = staged;
        break;
      }
      case 1: {
        if (!model.staged) break;
        ASSERT_TRUE(store_->adopt());
        model.current = std::exchange(model.staged, std::nullopt);
        model.records = std::exchange(model.staged_records, {});
        break;
      }
      case 2: {
        ASSERT_TRUE(store_->drop_staged());
        model.staged.reset();
        break;
      }
      case 3: {
        // In the middle of a write.
        MapChanges changes(model.records, changed(model.records));
        ASSERT_TRUE(
            store_->begin(random_.below(2) == 0 ? Target::kStaged : Target::kCurrent, state));
        for (uint64_t i = random_.below(5); i > 0; --i) {
          const Result<bool> more = store_->append(changes, 10);
          ASSERT_TRUE(more);
          if (!*more) break;
        }
        if (random_.below(3) == 0) {
          store_->abandon();
          break;
        }
        ++crashes_in_writes;
        [[fallthrough]];
      }
      case 4: {
        files_->stop();
        store_.reset();
        files_->crash(random_);
        open();
        break;
      }
      case 5: {
        open();
        break;
      }
      case 6: {
        // A whole range goes, and some of it comes anew.
        const auto byte = static_cast<uint8_t>(random_.below(4));
        Records rest;
        for (const auto& [key, value] : model.records) {
          if (key.empty() || key.front() != byte) rest[key] = value;
        }
        Records next = rest;
        next[{byte, 9}] = random_bytes(5);
        MapChanges changes(rest, next);
        changes.erase_first(byte);
        ASSERT_TRUE(write(Target::kCurrent, state, changes));
        model.current = state;
        model.records = next;
        break;
      }
      default: {
        const Records next = changed(model.records);
        ASSERT_TRUE(write(Target::kCurrent, state, model.records, next));
        model.current = state;
        model.records = next;
      }
    }
    ASSERT_TRUE(is(model)) << "step " << step;
  }
  EXPECT_GT(crashes_in_writes, 2U);
}

TEST_F(RocksStateStoreTest, RefusesTheStateOfAnother) {
  store_.reset();
  const auto other = try_open({ChainId(8), ReplicaId(2)});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other.error().message,
              HasSubstr("that of replica 2 of chain 7, not of replica 2 of chain 8"));
  EXPECT_TRUE(try_open());
}

TEST_F(RocksStateStoreTest, AFullDiskRefusesAndLeavesTheStateAsItWas) {
  const Records first = changed(changed({}));
  const StoredState state = state_at(1);
  ASSERT_TRUE(write(Target::kCurrent, state, {}, first));
  files_->set_full(true);
  const Records second = changed(first);
  EXPECT_EQ(write(Target::kCurrent, state_at(2), first, second).error().code,
            ErrorCode::kExhausted);
  EXPECT_EQ(write(Target::kStaged, state_at(2), {}, second).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(store_->current(), state);
  EXPECT_EQ(records_of(*store_), first);
  files_->set_full(false);
  const StoredState next = state_at(3);
  Status written = write(Target::kCurrent, next, first, second);
  for (int tries = 0; tries < 200 && !written; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    written = write(Target::kCurrent, next, first, second);
  }
  ASSERT_TRUE(written) << written.error().message;
  open();
  EXPECT_EQ(store_->current(), next);
  EXPECT_EQ(records_of(*store_), second);
}

TEST_F(RocksStateStoreTest, AFailedSyncEndsIt) {
  files_->set_sync_fails(true);
  const Records records = changed({});
  EXPECT_EQ(write(Target::kCurrent, state_at(1), {}, records).error().code, ErrorCode::kIo);
  files_->set_sync_fails(false);
  EXPECT_EQ(write(Target::kCurrent, state_at(1), {}, records).error().code, ErrorCode::kIo);
}

TEST_F(RocksStateStoreTest, RotIsNamed) {
  Records records;
  for (int i = 0; i < 500; ++i) records[random_bytes(30)] = BytesOf(200, 7);
  ASSERT_TRUE(write(Target::kCurrent, state_at(1), {}, records));
  store_.reset();
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (entry.path().extension() == ".sst") file = entry.path();
  }
  ASSERT_FALSE(file.empty());
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(5'000);
    bytes.put('\x55');
  }
  const auto opened = try_open();
  ASSERT_TRUE(opened);
  const Status read = (*opened)->visit([](std::span<const uint8_t>, std::span<const uint8_t>) {});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr(file.filename().string()));
}

}  // namespace
}  // namespace govchain::consensus::node
