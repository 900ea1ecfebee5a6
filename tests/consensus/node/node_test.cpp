// Nodes as an operator has them: a network laid out in a folder, TLS between real sockets, disks of
// the operating system.

#include "consensus/node/node.h"

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/node/config/layout.h"
#include "tests/consensus/node/files/temporary_folder.h"
#include "tests/consensus/node/host/machine.h"

namespace govchain::consensus::node {
namespace {

using ::testing::HasSubstr;
using testing::ListApplication;
using testing::TemporaryFolder;

constexpr std::chrono::seconds kPatience{60};

class Listener final : public ReplicaListener {
 public:
  void on_final(const StoredBlock& stored, std::span<const Receipt> /*receipts*/) override {
    const std::lock_guard lock(mutex_);
    for (const PayloadRef& payload : stored.block->payloads) ++answered_[payload->digest];
    said_.notify_all();
  }
  void on_overtaken(Height /*height*/) override {}
  void on_refused(const PayloadRef& /*payload*/, RefusalReason /*reason*/) override {}
  void on_read_ready(Token /*token*/, Height /*height*/) override {}
  void on_read_refused(Token /*token*/) override {}
  void on_checkpoint(const Checkpoint& /*checkpoint*/) override {}
  void on_evidence(const effect::EvidenceFound& /*evidence*/) override { ADD_FAILURE(); }
  void on_membership(const Membership& /*membership*/) override {}
  void on_stopped(StopReason /*reason*/, const std::string& explanation) override {
    ADD_FAILURE() << explanation;
  }
  void on_disk_full(bool /*full*/) override {}
  void on_journal_failed(const Error& error) override { ADD_FAILURE() << error.message; }
  [[nodiscard]] bool wait_until_answered(const Digest& payload) {
    std::unique_lock lock(mutex_);
    return said_.wait_for(lock, kPatience, [&] { return answered_.contains(payload); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::map<Digest, int> answered_;
};

NodeApplication list_application() {
  return {[] { return std::make_unique<ListApplication>(); }, [](const Payload&) { return true; }};
}

PayloadRef make(uint64_t number) {
  const std::string text = "transaction " + std::to_string(number);
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  return make_payload(HashAlgorithm::kSha256, bytes, 1);
}

class LaidOut : public ::testing::Test {
 protected:
  // On ports that were free a moment ago; nothing else of this machine hands out this range.
  void lay_out(Protocol protocol, uint32_t replicas) {
    std::random_device random;
    LayoutRequest request;
    request.replicas = replicas;
    request.network.protocol = protocol;
    request.network.engine.chain = ChainId(77);
    request.network.engine.batch_delay = Duration::milliseconds(1);
    request.network.engine.base_timeout = Duration::milliseconds(500);
    constexpr uint16_t kFirst = 12'000;
    constexpr uint32_t kRange = 15'000;
    request.first_port = static_cast<uint16_t>(kFirst + random() % kRange);
    const Status made = lay_out_network(root_, request);
    ASSERT_TRUE(made.ok()) << made.error().where << ": " << made.error().message;
    nodes_.resize(replicas);
    listeners_.resize(replicas);
  }
  [[nodiscard]] std::string file(uint32_t node, const std::string& name) const {
    return root_ + "/node-" + std::to_string(node) + "/" + name;
  }
  [[nodiscard]] Status start(uint32_t index) {
    const Result<NodeFile> node = read_node_file(file(index, "node.json"));
    if (!node) return node.error();
    const Result<NetworkFile> network = read_network_file(node->network);
    if (!network) return network.error();
    listeners_[index] = std::make_unique<Listener>();
    Result<std::unique_ptr<Node>> opened =
        Node::open(*node, *network, list_application(), *listeners_[index]);
    if (!opened) return opened.error();
    if (Status running = (*opened)->run(); !running) return running;
    nodes_[index] = std::move(*opened);
    return success();
  }
  void expect_order(uint32_t at, uint64_t number) {
    const PayloadRef payload = make(number);
    nodes_[at]->replica().propose(payload);
    EXPECT_TRUE(listeners_[at]->wait_until_answered(payload->digest)) << number;
  }
  void TearDown() override { nodes_.clear(); }

  TemporaryFolder folder_;
  std::string root_ = folder_.path("network");
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST_F(LaidOut, NodesOrderThroughTheirOwnSocketsAndOneThatIsRestartedComesBack) {
  lay_out(Protocol::kPbft, 4);
  for (uint32_t i = 0; i < 4; ++i) {
    const Status started = start(i);
    ASSERT_TRUE(started.ok()) << started.error().where << ": " << started.error().message;
  }
  for (uint64_t i = 0; i < 8; ++i) expect_order(static_cast<uint32_t>(i % 4), i);
  nodes_[3].reset();
  for (uint64_t i = 10; i < 14; ++i) expect_order(static_cast<uint32_t>(i % 3), i);
  ASSERT_TRUE(start(3).ok());
  expect_order(3, 20);
}

TEST_F(LaidOut, RaftNodesOrder) {
  lay_out(Protocol::kRaft, 3);
  for (uint32_t i = 0; i < 3; ++i) ASSERT_TRUE(start(i).ok());
  for (uint64_t i = 0; i < 6; ++i) expect_order(static_cast<uint32_t>(i % 3), i);
}

TEST_F(LaidOut, NetworkKeepsItsSecretsToTheirOwner) {
  lay_out(Protocol::kPbft, 2);
  for (const std::string& name : {file(0, "replica.key"), file(0, "tls.key"),
                                  file(1, "replica.key"), root_ + "/authority.key"}) {
    struct stat about {};
    ASSERT_EQ(::stat(name.c_str(), &about), 0) << name;
    EXPECT_EQ(about.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(LaidOut, FolderThatHoldsSomethingIsNotTouched) {
  lay_out(Protocol::kPbft, 2);
  const Status again = lay_out_network(root_, LayoutRequest{});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(again.error().message, HasSubstr("nothing is replaced"));
}

TEST_F(LaidOut, NodeThatIsNotWhoItSaysDoesNotStart) {
  lay_out(Protocol::kPbft, 4);
  // Another replica's key.
  std::filesystem::rename(file(1, "replica.key"), file(1, "own.key"));
  std::filesystem::copy(file(2, "replica.key"), file(1, "replica.key"));
  Status started = start(1);
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message, HasSubstr("for replica 1"));
  std::filesystem::rename(file(1, "own.key"), file(1, "replica.key"));
  // A second process on the same data.
  ASSERT_TRUE(start(1).ok());
  Listener listener;
  const Result<NodeFile> node = read_node_file(file(1, "node.json"));
  const Result<NetworkFile> network = read_network_file(node->network);
  const auto second = Node::open(*node, *network, list_application(), listener);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("another process"));
  // Another replica's data.
  nodes_[1].reset();
  std::filesystem::rename(file(1, "data"), file(3, "data"));
  started = start(3);
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message, HasSubstr("replica 1"));
}

TEST_F(LaidOut, NodeWhoseStateIsGoneSaysSo) {
  lay_out(Protocol::kRaft, 1);
  ASSERT_TRUE(start(0).ok());
  expect_order(0, 1);
  nodes_[0].reset();
  std::filesystem::remove_all(file(0, "data/log"));
  const Status started = start(0);
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message, HasSubstr("the log is gone"));
}

}  // namespace
}  // namespace govchain::consensus::node
