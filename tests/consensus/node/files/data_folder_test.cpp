#include "consensus/node/files/data_folder.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/crypto/schemes.h"
#include "tests/consensus/node/files/temporary_folder.h"

namespace govchain::consensus::node {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

DataOwner an_owner() {
  DataOwner owner;
  owner.owner = {ChainId(7), ReplicaId(2)};
  owner.key = make_signer(SignatureScheme::kEd25519, KeySeed{1})->public_key();
  return owner;
}

class Data : public ::testing::Test {
 protected:
  [[nodiscard]] Result<std::unique_ptr<DataFolder>> open(
      const DataOwner& owner = an_owner()) const {
    return DataFolder::open(path_, owner, Bytes(1U << 16U));
  }
  void expect_refused(const DataOwner& owner, const std::string& why) const {
    const auto opened = open(owner);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(opened.error().message, HasSubstr(why));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("data");
};

TEST_F(Data, BeginsInANewFolderAndIsFoundAgain) {
  for (int start = 0; start < 3; ++start) {
    auto opened = open();
    ASSERT_TRUE(opened.ok()) << opened.error().where << ": " << opened.error().message;
    StorageParts parts = (*opened)->take_storage();
    const Ticket next = parts.log->last().next();
    EXPECT_EQ(next, Ticket(static_cast<uint64_t>(start) + 1));
    Ref<LogRecord> record = Ref<LogRecord>::make();
    record->type = 1;
    ASSERT_TRUE(parts.log->append(next, LogRecordRef(std::move(record))).ok());
    ASSERT_TRUE(parts.log->sync().ok());
    const SnapshotParts snapshots = (*opened)->take_snapshots();
    EXPECT_NE(snapshots.records, nullptr);
    EXPECT_NE(snapshots.whole, nullptr);
  }
}

TEST_F(Data, OfARunningProcessAreRefused) {
  const auto first = open();
  ASSERT_TRUE(first.ok());
  expect_refused(an_owner(), "another process");
}

TEST_F(Data, OfAnotherChainReplicaKeyOrProtocolAreRefused) {
  ASSERT_TRUE(open().ok());
  DataOwner other = an_owner();
  other.owner.chain = ChainId(8);
  expect_refused(other, "\"chain 7\"");
  other = an_owner();
  other.owner.replica = ReplicaId(3);
  expect_refused(other, "\"replica 2\"");
  other = an_owner();
  other.key = make_signer(SignatureScheme::kEd25519, KeySeed{2})->public_key();
  expect_refused(other, "\"key ");
  other = an_owner();
  other.protocol = Protocol::kRaft;
  expect_refused(other, "\"protocol pbft\"");
  EXPECT_TRUE(open().ok());
}

// It would vote again for what it may have voted against.
TEST_F(Data, WithoutTheLogAreRefused) {
  ASSERT_TRUE(open().ok());
  std::filesystem::remove_all(path_ + "/log");
  const auto opened = open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(opened.error().message, HasSubstr("the log is gone"));
}

TEST_F(Data, WithADamagedIdentityAreRefused) {
  ASSERT_TRUE(open().ok());
  std::ofstream(path_ + "/identity", std::ios::app) << "more\n";
  EXPECT_EQ(open().error().code, ErrorCode::kCorrupt);
  std::ofstream(path_ + "/identity") << "govchain data 1\nchain 7\n";
  EXPECT_FALSE(open().ok());
}

TEST_F(Data, WhereNoFolderCanBeMadeAreRefused) {
  std::ofstream{path_};
  EXPECT_EQ(open().error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace govchain::consensus::node
