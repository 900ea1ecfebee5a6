// `govchain node`, `node init` and `node call` as far as nothing runs; tests/packaging/first_node
// runs a network.

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/node/ledger_chain.h"
#include "consensus/codec.h"
#include "consensus/node/config/network_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/node/files/hexadecimal.h"
#include "tests/analysis/program_fixture.h"

namespace govchain::analysis {
namespace {

using testing::HasSubstr;

class NodeCommand : public ProgramTest {
 protected:
  [[nodiscard]] ProgramOutput init(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"node", "init", path(name)};
    words.insert(words.end(), more.begin(), more.end());
    return run_typed(words);
  }
  // An allotment of invoice numbers by the tax authority of the network `name`.
  [[nodiscard]] ProgramOutput call(const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words = {"node",      "call",
                                      "--network", path(name + "/network.json"),
                                      "--key",     path(name + "/departments/department-3.key")};
    words.insert(words.end(), more.begin(), more.end());
    return run_typed(words);
  }
};

TEST_F(NodeCommand, InitLaysOutANetworkThatItsReadersTake) {
  const ProgramOutput output =
      init("net", {"--replicas", "7", "--protocol", "hotstuff", "--signature", "sm2", "--hash",
                   "sm3", "--chain", "9", "--departments", "3", "--port", "9100"});
  ASSERT_EQ(output.code, kExitOk) << output.err;
  EXPECT_THAT(output.out, HasSubstr("7 replicas of a hotstuff chain, 3 departments"));
  const auto network = consensus::node::read_network_file(path("net/network.json"));
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(network->protocol, consensus::Protocol::kHotstuff);
  EXPECT_EQ(network->engine.genesis.members.size(), 7U);
  EXPECT_EQ(network->engine.chain, consensus::ChainId(9));
  EXPECT_EQ(network->engine.hash, consensus::HashAlgorithm::kSm3);
  const auto ledger = read_ledger(*network, "network.json");
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(ledger->departments.size(), 3U);
  EXPECT_EQ(ledger->scheme, consensus::SignatureScheme::kSm2);
  for (int i = 0; i < 7; ++i) {
    const auto file =
        consensus::node::read_node_file(path("net/node-" + std::to_string(i) + "/node.json"));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->listen.port, 9'100 + i);
  }
}

TEST_F(NodeCommand, InitLeavesAFolderThatIsNotEmptyAsItIs) {
  std::filesystem::create_directories(path("full"));
  std::ofstream(path("full/letter")) << "mine";
  const ProgramOutput output = init("full");
  EXPECT_EQ(output.code, kExitUsage);
  EXPECT_THAT(output.err, HasSubstr("full"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path("full")),
                          std::filesystem::directory_iterator()),
            1);
}

TEST_F(NodeCommand, InitRefusesWhatIsNoNetwork) {
  EXPECT_EQ(init("none", {"--replicas", "0"}).code, kExitUsage);
  EXPECT_EQ(init("none", {"--departments", "0"}).code, kExitUsage);
  EXPECT_EQ(init("none", {"--port", "65530", "--replicas", "8"}).code, kExitUsage);
  const ProgramOutput output = init("none", {"--protocol", "pbtf"});
  EXPECT_EQ(output.code, kExitUsage);
  EXPECT_THAT(output.err, HasSubstr("pbtf"));
  EXPECT_FALSE(std::filesystem::exists(path("none/network.json")));
}

TEST_F(NodeCommand, NamesTheFileThatItCannotRunFrom) {
  EXPECT_EQ(run_typed({"node"}).code, kExitUsage);
  const ProgramOutput absent = run_typed({"node", "--config", path("absent.json")});
  EXPECT_EQ(absent.code, kExitUsage);
  EXPECT_THAT(absent.err, HasSubstr("absent.json"));
  ASSERT_EQ(init("net").code, kExitOk);
  std::ofstream(path("net/node-0/node.json")) << R"({"govchain_node": 1, "replica": 0, "prot": 1})";
  const ProgramOutput broken = run_typed({"node", "--config", path("net/node-0/node.json")});
  EXPECT_EQ(broken.code, kExitUsage);
  EXPECT_THAT(broken.err, HasSubstr("node.json"));
}

TEST_F(NodeCommand, CallMakesATransactionOfTheDepartmentThatTheKeyBelongsTo) {
  ASSERT_EQ(init("net").code, kExitOk);
  const ProgramOutput output =
      call("net", {"invoice.allot", R"({"issuer": 9, "count": 100})", "--json"});
  ASSERT_EQ(output.code, kExitOk) << output.err;
  const auto answer = nlohmann::json::parse(output.out);
  EXPECT_EQ(answer["department"], 3);
  const auto bytes = consensus::node::from_hex(answer["payload"].get<std::string>());
  ASSERT_TRUE(bytes);
  const auto network = consensus::node::read_network_file(path("net/network.json"));
  const auto ledger = read_ledger(*network, "network.json");
  const auto payload = consensus::make_payload(ledger->hash, *bytes, 1);
  EXPECT_TRUE(is_signed_by_departments(*ledger, *payload));
  EXPECT_EQ(answer["id"], consensus::node::to_hex(payload->digest.bytes));
}

TEST_F(NodeCommand, CallMadeTwiceIsTwoTransactions) {
  ASSERT_EQ(init("net").code, kExitOk);
  const std::vector<std::string> words = {"invoice.allot", R"({"issuer": 9, "count": 1})",
                                          "--json"};
  EXPECT_NE(nlohmann::json::parse(call("net", words).out)["transaction"],
            nlohmann::json::parse(call("net", words).out)["transaction"]);
}

TEST_F(NodeCommand, CallSaysWhatIsWrongAndWhere) {
  ASSERT_EQ(init("net").code, kExitOk);
  const auto refused = [&](std::vector<std::string> more, const std::string& why) {
    const ProgramOutput output = call("net", std::move(more));
    EXPECT_EQ(output.code, kExitUsage) << output.out;
    EXPECT_THAT(output.err, HasSubstr(why));
    EXPECT_EQ(output.out, "");
  };
  refused({}, "expected --network");
  refused({"invoice.alot", "{}"}, "did you mean invoice.allot?");
  refused({"invoice.allot", R"({"issuer": 9})"}, "invoice.allot /count: is missing");
  refused({"invoice.allot", R"({"issuer": 9, "count": -1})"}, "expected a whole number from 0");
  refused({"invoice.allot", "{"}, "expected JSON");
  refused({"invoice.allot", R"({"issuer": 9, "count": 1})", "--valid-for", "30000000"},
          "valid for");
}

TEST_F(NodeCommand, CallListsAllCallsWithTheirCallers) {
  const ProgramOutput output = run_typed({"node", "call", "--list"});
  EXPECT_EQ(output.code, kExitOk);
  EXPECT_THAT(output.out, HasSubstr("invoice.allot                   a tax authority"));
  const ProgramOutput json = run_typed({"node", "call", "--list", "--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out).size(), 31U);
}

}  // namespace
}  // namespace govchain::analysis
