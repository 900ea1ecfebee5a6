#include "consensus/memory_log.h"

#include <string_view>

#include <gtest/gtest.h>

#include "consensus/log_frame.h"
#include "consensus/memory_block_store.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus {
namespace {

using testing::RandomSource;
using Storage = MemoryLog::Storage;

std::vector<uint8_t> encoded(const LogRecord& record) {
  std::vector<uint8_t> bytes;
  encode_record(record, bytes);
  return bytes;
}

class BothStorages : public ::testing::TestWithParam<Storage> {
 protected:
  MemoryLog::Config config() const { return {GetParam(), HashAlgorithm::kSha256, std::nullopt}; }
};
INSTANTIATE_TEST_SUITE_P(MemoryLog, BothStorages,
                         ::testing::Values(Storage::kShared, Storage::kEncoded),
                         [](const auto& storage) {
                           return storage.param == Storage::kShared ? "Shared" : "Encoded";
                         });

// Random appends, syncs, truncations and crashes against a plain list of records.
TEST_P(BothStorages, LosesExactlyWhatWasNotDurable) {
  RandomSource random(1);
  for (int round = 0; round < 100; ++round) {
    MemoryLog log(config());
    std::vector<LoggedRecord> model;
    Ticket durable;
    for (int step = 0; step < 60; ++step) {
      switch (random.below(8)) {
        case 0:
          ASSERT_EQ(*log.sync(), log.last());
          durable = log.last();
          break;
        case 1: {
          const Ticket reached(durable.value() +
                               random.below(log.last().value() - durable.value() + 1));
          log.mark_durable(reached);
          durable = reached;
          break;
        }
        case 2: {
          const Ticket before(random.below(durable.value() + 2));
          ASSERT_TRUE(log.truncate(before));
          std::erase_if(model, [&](const LoggedRecord& r) { return r.ticket < before; });
          break;
        }
        case 3: {
          const uint64_t surviving = random.below(3);
          log.crash(surviving, random.below(200));
          const Ticket survived = std::min(durable + surviving, log.last() + surviving);
          std::erase_if(model, [&](const LoggedRecord& r) { return r.ticket > survived; });
          durable = log.last();
          ASSERT_EQ(log.durable(), log.last());
          break;
        }
        default: {
          const LogRecordRef record = testing::random_record(random, HashAlgorithm::kSha256);
          ASSERT_TRUE(log.append(log.last().next(), record));
          model.push_back(LoggedRecord{log.last(), record});
        }
      }
      const auto read = log.read_durable();
      ASSERT_TRUE(read);
      size_t expected = 0;
      uint64_t size = 0;
      for (const LoggedRecord& record : model) {
        size += record.record->size().count() + kLogFrameBytes;
        if (record.ticket > durable) continue;
        ASSERT_LT(expected, read->size());
        ASSERT_EQ((*read)[expected].ticket, record.ticket);
        ASSERT_EQ(encoded(*(*read)[expected].record), encoded(*record.record));
        ++expected;
      }
      ASSERT_EQ(read->size(), expected);
      ASSERT_EQ(log.size().count(), size);
    }
  }
}

TEST_P(BothStorages, RefusesAnAppendBeyondItsCapacityAndTakesOneOnceThereIsRoom) {
  RandomSource random(2);
  const LogRecordRef record = testing::random_record(random, HashAlgorithm::kSha256);
  MemoryLog::Config limited = config();
  limited.capacity = record->size() + Bytes(kLogFrameBytes);
  MemoryLog log(limited);
  ASSERT_TRUE(log.append(Ticket(1), record));
  const Status full = log.append(Ticket(2), record);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(log.last(), Ticket(1));
  ASSERT_TRUE(log.truncate(Ticket(2)));
  EXPECT_TRUE(log.append(Ticket(2), record));
}

TEST(MemoryLog, NoticesEveryFlippedBitOfADurableRecord) {
  RandomSource random(3);
  const LogRecordRef record = testing::random_record(random, HashAlgorithm::kSha256);
  const uint64_t bits = (record->size().count() + kLogFrameBytes) * 8;
  MemoryLog log({Storage::kEncoded, HashAlgorithm::kSha256, std::nullopt});
  ASSERT_TRUE(log.append(Ticket(1), record));
  ASSERT_TRUE(log.sync());
  for (uint64_t bit = 0; bit < bits; ++bit) {
    log.flip_bit(Ticket(1), bit);
    const auto read = log.read_durable();
    ASSERT_FALSE(read) << "bit " << bit;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    log.flip_bit(Ticket(1), bit);
  }
  EXPECT_TRUE(log.read_durable());
}

TEST(LogFrame, ChecksumMatchesPublishedValues) {
  // RFC 3720 appendix B.4, and the check value of the catalogue of parametrised CRCs.
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0x00)), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0xFF)), 0x62A8AB43U);
  constexpr std::string_view kCheck = "123456789";
  EXPECT_EQ(crc32c(std::vector<uint8_t>(kCheck.begin(), kCheck.end())), 0xE3069283U);
}

TEST(LogFrame, RefusesFramesCutOffAnywhereAndReadsThoseThatFollowOthers) {
  RandomSource random(4);
  std::vector<uint8_t> bytes;
  const LogRecordRef first = testing::random_record(random, HashAlgorithm::kSm3);
  const LogRecordRef second = testing::random_record(random, HashAlgorithm::kSm3);
  encode_frame(Ticket(8), *first, bytes);
  const size_t first_length = bytes.size();
  encode_frame(Ticket(9), *second, bytes);
  for (size_t length = 0; length < first_length; ++length) {
    ASSERT_FALSE(decode_frame(HashAlgorithm::kSm3, std::span(bytes).first(length)));
  }
  const auto frame = decode_frame(HashAlgorithm::kSm3, bytes);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->length, first_length);
  const auto next = decode_frame(HashAlgorithm::kSm3, std::span(bytes).subspan(frame->length));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->logged.ticket, Ticket(9));
  EXPECT_EQ(encoded(*next->logged.record), encoded(*second));
}

StoredBlock stored(uint64_t height, size_t control_bytes = 0) {
  auto block = Ref<Block>::make();
  block->height = Height(height);
  block->control.resize(control_bytes);
  return StoredBlock{block, {}};
}

Checkpoint checkpoint_at(uint64_t height) {
  Checkpoint checkpoint;
  checkpoint.height = Height(height);
  return checkpoint;
}

TEST(MemoryBlockStore, TakesBlocksInHeightOrderOnly) {
  MemoryBlockStore store;
  EXPECT_FALSE(store.put(stored(2)));
  EXPECT_TRUE(store.put(stored(1)));
  EXPECT_FALSE(store.put(stored(1)));
  EXPECT_FALSE(store.put(stored(3)));
  EXPECT_TRUE(store.put(stored(2)));
  EXPECT_EQ(store.newest(), Height(2));
}

TEST(MemoryBlockStore, LoadsWhatItHoldsWithinCountAndLimit) {
  MemoryBlockStore store;
  for (uint64_t height = 1; height <= 10; ++height) ASSERT_TRUE(store.put(stored(height, 100)));
  ASSERT_TRUE(store.prune(Height(4)));
  EXPECT_EQ(store.oldest(), Height(4));
  const auto load = [&](uint64_t first, uint32_t count, uint64_t limit) {
    std::vector<StoredBlock> blocks;
    store.load(Height(first), count, Bytes(limit), blocks);
    std::vector<uint64_t> heights;
    for (const StoredBlock& block : blocks) heights.push_back(block.block->height.value());
    return heights;
  };
  using Heights = std::vector<uint64_t>;
  EXPECT_EQ(load(3, 5, 100'000), Heights{});
  EXPECT_EQ(load(11, 5, 100'000), Heights{});
  EXPECT_EQ(load(4, 3, 100'000), (Heights{4, 5, 6}));
  EXPECT_EQ(load(9, 5, 100'000), (Heights{9, 10}));
  EXPECT_EQ(load(5, 5, 1), (Heights{5})) << "at least one, or a large block could never be loaded";
  EXPECT_EQ(load(5, 5, 145), (Heights{5, 6}));
  EXPECT_EQ(load(5, 0, 100), Heights{});
}

TEST(MemoryBlockStore, ACrashLosesBlocksAndCheckpointsThatAreNotDurable) {
  MemoryBlockStore store;
  for (uint64_t height = 1; height <= 4; ++height) ASSERT_TRUE(store.put(stored(height)));
  ASSERT_TRUE(store.put_checkpoint(checkpoint_at(2)));
  store.mark_durable(Height(2));
  ASSERT_TRUE(store.put_checkpoint(checkpoint_at(4)));
  store.crash();
  EXPECT_EQ(store.newest(), Height(2));
  EXPECT_EQ(store.checkpoint().height, Height(2));
  EXPECT_TRUE(store.put(stored(3)));
  ASSERT_TRUE(store.sync());
  store.crash();
  EXPECT_EQ(store.newest(), Height(3));
  EXPECT_FALSE(store.put_checkpoint(checkpoint_at(1)));
}

TEST(MemoryBlockStore, ContinuesAfterASnapshot) {
  MemoryBlockStore store;
  for (uint64_t height = 1; height <= 3; ++height) ASSERT_TRUE(store.put(stored(height, 10)));
  ASSERT_TRUE(store.reset(checkpoint_at(50)));
  EXPECT_EQ(store.size(), Bytes(0));
  EXPECT_EQ(store.newest(), Height(50));
  EXPECT_EQ(store.oldest(), Height(51));
  EXPECT_FALSE(store.put(stored(4)));
  EXPECT_TRUE(store.put(stored(51)));
  store.crash();
  EXPECT_EQ(store.newest(), Height(50));
  EXPECT_EQ(store.checkpoint().height, Height(50));
}

}  // namespace
}  // namespace govchain::consensus
