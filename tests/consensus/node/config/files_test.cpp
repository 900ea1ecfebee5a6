// The files of a network and of a node: what is written is read back, and every mistake is named.

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/crypto/schemes.h"
#include "consensus/node/config/network_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/protocols.h"
#include "tests/consensus/node/files/temporary_folder.h"

namespace govchain::consensus::node {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

NetworkFile a_network(Protocol protocol) {
  NetworkFile network;
  network.protocol = protocol;
  network.scheme = SignatureScheme::kSm2;
  network.engine.hash = HashAlgorithm::kSm3;
  network.engine.chain = ChainId(77);
  network.engine.batch_delay = Duration::milliseconds(3);
  network.engine.checkpoint_interval = 17;
  network.settings.hotstuff.commit_rule = hotstuff::CommitRule::kThreeChain;
  network.settings.raft.lease_reads = true;
  network.admission_verifies_payloads = false;
  for (uint32_t i = 0; i < 4; ++i) {
    Member member;
    member.id = ReplicaId(2 * i);
    member.weight = i + 1;
    member.key = make_signer(SignatureScheme::kSm2, KeySeed{static_cast<uint8_t>(i)})->public_key();
    if (protocol == Protocol::kRaft && i == 3) member.role = MemberRole::kWitness;
    network.engine.genesis.members.push_back(member);
    network.addresses.push_back(
        {member.id, i == 0 ? "::1" : "replica.example", static_cast<uint16_t>(7'000 + i), {}});
  }
  network.application = std::make_shared<const json>(json{{"departments", 5}});
  return network;
}

class Files : public ::testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& text) const {
    const std::string path = folder_.path(name);
    std::ofstream(path) << text;
    return path;
  }
  // With one field of the network's file replaced, or erased if `value` is null.
  void expect_refused(const std::string& pointer, const json& value, const std::string& where,
                      const std::string& what) const {
    json changed = json::parse(encode_network_file(a_network(Protocol::kPbft)));
    const json::json_pointer place(pointer);
    if (value.is_null()) {
      changed[place.parent_pointer()].erase(place.back());
    } else {
      changed[place] = value;
    }
    const Result<NetworkFile> read = read_network_file(put("network.json", changed.dump()));
    ASSERT_FALSE(read.ok()) << pointer;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(read.error().where, HasSubstr("network.json " + where));
    EXPECT_THAT(read.error().message, HasSubstr(what));
  }

  TemporaryFolder folder_;
};

TEST_F(Files, OfANetworkAreReadBackForEveryEngine) {
  for (const ProtocolTraits* const protocol : protocols()) {
    const NetworkFile network = a_network(protocol->protocol);
    const Result<NetworkFile> read =
        read_network_file(put("network.json", encode_network_file(network)));
    ASSERT_TRUE(read.ok()) << read.error().where << ": " << read.error().message;
    EXPECT_EQ(encode_network_file(*read), encode_network_file(network));
    EXPECT_EQ(read->protocol, protocol->protocol);
    EXPECT_EQ(read->scheme, network.scheme);
    EXPECT_EQ(read->engine.hash, network.engine.hash);
    EXPECT_EQ(read->engine.chain, network.engine.chain);
    EXPECT_EQ(read->engine.genesis, network.engine.genesis);
    EXPECT_EQ(read->engine.checkpoint_interval, 17U);
    EXPECT_EQ(read->engine.batch_delay, Duration::milliseconds(3));
    EXPECT_EQ(read->addresses, network.addresses);
    EXPECT_FALSE(read->admission_verifies_payloads);
    EXPECT_EQ((*read->application)["departments"], 5);
  }
}

TEST_F(Files, OfANetworkThatDoNotSayWhoVerifiesHaveAdmissionVerify) {
  json file = json::parse(encode_network_file(a_network(Protocol::kPbft)));
  file.erase("admission_verifies_payloads");
  const Result<NetworkFile> read = read_network_file(put("network.json", file.dump()));
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->admission_verifies_payloads);
}

TEST_F(Files, OfANetworkSayWhatIsWrongAndWhere) {
  expect_refused("/chain", nullptr, "/chain", "is missing");
  expect_refused("/chain", -1, "/chain", "expected a whole number");
  expect_refused("/chain", "7", "/chain", "expected a whole number");
  expect_refused("/govchain_network", 2, "/govchain_network", "from 1 to 1");
  expect_refused("/protocol", "pbfd", "/protocol", "\"pbfd\" is none of");
  expect_refused("/signature", "rsa", "/signature", "\"ed25519\", \"sm2\"");
  expect_refused("/signatur", "sm2", "/signatur", "no such field");
  expect_refused("/engine/max_in_flight", 0, "/engine/max_in_flight", "from 1 to 1024");
  expect_refused("/engine/max_timeout_ms", 1, "/engine/max_timeout_ms", "at least base_timeout_ms");
  expect_refused("/engine/speed", 1, "/engine/speed", "no such field");
  expect_refused("/engine/proposal_bodies", "none", "/engine/proposal_bodies", "\"certified\"");
  expect_refused("/settings", json{{"lease_reads", true}}, "/settings/lease_reads",
                 "no such field");
  expect_refused("/members", json::array(), "/members", "a list of 1 to");
  expect_refused("/members/1/replica", 0, "/members/1/replica", "ascending");
  expect_refused("/members/1/key", "abc", "/members/1/key", "128 hexadecimal digits");
  expect_refused("/members/1/role", "witness", "/members/1/role", "only raft");
  expect_refused("/members/1/address", "somewhere", "/members/1/address", "\"host:port\"");
  expect_refused("/members/1/weight", kMaxTotalWeight, "/members", "together they weigh");
  json changed = json::parse(encode_network_file(a_network(Protocol::kPbft)));
  changed["members"][1]["key"] = changed["members"][0]["key"];
  EXPECT_THAT(read_network_file(put("network.json", changed.dump())).error().message,
              HasSubstr("the same key"));
  for (json& member : changed["members"]) member["weight"] = 0;
  changed["members"][1]["key"] = std::string(128, 'a');
  EXPECT_THAT(read_network_file(put("network.json", changed.dump())).error().message,
              HasSubstr("somebody must carry weight"));
}

TEST_F(Files, ThatAreNoJsonSayTheLine) {
  const Result<NetworkFile> broken =
      read_network_file(put("network.json", "{\n  \"chain\": 7,\n  oops\n}\n"));
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().where, HasSubstr("network.json:3:3"));
  EXPECT_FALSE(read_network_file(put("network.json", "")).ok());
  EXPECT_THAT(read_network_file(put("network.json", "[]")).error().message,
              HasSubstr("expected a JSON object"));
  EXPECT_EQ(read_network_file(folder_.path("nothing.json")).error().code, ErrorCode::kNotFound);
}

NodeFile a_node() {
  NodeFile node;
  node.replica = ReplicaId(3);
  node.network = "../network.json";
  node.key = "replica.key";
  node.data = "/var/lib/govchain";
  node.tls = {"tls.crt", "tls.key", "../authority.crt"};
  node.listen = {"0.0.0.0", 7'003};
  node.client_listen = {"127.0.0.1", 8'003};
  node.crypto_threads = 3;
  node.log_level = LogLevel::kWarning;
  node.archive = true;
  node.snapshots = {.least = Bytes(5'000), .held = 20};
  node.link_delay = Duration::milliseconds(25);
  node.addresses[ReplicaId(1)] = {"10.0.0.1", 7'001};
  return node;
}

TEST_F(Files, OfANodeAreReadBackWithPathsFromTheirOwnFolder) {
  const Result<NodeFile> read = read_node_file(put("node.json", encode_node_file(a_node())));
  ASSERT_TRUE(read.ok()) << read.error().where << ": " << read.error().message;
  EXPECT_EQ(read->replica, ReplicaId(3));
  EXPECT_EQ(read->key, folder_.path("replica.key"));
  EXPECT_EQ(read->data, "/var/lib/govchain");
  EXPECT_EQ(std::filesystem::path(read->network),
            std::filesystem::path(folder_.path("../network.json")).lexically_normal());
  EXPECT_EQ(read->listen, (Endpoint{"0.0.0.0", 7'003}));
  EXPECT_EQ(read->client_listen, (Endpoint{"127.0.0.1", 8'003}));
  EXPECT_EQ(read->crypto_threads, 3U);
  EXPECT_EQ(read->log_level, LogLevel::kWarning);
  EXPECT_TRUE(read->archive);
  EXPECT_EQ(read->snapshots.least, Bytes(5'000));
  EXPECT_EQ(read->snapshots.held, 20U);
  EXPECT_EQ(read->link_delay, Duration::milliseconds(25));
  EXPECT_EQ(read->addresses.at(ReplicaId(1)), (Endpoint{"10.0.0.1", 7'001}));
}

TEST_F(Files, OfANodeSayWhatIsWrongAndWhere) {
  struct Case {
    std::string pointer;
    json value;
    std::string where;
  };
  for (const Case& one :
       {Case{"/tls", nullptr, "/tls"}, Case{"/tls/key", 7, "/tls/key"},
        Case{"/tls/keys", "x", "/tls/keys"}, Case{"/client", nullptr, "/client"},
        Case{"/client/listen", "8003", "/client/listen"},
        Case{"/client/max_connections", 0, "/client/max_connections"},
        Case{"/listen", "127.0.0.1:0", "/listen"}, Case{"/listen", "127.0.0.1:70000", "/listen"},
        Case{"/listen", "::1:7000", "/listen"}, Case{"/log_level", "loud", "/log_level"},
        Case{"/newest_version", 99, "/newest_version"},
        Case{"/snapshots/often", true, "/snapshots/often"},
        Case{"/addresses/x", "10.0.0.1:7", "/addresses/x"}, Case{"/addresses/1", 7, "/addresses/1"},
        Case{"/replica", nullptr, "/replica"}}) {
    json changed = json::parse(encode_node_file(a_node()));
    const json::json_pointer place(one.pointer);
    if (one.value.is_null()) {
      changed[place.parent_pointer()].erase(place.back());
    } else {
      changed[place] = one.value;
    }
    const Result<NodeFile> read = read_node_file(put("node.json", changed.dump()));
    ASSERT_FALSE(read.ok()) << one.pointer;
    EXPECT_THAT(read.error().where, HasSubstr("node.json " + one.where));
    EXPECT_FALSE(read.error().message.empty());
  }
}

TEST(Endpoints, AreReadBack) {
  for (const std::string text : {"localhost:1", "10.0.0.1:65535", "[::1]:7000"}) {
    const Result<Endpoint> read = parse_endpoint(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(to_text(*read), text);
  }
  for (const std::string text : {"", ":", ":1", "a:", "a:0", "a:65536", "a:1x", "[]:1", "[::1:1"}) {
    EXPECT_FALSE(parse_endpoint(text).ok()) << text;
  }
}

}  // namespace
}  // namespace govchain::consensus::node
