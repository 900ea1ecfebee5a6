// Who is wanted in a network: the file, and the commands that change it.

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/crypto/schemes.h"
#include "consensus/node/config/layout.h"
#include "consensus/node/config/members_file.h"
#include "consensus/node/files/key_file.h"
#include "consensus/node/node.h"
#include "tests/consensus/node/files/temporary_folder.h"

namespace govchain::consensus::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class Members : public ::testing::Test {
 protected:
  void SetUp() override {
    LayoutRequest request;
    request.network.protocol = Protocol::kPbft;
    request.first_port = 7'100;
    request.first_client_port = 8'100;
    const Status made = lay_out_network(root_, request);
    ASSERT_TRUE(made.ok()) << made.error().message;
  }
  [[nodiscard]] Result<MembersFile> wanted() const {
    return read_members_file(root_ + "/members.json", Protocol::kPbft);
  }
  [[nodiscard]] std::vector<uint32_t> wanted_ids() const {
    std::vector<uint32_t> ids;
    const Result<MembersFile> file = wanted();
    if (!file) return ids;
    for (const Member& member : file->listed.members) ids.push_back(member.id.value());
    return ids;
  }

  TemporaryFolder folder_;
  std::string root_ = folder_.path("network");
};

TEST_F(Members, AreReadBackWithTheRulesThatTheyWant) {
  ASSERT_TRUE(add_node(root_, {}).ok());
  Result<MembersFile> file = wanted();
  ASSERT_TRUE(file.ok()) << file.error().where << file.error().message;
  file->version = kNewestProtocolVersion;
  std::ofstream(root_ + "/members.json") << encode_members_file(*file);
  const Result<MembersFile> again = wanted();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->version, kNewestProtocolVersion);
  EXPECT_EQ(again->listed.members, file->listed.members);
  EXPECT_EQ(again->listed.addresses.size(), 5U);
}

TEST_F(Members, ANewNodeHasItsOwnKeyAndThePortsAfterTheLastOnes) {
  AddRequest request;
  request.weight = 3;
  const Result<ReplicaId> added = add_node(root_, request);
  ASSERT_TRUE(added.ok()) << added.error().where << added.error().message;
  EXPECT_EQ(*added, ReplicaId(4));
  const Result<NodeFile> node = read_node_file(root_ + "/node-4/node.json");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->listen.port, 7'104);
  EXPECT_EQ(node->client_listen.port, 8'104);
  const Result<ReplicaKey> key = read_key_file(node->key);
  ASSERT_TRUE(key.ok());
  const Result<MembersFile> file = wanted();
  ASSERT_TRUE(file.ok());
  const Member& member = file->listed.members.back();
  EXPECT_EQ(member.key, make_signer(key->scheme, key->seed)->public_key());
  EXPECT_EQ(member.weight, 3U);
}

TEST_F(Members, NumbersAreNeverUsedAgain) {
  ASSERT_TRUE(add_node(root_, {}).ok());
  ASSERT_TRUE(remove_member(root_, ReplicaId(4)).ok());
  EXPECT_THAT(wanted_ids(), ElementsAre(0, 1, 2, 3));
  const Result<ReplicaId> next = add_node(root_, {});
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(*next, ReplicaId(5));
  AddRequest again;
  again.replica = ReplicaId(4);
  EXPECT_EQ(add_node(root_, again).error().code, ErrorCode::kInvalid);
  EXPECT_THAT(wanted_ids(), ElementsAre(0, 1, 2, 3, 5));
}

TEST_F(Members, SomebodyMustBeLeft) {
  for (uint32_t i = 0; i < 3; ++i) ASSERT_TRUE(remove_member(root_, ReplicaId(i)).ok());
  EXPECT_EQ(remove_member(root_, ReplicaId(3)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(remove_member(root_, ReplicaId(0)).error().code, ErrorCode::kInvalid);
  EXPECT_THAT(wanted_ids(), ElementsAre(3));
}

TEST_F(Members, WhatCouldNotBeReadAgainIsRefusedBeforeAnythingIsMade) {
  AddRequest heavy;
  heavy.weight = UINT64_MAX;
  AddRequest nowhere;
  nowhere.host = "";
  AddRequest last;
  last.replica = ReplicaId(UINT32_MAX);
  last.port = 7'000;
  last.client_port = 8'000;
  AddRequest far;
  far.replica = ReplicaId(60'000);  // its ports would be past the last one
  for (const AddRequest& request : {heavy, nowhere, last, far}) {
    const Result<ReplicaId> added = add_node(root_, request);
    ASSERT_FALSE(added.ok());
    EXPECT_EQ(added.error().code, ErrorCode::kInvalid) << added.error().message;
  }
  EXPECT_FALSE(std::filesystem::exists(root_ + "/members.json"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/node-4"));
}

TEST_F(Members, WithoutTheAuthoritysKeyNothingIsMade) {
  std::filesystem::remove(root_ + "/authority.key");
  EXPECT_EQ(add_node(root_, {}).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/node-4"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/members.json"));
}

TEST_F(Members, MistakesAreNamedByTheirPlace) {
  ASSERT_TRUE(add_node(root_, {}).ok());
  const nlohmann::json right = nlohmann::json::parse(std::ifstream(root_ + "/members.json"));
  const auto refused = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json changed = right;
    changed[nlohmann::json::json_pointer(pointer)] = value;
    std::ofstream(root_ + "/members.json") << changed.dump();
    const Result<MembersFile> read = wanted();
    return read ? std::string("accepted") : read.error().where;
  };
  EXPECT_THAT(refused("/members/1/replica", 0), HasSubstr("/members/1/replica"));
  EXPECT_THAT(refused("/members/1/key", right["members"][0]["key"]), HasSubstr("/members/1/key"));
  EXPECT_THAT(refused("/members/0/role", "witness"), HasSubstr("/members/0/role"));
  EXPECT_THAT(refused("/members/0/address", "here"), HasSubstr("/members/0/address"));
  EXPECT_THAT(refused("/version", 99), HasSubstr("/version"));
  EXPECT_THAT(refused("/epoch", 1), HasSubstr("/epoch"));
}

TEST_F(Members, WantedOnesAreReachedWhereTheNodesFileSays) {
  ASSERT_TRUE(add_node(root_, {}).ok());
  ASSERT_TRUE(remove_member(root_, ReplicaId(0)).ok());
  Result<NodeFile> node = read_node_file(root_ + "/node-1/node.json");
  ASSERT_TRUE(node.ok());
  node->addresses[ReplicaId(4)] = {"elsewhere", 9};
  const Result<NetworkFile> network = read_network_file(node->network);
  ASSERT_TRUE(network.ok());
  const auto file = wanted_members(*node, Protocol::kPbft);
  ASSERT_TRUE(file.ok() && *file);
  std::vector<uint32_t> ids;
  for (const PeerAddress& peer : peers_of(*node, network->addresses, *file)) {
    ids.push_back(peer.id.value());
    if (peer.id == ReplicaId(4)) {
      EXPECT_EQ(peer.host, "elsewhere");
    }
  }
  // A member of the beginning may still have to be heard until the change is in force.
  EXPECT_THAT(ids, ElementsAre(0, 2, 3, 4));
  node->members = root_ + "/nowhere.json";
  const auto none = wanted_members(*node, Protocol::kPbft);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(*none);
}

}  // namespace
}  // namespace govchain::consensus::node
