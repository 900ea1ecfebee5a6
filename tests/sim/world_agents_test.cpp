// Agents in a world: what they submit, transfer, watch and verify.

#include <algorithm>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "sim/agent.h"
#include "sim/key_value_application.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::Digest;
using consensus::Protocol;
using test::expect_clean;
using test::run_or_fail;
using test::small_world;

// Submits one transaction a second, and moves a megabyte after each.
class Gateway final : public Agent {
 public:
  struct Log {
    int finals = 0;
    int refusals = 0;
    int transfers = 0;
    int blocks = 0;
    int checkpoints = 0;
    bool verified = false;
    Duration transfer_time;
  };
  explicit Gateway(Log& log) : log_(log) {}
  [[nodiscard]] std::vector<Watch> watches() const override { return {{0, 2}}; }
  void start(AgentContext& context) override { context.set_timer(Duration::seconds(1), 0); }
  void on_block(AgentContext&, ChainIndex, const consensus::Block&,
                std::span<const consensus::Receipt>) override {
    ++log_.blocks;
  }
  void on_checkpoint(AgentContext& context, ChainIndex chain,
                     const consensus::Checkpoint& checkpoint) override {
    ++log_.checkpoints;
    std::vector<consensus::SignedStatement> claims;
    for (size_t i = 0; i < checkpoint.certificate->signers.size(); ++i) {
      claims.push_back({checkpoint.certificate->statement, checkpoint.certificate->signers[i],
                        checkpoint.certificate->signatures[i]});
    }
    log_.verified = !claims.empty() && context.verify(0, chain, claims);
  }
  void on_final(AgentContext& context, uint64_t cookie, consensus::Receipt receipt) override {
    EXPECT_EQ(cookie, 100U + static_cast<uint64_t>(log_.finals));
    EXPECT_EQ(receipt.code, 0);
    ++log_.finals;
    started_ = context.now();
    context.transfer(1, 0, Bytes(1'000'000), 5);
  }
  void on_refused(AgentContext&, uint64_t) override { ++log_.refusals; }
  void on_transferred(AgentContext& context, uint64_t cookie) override {
    EXPECT_EQ(cookie, 5U);
    ++log_.transfers;
    log_.transfer_time = context.now() - started_;
  }
  void on_timer(AgentContext& context, uint64_t cookie) override {
    const std::vector<uint8_t> bytes = {1, 2, 3, static_cast<uint8_t>(cookie)};
    context.submit(1, 0, 2, 0, bytes, 100 + cookie);
    context.set_timer(Duration::seconds(1), cookie + 1);
  }

 private:
  Log& log_;
  TimePoint started_;
};

TEST(Agents, SubmitTransferWatchAndVerify) {
  WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::milliseconds(10));
  spec.network.places.push_back({"agents", {}, {}});
  spec.network.trunks.push_back(
      {"trunk", 0, 1, Rate::bits_per_second(1'000'000'000), Duration::milliseconds(5), 0});
  spec.network.routes = {{}, {0}, {0}, {}};
  spec.chains[0].engine.checkpoint_interval = 4;
  spec.warmup = Duration::zero();
  Gateway::Log log;
  spec.agents.push_back([&log] { return std::make_unique<Gateway>(log); });
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  EXPECT_EQ(log.finals, 9);
  EXPECT_EQ(log.refusals, 0);
  EXPECT_GE(log.blocks, 9);
  EXPECT_GE(log.checkpoints, 2);
  EXPECT_TRUE(log.verified);
  EXPECT_EQ(log.transfers, 9);
  EXPECT_EQ(log.transfer_time, Duration::milliseconds(13));
  EXPECT_EQ(result.services[0].completed, 9U);
  EXPECT_EQ(result.chains[0].transactions.committed, 9U);
  // 5 ms there and back, 10 ms to the leader, three steps.
  EXPECT_NEAR(result.services[0].latency.mean_nanoseconds() * 1e-6, 50.0, 0.1);
}

// Watches nothing.
class Client : public Agent {
 public:
  struct Log {
    std::vector<TimePoint> finals;
    std::vector<TimePoint> reads;
    uint64_t refused_reads = 0;
    bool found = false;
  };
  explicit Client(Log& log) : log_(log) {}
  [[nodiscard]] std::vector<Watch> watches() const override { return {}; }
  void on_block(AgentContext&, ChainIndex, const consensus::Block&,
                std::span<const consensus::Receipt>) override {}
  void on_checkpoint(AgentContext&, ChainIndex, const consensus::Checkpoint&) override {}
  void on_final(AgentContext&, uint64_t, consensus::Receipt) override { ADD_FAILURE(); }
  void on_refused(AgentContext&, uint64_t) override { ADD_FAILURE(); }
  void on_transferred(AgentContext&, uint64_t) override {}
  void on_timer(AgentContext&, uint64_t) override {}
  void on_read(AgentContext& context, uint64_t cookie,
               const consensus::Application* state) override {
    EXPECT_EQ(cookie, 8U);
    log_.reads.push_back(context.now());
    log_.refused_reads += state == nullptr ? 1 : 0;
  }

 protected:
  Log& log_;
};

class Reader final : public Client {
 public:
  using Client::Client;
  void start(AgentContext& context) override { context.read(0, 0, 1, 8); }
};

// Writes, sends the same again before it can be final, and then reads.
class Impatient final : public Client {
 public:
  Impatient(Log& log, std::vector<uint8_t> bytes) : Client(log), bytes_(std::move(bytes)) {}
  void start(AgentContext& context) override {
    context.submit(0, 0, 2, 0, bytes_, 1);
    context.set_timer(Duration::milliseconds(5), 0);
    context.read(0, 0, 3, 7);  // it has crashed, and never answers
  }
  void on_timer(AgentContext& context, uint64_t) override {
    context.submit(0, 0, 2, 0, bytes_, 1);
    context.submit(0, 0, 1, 0, bytes_, 1);
  }
  void on_final(AgentContext& context, uint64_t, consensus::Receipt) override {
    log_.finals.push_back(context.now());
    context.read(0, 0, 1, 8);
  }
  void on_read(AgentContext& context, uint64_t cookie,
               const consensus::Application* state) override {
    Client::on_read(context, cookie, state);
    if (state == nullptr) return;
    const Digest digest = consensus::payload_digest(consensus::HashAlgorithm::kSha256, bytes_, 1);
    log_.found = dynamic_cast<const KeyValueApplication&>(*state).value(digest.bytes[0]) == digest;
  }

 private:
  std::vector<uint8_t> bytes_;
};

TEST(Agents, AreAnsweredOnceItIsFinalAndReadWhatWasExecuted) {
  WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::milliseconds(10));
  spec.warmup = Duration::zero();
  FaultSpec crash;
  crash.group = {3};
  spec.faults.push_back(crash);
  RequestSpec read;  // whose answer is nobody's
  read.at = Duration::seconds(1);
  spec.requests.push_back(read);
  Client::Log log;
  spec.agents.push_back([&log] {
    return std::make_unique<Impatient>(log, std::vector<uint8_t>{1, 2, 3});
  });
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  const auto at = [](int64_t milliseconds) {
    return TimePoint::since_start(Duration::milliseconds(milliseconds));
  };
  // 10 ms to the replica, 10 ms to the leader, three steps; 10 ms to another replica, which asks
  // the others there and back.
  EXPECT_EQ(log.finals, std::vector{at(50)});
  EXPECT_EQ(log.reads, std::vector{at(80)});
  EXPECT_EQ(log.refused_reads, 0U);
  EXPECT_TRUE(log.found);
  EXPECT_EQ(result.chains[0].transactions.committed, 1U);
}

TEST(Agents, HearThatAReadIsRefused) {
  // One voter of three is up, so nobody leads.
  WorldSpec spec = small_world(Protocol::kRaft, 3, Duration::milliseconds(10));
  FaultSpec crash;
  crash.group = {0, 2};
  spec.faults.push_back(crash);
  Client::Log log;
  spec.agents.push_back([&log] { return std::make_unique<Reader>(log); });
  (void)run_or_fail(spec);
  EXPECT_EQ(log.refused_reads, 1U);
}

}  // namespace
}  // namespace govchain::sim
