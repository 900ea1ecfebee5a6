#include "consensus/node/host/snapshot_folder.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/log/forgetful_disk.h"

namespace govchain::consensus::node {
namespace {

using testing::ForgetfulDisk;
using ::testing::IsEmpty;

std::unique_ptr<SnapshotFolder> open(ForgetfulDisk& disk) {
  Result<std::unique_ptr<SnapshotFolder>> opened = SnapshotFolder::open(disk.open());
  EXPECT_TRUE(opened.ok());
  return opened ? std::move(*opened) : nullptr;
}

void write(SnapshotFolder& folder, uint64_t height, const std::vector<uint8_t>& state) {
  ASSERT_TRUE(folder.begin(Height(height)).ok());
  ASSERT_TRUE(folder.append(std::span(state).first(state.size() / 3)).ok());
  ASSERT_TRUE(folder.append(std::span(state).subspan(state.size() / 3)).ok());
  EXPECT_FALSE(folder.holds(Height(height)));
  folder.finish();
}

TEST(SnapshotFolder, PartsAreCutFromTheState) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  std::vector<uint8_t> state(25);
  for (size_t i = 0; i < state.size(); ++i) state[i] = static_cast<uint8_t>(i);
  for (const uint64_t height : {4U, 8U, 12U}) write(*folder, height, state);
  EXPECT_EQ(folder->read_part(Height(8), 3, 10)->bytes,
            std::vector<uint8_t>(state.begin() + 3, state.begin() + 13));
  EXPECT_EQ(folder->read_part(Height(8), 3, 10)->size, 25U);
  EXPECT_EQ(folder->read_part(Height(8), 20, 10)->bytes.size(), 5U);
  EXPECT_EQ(folder->read_part(Height(8), 25, 10)->bytes.size(), 0U);
  EXPECT_EQ(folder->read_part(Height(8), UINT64_MAX, UINT64_MAX)->bytes.size(), 0U);
  EXPECT_EQ(folder->read_part(Height(9), 0, 10).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(folder->remove(Height(8)).ok());
  EXPECT_FALSE(folder->read_part(Height(8), 0, 10).ok());
  EXPECT_TRUE(folder->holds(Height(4)));
  EXPECT_TRUE(folder->holds(Height(12)));
  EXPECT_EQ(disk.names().size(), 2U);
}

TEST(SnapshotFolder, FullDiskRefusesAndNothingIsLeftBehind) {
  ForgetfulDisk disk;
  const auto folder = open(disk);
  disk.set_capacity(1'000);
  ASSERT_TRUE(folder->begin(Height(4)).ok());
  ASSERT_TRUE(folder->append(std::vector<uint8_t>(500, 1)).ok());
  EXPECT_EQ(folder->append(std::vector<uint8_t>(2'000, 1)).error().code, ErrorCode::kExhausted);
  EXPECT_FALSE(folder->holds(Height(4)));
  EXPECT_THAT(disk.names(), IsEmpty());
  write(*folder, 4, std::vector<uint8_t>(600, 1));
  EXPECT_TRUE(folder->holds(Height(4)));
}

TEST(SnapshotFolder, NothingOfAnEarlierLifeIsLeft) {
  ForgetfulDisk disk;
  {
    const auto folder = open(disk);
    write(*folder, 4, std::vector<uint8_t>(10, 1));
    ASSERT_TRUE(folder->begin(Height(8)).ok());
    ASSERT_TRUE(folder->append(std::vector<uint8_t>(10, 1)).ok());
  }
  EXPECT_EQ(disk.names().size(), 2U);
  const auto folder = open(disk);
  EXPECT_FALSE(folder->holds(Height(4)));
  EXPECT_THAT(disk.names(), IsEmpty());
}

}  // namespace
}  // namespace govchain::consensus::node
