#include "consensus/node/log/posix_folder.h"

#include <csignal>
#include <filesystem>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "consensus/node/log/segmented_log.h"

namespace govchain::consensus::node {
namespace {

class PosixFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "govchain-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
    auto folder = open_folder(path_);
    ASSERT_TRUE(folder) << folder.error().message;
    folder_ = *std::move(folder);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::string path_;
  std::unique_ptr<Folder> folder_;
};

TEST_F(PosixFolderTest, FilesAreCreatedReservedWrittenReadRenamedAndRemoved) {
  auto file = folder_->create("b");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->reserve(10'000));
  EXPECT_EQ(*(*file)->size(), 10'000U);
  const std::vector<uint8_t> bytes = {1, 2, 3};
  ASSERT_TRUE((*file)->write(5'000, bytes));
  ASSERT_TRUE((*file)->sync());
  EXPECT_EQ(*(*file)->read(4'999, 5), (std::vector<uint8_t>{0, 1, 2, 3, 0}));
  EXPECT_EQ((*file)->read(9'999, UINT64_MAX)->size(), 1U);
  EXPECT_TRUE((*file)->read(20'000, 1)->empty());
  ASSERT_TRUE((*file)->reserve(10)) << "a file does not shrink";
  EXPECT_EQ(*(*file)->size(), 10'000U);

  EXPECT_EQ(folder_->create("b").error().code, ErrorCode::kIo);
  EXPECT_EQ(folder_->open("a").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(folder_->rename("b", "a"));
  ASSERT_TRUE(folder_->create("c"));
  ASSERT_TRUE(folder_->sync());
  EXPECT_EQ(*folder_->list(), (std::vector<std::string>{"a", "c"}));
  ASSERT_TRUE(folder_->remove("c"));
  const Status again = folder_->remove("c");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().where, path_ + "/c");
}

TEST_F(PosixFolderTest, AMissingFolderIsNamed) {
  const auto folder = open_folder(path_ + "/none");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(folder.error().message, "opening: No such file or directory");
  EXPECT_EQ(folder.error().where, path_ + "/none");
}

// A limit of the process stands in for a full disk: both refuse to reserve.
TEST_F(PosixFolderTest, NoRoomIsExhaustionAndEverythingElseFailure) {
  auto file = folder_->create("a");
  ASSERT_TRUE(file);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 4'096;
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status reserved = (*file)->reserve(8'192);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old);
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE((*file)->reserve(8'192));
}

TEST_F(PosixFolderTest, ALogOnItSurvivesARestart) {
  const SegmentedLogSettings settings{
      {ChainId(1), ReplicaId(0)}, HashAlgorithm::kSha256, Bytes(65'536)};
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = 3;
  record->bytes.assign(1'000, 5);
  for (uint64_t restart = 0; restart < 3; ++restart) {
    auto folder = open_folder(path_);
    ASSERT_TRUE(folder);
    auto log = SegmentedLog::open(*std::move(folder), settings);
    ASSERT_TRUE(log) << log.error().message << ", " << log.error().where;
    ASSERT_EQ((*log)->last(), Ticket(100 * restart));
    ASSERT_EQ((*log)->read_durable()->size(), 100 * restart);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE((*log)->append((*log)->last().next(), record));
    ASSERT_TRUE((*log)->sync());
  }
  EXPECT_GT(folder_->list()->size(), 3U);
}

}  // namespace
}  // namespace govchain::consensus::node
