// Agents in a world: what they submit, transfer, watch and verify.

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/agent.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

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

}  // namespace
}  // namespace govchain::sim
