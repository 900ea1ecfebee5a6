// Clients of real replicas: engine, log, store, state and threads on a network in memory, and the
// HTTP endpoint of each on the loopback address.

#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http_server.h"
#include "consensus/node/client/metrics.h"
#include "consensus/node/client/routes.h"
#include "consensus/protocols.h"
#include "tests/consensus/node/client/raw_client.h"
#include "tests/consensus/node/host/machine.h"

namespace govchain::consensus::node {
namespace {

using nlohmann::json;
using testing::get;
using testing::ListApplication;
using testing::Machine;
using testing::MachineSettings;
using testing::MemoryNetwork;
using testing::post;
using testing::RawClient;
using testing::RawResponse;

class CountQuery final : public QueryService {
 public:
  [[nodiscard]] Result<json> answer(const Application& state, Height /*height*/,
                                    const json& /*request*/) override {
    return json(dynamic_cast<const ListApplication&>(state).payloads().size());
  }
};

// A machine with an endpoint.
class Node {
 public:
  Node(MemoryNetwork& network, const MachineSettings& settings, ReplicaId id)
      : desk_(desk_settings()), machine_(network, settings, id) {
    machine_.tell(&desk_);
  }
  ~Node() {
    server_.reset();
    desk_.detach();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void start() {
    const Status started = machine_.start();
    ASSERT_TRUE(started) << started.error().message;
    replica_ = std::make_unique<RunningDeskReplica>(machine_.replica());
    desk_.attach(*replica_, Checkpoint{});
    auto server = HttpServer::start({}, routes_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  RawResponse ask(const std::string& request) {
    return RawClient(server_->port()).ask(request).value_or(RawResponse{});
  }
  [[nodiscard]] bool is_ready() {
    for (int i = 0; i < 6'000; ++i) {
      if (ask(get("/ready")).status == 200) return true;
      ::usleep(5'000);
    }
    return false;
  }
  Machine& machine() { return machine_; }

 private:
  static DeskSettings desk_settings() {
    DeskSettings settings;
    settings.verify_payloads = true;
    return settings;
  }

  ClientDesk desk_;
  Metrics metrics_{nullptr};
  CountQuery queries_;
  Routes routes_{RoutesSettings{}, desk_, metrics_, queries_};
  Machine machine_;
  std::unique_ptr<RunningDeskReplica> replica_;
  std::unique_ptr<HttpServer> server_;
};

TEST(ReplicaOverHttp, MakesATransactionFinalAndFindsItAgainEverywhere) {
  MemoryNetwork network(ChainId(7));
  std::vector<std::unique_ptr<Node>> nodes;
  for (uint32_t i = 0; i < 4; ++i) {
    nodes.push_back(std::make_unique<Node>(network, MachineSettings{}, ReplicaId(i)));
  }
  for (const auto& node : nodes) ASSERT_NO_FATAL_FAILURE(node->start());
  for (const auto& node : nodes) ASSERT_TRUE(node->is_ready());

  constexpr size_t kTransactions = 6;
  json last;
  for (size_t i = 0; i < kTransactions; ++i) {
    const std::string payload = "transaction " + std::to_string(i);
    const RawResponse submitted = nodes[i % nodes.size()]->ask(
        post("/v1/transactions?wait=60", "application/octet-stream", payload));
    ASSERT_EQ(submitted.status, 200U) << submitted.body;
    last = json::parse(submitted.body);
    EXPECT_EQ(last["status"], "final");
    EXPECT_EQ(last["receipts"].size(), 1U);
  }
  const Height height(last["height"].get<uint64_t>());
  for (const auto& node : nodes) {
    ASSERT_TRUE(node->machine().wait_until_final(height));
    const RawResponse found =
        node->ask(get("/v1/transactions/" + last["id"].get<std::string>() + "?wait=60"));
    EXPECT_EQ(found.status, 200U);
    const json answer = json::parse(found.body);
    EXPECT_EQ(answer["height"], last["height"]);
    EXPECT_EQ(answer["index"], last["index"]);
    const RawResponse block = node->ask(get("/v1/blocks/" + std::to_string(height.value())));
    ASSERT_EQ(block.status, 200U);
    EXPECT_EQ(json::parse(block.body)["payloads"][last["index"].get<size_t>()]["id"], last["id"]);
  }
  // Another submission of the same bytes, elsewhere, orders nothing.
  const RawResponse again =
      nodes[3]->ask(post("/v1/transactions?wait=60", "application/octet-stream",
                         "transaction " + std::to_string(kTransactions - 1)));
  EXPECT_EQ(json::parse(again.body)["height"], last["height"]);
  const RawResponse counted = nodes[2]->ask(post("/v1/query", "application/json", "{}"));
  ASSERT_EQ(counted.status, 200U) << counted.body;
  EXPECT_EQ(json::parse(counted.body)["answer"], kTransactions);

  const json members = json::parse(nodes[0]->ask(get("/v1/membership")).body);
  EXPECT_EQ(members["members"].size(), 4U);
  const RawResponse metrics = nodes[1]->ask(get("/metrics"));
  EXPECT_NE(metrics.body.find("govchain_engine_committed_blocks_total"), std::string::npos);
}

TEST(ReplicaOverHttp, WhatIsForgedIsRefusedBeforeItCostsTheChainAnything) {
  MemoryNetwork network(ChainId(7));
  MachineSettings settings;
  settings.payload_check = [](const Payload& payload) { return payload.bytes.front() != 'f'; };
  std::vector<std::unique_ptr<Node>> nodes;
  for (uint32_t i = 0; i < 4; ++i) {
    nodes.push_back(std::make_unique<Node>(network, settings, ReplicaId(i)));
  }
  for (const auto& node : nodes) ASSERT_NO_FATAL_FAILURE(node->start());
  for (const auto& node : nodes) ASSERT_TRUE(node->is_ready());
  const RawResponse forged =
      nodes[0]->ask(post("/v1/transactions", "application/octet-stream", "forged"));
  EXPECT_EQ(forged.status, 403U);
  const json refusal = json::parse(forged.body);
  EXPECT_EQ(refusal["status"], "refused");
  EXPECT_EQ(refusal["cause"], "forged");
  const RawResponse good =
      nodes[0]->ask(post("/v1/transactions?wait=60", "application/octet-stream", "good"));
  ASSERT_EQ(good.status, 200U) << good.body;
  ASSERT_TRUE(nodes[0]->machine().wait_until_final(Height(json::parse(good.body)["height"])));
  EXPECT_EQ(nodes[0]->machine().payloads().size(), 1U);
  const std::string metrics = nodes[0]->ask(get("/metrics")).body;
  EXPECT_NE(metrics.find("govchain_submissions_total{outcome=\"admitted\"} 1\n"),
            std::string::npos);
  EXPECT_NE(metrics.find("govchain_submissions_total{outcome=\"refused_forged\"} 1\n"),
            std::string::npos);
}

// What a client gets proves to it that the block is final, without trust in the replica.
TEST(ReplicaOverHttp, GivesACertificateThatProvesTheBlock) {
  MemoryNetwork network(ChainId(7));
  std::vector<std::unique_ptr<Node>> nodes;
  for (uint32_t i = 0; i < 4; ++i) {
    nodes.push_back(std::make_unique<Node>(network, MachineSettings{}, ReplicaId(i)));
  }
  for (const auto& node : nodes) ASSERT_NO_FATAL_FAILURE(node->start());
  for (const auto& node : nodes) ASSERT_TRUE(node->is_ready());
  const RawResponse submitted =
      nodes[1]->ask(post("/v1/transactions?wait=60", "application/octet-stream", "mine"));
  ASSERT_EQ(submitted.status, 200U) << submitted.body;
  const json answer = json::parse(submitted.body);
  const json block = json::parse(
      nodes[1]->ask(get("/v1/blocks/" + answer["height"].dump() + "?payloads=true")).body);
  const auto bytes_of = [](const json& hex) {
    const std::string text = hex;
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
      bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
  };
  const std::vector<uint8_t> encoded = bytes_of(block["encoded"]);
  Reader block_reader(encoded);
  const Ref<Block> decoded = decode_block_by_digest(HashAlgorithm::kSha256, block_reader);
  ASSERT_TRUE(decoded);
  const std::vector<uint8_t> certificate_bytes = bytes_of(answer["certificate"]);
  Reader certificate_reader(certificate_bytes);
  const CertificateRef certificate = decode_certificate(certificate_reader);
  ASSERT_TRUE(certificate);
  EXPECT_GE(certificate->signers.size(), 3U);
  EXPECT_TRUE(proves_commit(HashAlgorithm::kSha256, *certificate, *decoded));
  EXPECT_EQ(to_hex(decoded->payloads[answer["index"].get<size_t>()]->digest.bytes), answer["id"]);
  EXPECT_EQ(block["payloads"][0]["payload_base64"], "bWluZQ==");
}

}  // namespace
}  // namespace govchain::consensus::node
