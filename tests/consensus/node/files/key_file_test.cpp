#include "consensus/node/files/key_file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/consensus/node/files/temporary_folder.h"

namespace govchain::consensus::node {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

class KeyFile : public ::testing::Test {
 protected:
  void put(const std::string& text) {
    std::filesystem::remove(path_);
    std::ofstream(path_) << text;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_read);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("replica.key");
};

TEST_F(KeyFile, GivesBackTheKeyOfEveryScheme) {
  for (const SignatureScheme scheme : {SignatureScheme::kEd25519, SignatureScheme::kSm2}) {
    const ReplicaKey key = generate_key(scheme);
    std::filesystem::remove(path_);
    ASSERT_TRUE(write_key_file(path_, key).ok());
    const Result<ReplicaKey> read = read_key_file(path_);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->scheme, scheme);
    EXPECT_EQ(read->seed, key.seed);
    EXPECT_EQ(make_signer(scheme, read->seed)->public_key(),
              make_signer(scheme, key.seed)->public_key());
  }
}

TEST_F(KeyFile, KeysDiffer) {
  EXPECT_NE(generate_key(SignatureScheme::kEd25519).seed,
            generate_key(SignatureScheme::kEd25519).seed);
}

TEST_F(KeyFile, IsNeverReplaced) {
  const ReplicaKey key = generate_key(SignatureScheme::kEd25519);
  ASSERT_TRUE(write_key_file(path_, key).ok());
  const Status again = write_key_file(path_, generate_key(SignatureScheme::kEd25519));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(read_key_file(path_)->seed, key.seed);
}

TEST_F(KeyFile, ThatOthersMayReadIsRefused) {
  using std::filesystem::perms;
  ASSERT_TRUE(write_key_file(path_, generate_key(SignatureScheme::kEd25519)).ok());
  const perms made = std::filesystem::status(path_).permissions();
  EXPECT_EQ(made, perms::owner_read | perms::owner_write);
  for (const perms extra :
       {perms::group_read, perms::others_read, perms::group_write, perms::others_exec}) {
    std::filesystem::permissions(path_, made | extra);
    const Result<ReplicaKey> read = read_key_file(path_);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(read.error().message, HasSubstr("chmod 600"));
  }
}

TEST_F(KeyFile, ThatDoesNotParseIsRefusedWithItsLine) {
  const std::string seed = "seed " + std::string(64, 'a') + "\n";
  struct Case {
    std::string text;
    std::string where;
  };
  for (const Case& one :
       {Case{"", ":1"}, Case{"govchain replica key 2\n", ":1"},
        Case{"govchain replica key 1\nscheme modelled\n" + seed, ":2"},
        Case{"govchain replica key 1\nscheme ed25519\nseed abc\n", ":3"},
        Case{"govchain replica key 1\nscheme ed25519\nseed " + std::string(64, 'g') + "\n", ":3"},
        Case{"govchain replica key 1\nscheme ed25519\nseed " + std::string(66, 'a') + "\n", ":3"},
        Case{"govchain replica key 1\nscheme ed25519\n" + seed + "more", ":4"}}) {
    put(one.text);
    const Result<ReplicaKey> read = read_key_file(path_);
    ASSERT_FALSE(read.ok()) << one.text;
    EXPECT_EQ(read.error().where, path_ + one.where);
    EXPECT_THAT(read.error().message, HasSubstr("expected"));
  }
  put("govchain replica key 1\nscheme sm2\n" + seed);
  EXPECT_TRUE(read_key_file(path_).ok());
  put(std::string(5'000, 'x'));
  EXPECT_FALSE(read_key_file(path_).ok());
}

TEST_F(KeyFile, ThatIsMissingOrNoFileIsSaid) {
  EXPECT_EQ(read_key_file(path_).error().code, ErrorCode::kNotFound);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(read_key_file(path_).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace govchain::consensus::node
