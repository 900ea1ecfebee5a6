#include "consensus/node/host/snapshot_folder.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/log/forgetful_disk.h"

namespace govchain::consensus::node {
namespace {

using ::testing::ElementsAre;
using testing::ForgetfulDisk;
using ::testing::HasSubstr;
using testing::RandomSource;

constexpr StorageOwner kOwner{ChainId(7), ReplicaId(2)};

Digest root_of(uint8_t mark) {
  Digest root;
  root.bytes[0] = mark;
  return root;
}

std::unique_ptr<SnapshotFolder> open(ForgetfulDisk& disk, const StorageOwner& owner = kOwner) {
  Result<std::unique_ptr<SnapshotFolder>> opened = SnapshotFolder::open(disk.open(), owner);
  EXPECT_TRUE(opened.ok());
  return opened ? std::move(*opened) : nullptr;
}

TEST(SnapshotFolder, GivesBackWhatWasWrittenAlsoAfterACrash) {
  ForgetfulDisk disk;
  RandomSource random(1);
  const std::vector<uint8_t> state(3'000, 9);
  ASSERT_TRUE(open(disk)->write(Height(4), root_of(1), state).ok());
  disk.crash(random);
  const auto folder = open(disk);
  EXPECT_THAT(folder->heights(), ElementsAre(Height(4)));
  const Result<StoredSnapshot> read = folder->read(Height(4));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->header.root, root_of(1));
  EXPECT_EQ(read->state, state);
}

// At every operation on the disk, and whatever of it survives: an older state stays whole.
TEST(SnapshotFolder, CrashWhileWritingLeavesTheOlderStatesAndNoHalfOne) {
  for (uint64_t operations = 0; operations < 12; ++operations) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      ForgetfulDisk disk;
      RandomSource random(seed);
      const std::vector<uint8_t> older(1'000, 1);
      const std::vector<uint8_t> newer(2'000, 2);
      const auto folder = open(disk);
      ASSERT_TRUE(folder->write(Height(4), root_of(1), older).ok());
      disk.fail_after(operations);
      const bool written = folder->write(Height(8), root_of(2), newer).ok();
      disk.crash(random);
      const auto after = open(disk);
      const Result<StoredSnapshot> kept = after->read(Height(4));
      ASSERT_TRUE(kept.ok());
      EXPECT_EQ(kept->state, older);
      const bool there = after->heights().back() == Height(8);
      EXPECT_TRUE(there || !written);
      if (there) {
        const Result<StoredSnapshot> read = after->read(Height(8));
        ASSERT_TRUE(read.ok());
        EXPECT_EQ(read->state, newer);
      }
      ASSERT_TRUE(after->write(Height(8), root_of(2), newer).ok());
    }
  }
}

TEST(SnapshotFolder, FullDiskRefusesAndNothingIsLeftBehind) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  disk.set_capacity(1'000);
  const Status refused = folder->write(Height(4), root_of(1), std::vector<uint8_t>(2'000, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(folder->heights().empty());
  EXPECT_TRUE(disk.names().empty());
  EXPECT_TRUE(folder->write(Height(4), root_of(1), std::vector<uint8_t>(500, 1)).ok());
}

TEST(SnapshotFolder, RotIsNamed) {
  ForgetfulDisk disk;
  ASSERT_TRUE(open(disk)->write(Height(4), root_of(1), std::vector<uint8_t>(100, 1)).ok());
  const std::string name = disk.names().front();
  const uint64_t bits = 8 * disk.bytes(name).size();
  for (uint64_t bit = 0; bit < bits; ++bit) {
    disk.flip_bit(name, bit);
    const Result<std::unique_ptr<SnapshotFolder>> folder =
        SnapshotFolder::open(disk.open(), kOwner);
    ASSERT_TRUE(folder.ok()) << bit;
    const Result<StoredSnapshot> read = (*folder)->read(Height(4));
    ASSERT_FALSE(read.ok()) << bit;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(read.error().where, HasSubstr(name));
    disk.flip_bit(name, bit);
  }
}

TEST(SnapshotFolder, AnotherReplicasStateIsRefused) {
  ForgetfulDisk disk;
  ASSERT_TRUE(open(disk)->write(Height(4), root_of(1), {}).ok());
  const auto other = SnapshotFolder::open(disk.open(), {ChainId(7), ReplicaId(3)});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other.error().message, HasSubstr("replica 2 of chain 7"));
}

// One that a replica computed wrongly must not stand for the one that a quorum has signed.
TEST(SnapshotFolder, AnotherRootAtTheSameHeightReplacesTheState) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  ASSERT_TRUE(folder->write(Height(4), root_of(1), std::vector<uint8_t>(10, 1)).ok());
  ASSERT_TRUE(folder->write(Height(4), root_of(2), std::vector<uint8_t>(10, 2)).ok());
  EXPECT_THAT(folder->heights(), ElementsAre(Height(4)));
  EXPECT_EQ(folder->read(Height(4))->header.root, root_of(2));
}

TEST(SnapshotFolder, PartsAreCutFromTheStateAndOldOnesGo) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  for (const uint64_t height : {4U, 8U, 12U}) {
    ASSERT_TRUE(folder->write(Height(height), root_of(1), std::vector<uint8_t>(25, 3)).ok());
  }
  EXPECT_EQ(folder->read_part(Height(8), 0, 10)->bytes.size(), 10U);
  EXPECT_EQ(folder->read_part(Height(8), 20, 10)->bytes.size(), 5U);
  EXPECT_EQ(folder->read_part(Height(8), 25, 10)->bytes.size(), 0U);
  EXPECT_EQ(folder->read_part(Height(8), UINT64_MAX, UINT64_MAX)->bytes.size(), 0U);
  EXPECT_FALSE(folder->read_part(Height(9), 0, 10).ok());
  ASSERT_TRUE(folder->remove_below(Height(12)).ok());
  EXPECT_THAT(folder->heights(), ElementsAre(Height(12)));
}

TEST(SnapshotFolder, StatesOfBlocksThatWereLostGo) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  for (const uint64_t height : {4U, 8U, 12U}) {
    ASSERT_TRUE(folder->write(Height(height), root_of(1), std::vector<uint8_t>(25, 3)).ok());
  }
  ASSERT_TRUE(folder->remove_above(Height(8)).ok());
  EXPECT_THAT(folder->heights(), ElementsAre(Height(4), Height(8)));
  EXPECT_FALSE(folder->holds(Height(12)));
}

}  // namespace
}  // namespace govchain::consensus::node
