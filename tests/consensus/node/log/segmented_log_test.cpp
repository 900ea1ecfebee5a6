#include "consensus/node/log/segmented_log.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/log_frame.h"
#include "tests/consensus/node/log/forgetful_disk.h"
#include "tests/consensus/random_objects.h"

namespace govchain::consensus::node {
namespace {

using testing::ForgetfulDisk;
using ::testing::HasSubstr;
using testing::RandomSource;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};
constexpr uint64_t kSegment = 12'288;

SegmentedLogSettings settings(uint64_t segment = kSegment) {
  return SegmentedLogSettings{kOwner, HashAlgorithm::kSha256, Bytes(segment)};
}

Result<std::unique_ptr<SegmentedLog>> open(ForgetfulDisk& disk) {
  return SegmentedLog::open(disk.open(), settings());
}

std::vector<uint8_t> encoded(const LogRecordRef& record) {
  std::vector<uint8_t> bytes;
  encode_record(*record, bytes);
  return bytes;
}

// Of a given length, so that frames lie where a test wants them.
LogRecordRef record_of(size_t length, uint8_t fill) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = 1;
  record->bytes.assign(length, fill);
  return record;
}

void append(SegmentedLog& log, const LogRecordRef& record) {
  const Status appended = log.append(log.last().next(), record);
  ASSERT_TRUE(appended) << appended.error().message;
}

void expect_records(const SegmentedLog& log, const std::vector<LogRecordRef>& expected,
                    Ticket first = Ticket(1)) {
  const auto read = log.read_durable();
  ASSERT_TRUE(read) << read.error().message << ", " << read.error().where;
  ASSERT_EQ(read->size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ((*read)[i].ticket, first + i);
    EXPECT_EQ(encoded((*read)[i].record), encoded(expected[i]));
  }
}

TEST(SegmentedLog, ReadsBackWhatWasSyncedAfterARestart) {
  ForgetfulDisk disk;
  RandomSource random(1);
  std::vector<LogRecordRef> records;
  {
    auto log = open(disk);
    ASSERT_TRUE(log);
    for (int i = 0; i < 50; ++i) {
      records.push_back(consensus::testing::random_record(random, HashAlgorithm::kSha256));
      append(**log, records.back());
    }
    ASSERT_LT((*log)->durable(), Ticket(50));
    ASSERT_EQ(*(*log)->sync(), Ticket(50));
    expect_records(**log, records);
  }
  EXPECT_GT(disk.names().size(), 1U) << "one segment shows nothing of the step to the next";
  auto log = open(disk);
  ASSERT_TRUE(log);
  EXPECT_EQ((*log)->last(), Ticket(50));
  expect_records(**log, records);
}

// Random appends, syncs, truncations, failing disks and losses of power. What was durable is always
// there, what is there is what was appended, and nothing comes back that was once found missing.
TEST(SegmentedLog, KeepsWhatWasDurableThroughAnyCrash) {
  RandomSource random(2);
  for (int round = 0; round < 300; ++round) {
    ForgetfulDisk disk;
    std::vector<LogRecordRef> model;  // of ticket 1, 2, …
    uint64_t truncated = 1;           // tickets below may be gone
    auto log = open(disk);
    ASSERT_TRUE(log);
    for (int step = 0; step < 80; ++step) {
      if (random.chance(20)) disk.fail_after(random.below(12));
      bool broken = false;
      switch (random.below(8)) {
        case 0:
        case 1:
          broken = !(*log)->sync();
          break;
        case 2: {
          const uint64_t before = 1 + random.below((*log)->durable().value() + 1);
          broken = !(*log)->truncate(Ticket(before));
          truncated = std::max(truncated, before);
          break;
        }
        case 3:
          broken = !(*log)->settle();
          break;
        default: {
          const LogRecordRef record =
              consensus::testing::random_record(random, HashAlgorithm::kSha256);
          if ((*log)->append((*log)->last().next(), record)) {
            model.push_back(record);
          } else {
            broken = true;
          }
        }
      }
      if (!broken && !random.chance(10)) continue;
      const Ticket durable = (*log)->durable();
      const Ticket last = (*log)->last();
      // Either the power fails or only the process ends: then everything written is still there,
      // but only until the power fails.
      if (random.chance(3)) {
        disk.repair();
      } else {
        disk.crash(random);
      }
      log = open(disk);
      ASSERT_TRUE(log) << round << '/' << step << ": " << log.error().message << ", "
                       << log.error().where;
      ASSERT_GE((*log)->last(), durable) << round << '/' << step;
      ASSERT_LE((*log)->last(), last);
      ASSERT_EQ((*log)->durable(), (*log)->last());
      model.resize((*log)->last().value());
      const auto read = (*log)->read_durable();
      ASSERT_TRUE(read) << read.error().message << ", " << read.error().where;
      uint64_t ticket = model.size() + 1 - read->size();
      ASSERT_LE(ticket, truncated);
      for (const LoggedRecord& record : *read) {
        ASSERT_EQ(record.ticket, Ticket(ticket));
        ASSERT_EQ(encoded(record.record), encoded(model[ticket - 1])) << round << '/' << step;
        ++ticket;
      }
    }
  }
}

// Two records of one sync that never came through: of the disk's sectors only the second record's
// was written. It must not come back behind a new first record.
TEST(SegmentedLog, ARecordThatWasLostDoesNotComeBack) {
  constexpr size_t kLength = 512 - kLogFrameBytes - 6;
  ForgetfulDisk disk;
  auto log = open(disk);
  ASSERT_TRUE(log);
  append(**log, record_of(kLength, 1));
  append(**log, record_of(kLength, 2));
  ASSERT_TRUE((*log)->sync());
  const std::string name = disk.names().front();
  std::vector<uint8_t>& bytes = disk.bytes(name);
  // As if the sync had not come through: no watermark, no first record.
  std::fill(bytes.begin() + 512, bytes.begin() + 4'096 + 512, 0);
  disk.crash_after_writing_all();

  log = open(disk);
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_EQ((*log)->last(), Ticket());
  const LogRecordRef other = record_of(kLength, 3);
  append(**log, other);
  ASSERT_TRUE((*log)->sync());
  disk.crash_after_writing_all();
  log = open(disk);
  ASSERT_TRUE(log);
  EXPECT_EQ((*log)->last(), Ticket(1));
  expect_records(**log, {other});
}

// Each bit of each durable frame, the last one's too, where a torn tail would be.
TEST(SegmentedLog, RotIsNamedAndLeftAsItIs) {
  ForgetfulDisk disk;
  {
    auto log = open(disk);
    ASSERT_TRUE(log);
    for (uint8_t i = 0; i < 3; ++i) append(**log, record_of(30, i));
    ASSERT_TRUE((*log)->sync());
    ASSERT_TRUE((*log)->settle());
  }
  const std::string name = disk.names().front();
  const uint64_t frame = 30 + 6 + kLogFrameBytes;
  const std::vector<uint8_t> whole = disk.bytes(name);
  for (uint64_t bit = 8 * 4'096; bit < 8 * (4'096 + 3 * frame); ++bit) {
    disk.flip_bit(name, bit);
    const std::vector<uint8_t> rotten = disk.bytes(name);
    const auto log = open(disk);
    ASSERT_FALSE(log) << "bit " << bit;
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    const uint64_t ticket = (bit / 8 - 4'096) / frame + 1;
    EXPECT_THAT(log.error().where, HasSubstr("disk/" + name));
    EXPECT_THAT(log.error().where, HasSubstr("ticket " + std::to_string(ticket)));
    ASSERT_EQ(disk.bytes(name), rotten);
    disk.flip_bit(name, bit);
  }
  ASSERT_EQ(disk.bytes(name), whole);
  EXPECT_TRUE(open(disk));
}

TEST(SegmentedLog, DurableRecordsThatReadAsZerosAreMissed) {
  ForgetfulDisk disk;
  {
    auto log = open(disk);
    ASSERT_TRUE(log);
    for (uint8_t i = 0; i < 3; ++i) append(**log, record_of(30, i));
    ASSERT_TRUE((*log)->settle());
  }
  std::vector<uint8_t>& bytes = disk.bytes(disk.names().front());
  std::fill(bytes.begin() + 4'096 + 30 + 6 + kLogFrameBytes, bytes.end(), 0);
  const auto log = open(disk);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(log.error().message, "tickets 2 to 3 were durable and are missing");
}

TEST(SegmentedLog, RotInAHeaderOrInBothWatermarksIsNamed) {
  ForgetfulDisk disk;
  {
    auto log = open(disk);
    ASSERT_TRUE(log);
    for (uint8_t i = 0; i < 3; ++i) {
      append(**log, record_of(30, i));
      ASSERT_TRUE((*log)->settle());
    }
  }
  const std::string name = disk.names().front();
  for (uint64_t bit = 0; bit < 8 * 36; ++bit) {
    disk.flip_bit(name, bit);
    const auto log = open(disk);
    ASSERT_FALSE(log) << "bit " << bit;
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt) << "bit " << bit;
    disk.flip_bit(name, bit);
  }
  disk.flip_bit(name, 8 * 512);
  ASSERT_TRUE(open(disk)) << "a crash may spoil one of two watermarks";
}

TEST(SegmentedLog, ASegmentThatIsMissingOrForeignIsNamed) {
  RandomSource random(3);
  ForgetfulDisk disk;
  {
    auto log = open(disk);
    ASSERT_TRUE(log);
    while (disk.names().size() < 3) append(**log, record_of(1'000, 1));
    ASSERT_TRUE((*log)->settle());
  }
  const ForgetfulDisk::Counters before = disk.counters();
  auto foreign = SegmentedLog::open(
      disk.open(), {{ChainId(7), ReplicaId(3)}, HashAlgorithm::kSha256, Bytes(kSegment)});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(foreign.error().message,
            "the log is of replica 2 of chain 7, not of replica 3 of chain 7");
  EXPECT_EQ(disk.counters().writes, before.writes);

  disk.remove(disk.names()[1]);
  const auto log = open(disk);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(log.error().message, HasSubstr("the next segment begins with ticket"));
}

TEST(SegmentedLog, AFullDiskRefusesAppendsUntilThereIsRoom) {
  ForgetfulDisk disk;
  disk.set_capacity(kSegment + kSegment / 2);
  auto log = open(disk);
  ASSERT_TRUE(log);
  std::vector<LogRecordRef> records;
  Status appended = success();
  while (appended) {
    const LogRecordRef record = record_of(1'000, static_cast<uint8_t>(records.size()));
    appended = (*log)->append((*log)->last().next(), record);
    if (appended) records.push_back(record);
  }
  EXPECT_EQ(appended.error().code, ErrorCode::kExhausted);
  EXPECT_EQ((*log)->last(), Ticket(records.size()));
  ASSERT_TRUE((*log)->sync());
  expect_records(**log, records);
  EXPECT_FALSE((*log)->append((*log)->last().next(), record_of(1'000, 0)));

  // It starts on a full disk, too.
  disk.crash_after_writing_all();
  log = open(disk);
  ASSERT_TRUE(log) << log.error().message;
  disk.set_capacity(4 * kSegment);
  records.push_back(record_of(1'000, 99));
  append(**log, records.back());
  ASSERT_TRUE((*log)->sync());
  expect_records(**log, records);
}

TEST(SegmentedLog, AfterAFailureNothingIsAccepted) {
  for (uint64_t operations = 0; operations < 3; ++operations) {
    ForgetfulDisk disk;
    auto log = open(disk);
    ASSERT_TRUE(log);
    append(**log, record_of(10, 1));
    disk.fail_after(operations);  // the write, the sync, the watermark
    ASSERT_FALSE((*log)->sync());
    disk.repair();
    const Result<Ticket> again = (*log)->sync();
    ASSERT_FALSE(again) << "after a failed sync, a good one proves nothing";
    EXPECT_EQ(again.error().code, ErrorCode::kIo);
    EXPECT_FALSE((*log)->append(Ticket(2), record_of(10, 1)));
    EXPECT_FALSE((*log)->truncate(Ticket(1)));
  }
}

TEST(SegmentedLog, ManyRecordsShareOneSync) {
  ForgetfulDisk disk;
  auto log = SegmentedLog::open(disk.open(), settings(1U << 20U));
  ASSERT_TRUE(log);
  const ForgetfulDisk::Counters before = disk.counters();
  for (int i = 0; i < 1'000; ++i) append(**log, record_of(100, 1));
  ASSERT_TRUE((*log)->sync());
  EXPECT_EQ(disk.counters().syncs - before.syncs, 1U);
  EXPECT_EQ(disk.counters().writes - before.writes, 2U);  // records, watermark
  ASSERT_TRUE((*log)->sync());
  EXPECT_EQ(disk.counters().syncs - before.syncs, 1U) << "nothing new to make durable";
}

TEST(SegmentedLog, ARecordLongerThanASegmentGetsOneOfItsOwn) {
  ForgetfulDisk disk;
  std::vector<LogRecordRef> records = {record_of(3 * kSegment, 1), record_of(10, 2),
                                       record_of(2 * kSegment, 3)};
  auto log = open(disk);
  ASSERT_TRUE(log);
  for (const LogRecordRef& record : records) append(**log, record);
  ASSERT_TRUE((*log)->sync());
  disk.crash_after_writing_all();
  log = open(disk);
  ASSERT_TRUE(log);
  expect_records(**log, records);
}

TEST(SegmentedLog, TruncationRemovesWholeSegmentsAndKeepsTheRest) {
  ForgetfulDisk disk;
  auto log = open(disk);
  ASSERT_TRUE(log);
  std::vector<LogRecordRef> records;
  for (int i = 0; i < 40; ++i) {
    records.push_back(record_of(1'000, static_cast<uint8_t>(i)));
    append(**log, records.back());
  }
  ASSERT_TRUE((*log)->sync());
  const size_t segments = disk.names().size();
  ASSERT_GT(segments, 3U);
  const Bytes size = (*log)->size();
  ASSERT_TRUE((*log)->truncate(Ticket(20)));
  EXPECT_LT(disk.names().size(), segments);
  EXPECT_LT((*log)->size(), size);
  ASSERT_TRUE((*log)->truncate(Ticket(41)));
  EXPECT_EQ(disk.names().size(), 1U) << "the segment that is written to stays";
  disk.crash_after_writing_all();
  log = open(disk);
  ASSERT_TRUE(log);
  EXPECT_EQ((*log)->last(), Ticket(40));
  append(**log, record_of(10, 7));
  EXPECT_EQ(*(*log)->sync(), Ticket(41));
}

TEST(SegmentName, SortsAsTicketsAndIsReadBack) {
  EXPECT_EQ(segment_name(Ticket(1'234)), "00000000000004d2.segment");
  EXPECT_LT(segment_name(Ticket(9)), segment_name(Ticket(16)));
  for (const uint64_t ticket : {uint64_t{1}, uint64_t{255}, UINT64_MAX}) {
    EXPECT_EQ(parse_segment_name(segment_name(Ticket(ticket))), Ticket(ticket));
  }
  for (const char* wrong : {"", "1.segment", "00000000000004D2.segment", "00000000000004d2.segmen",
                            "00000000000004d2.segment.old", "+0000000000004d2.segment"}) {
    EXPECT_FALSE(parse_segment_name(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace govchain::consensus::node
