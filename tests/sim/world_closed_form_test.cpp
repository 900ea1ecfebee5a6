// Whole worlds against closed forms: delays of a decision, bandwidth, light. All checkers are on.

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "sim/agent.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;
using test::add_load;
using test::expect_clean;
using test::run_or_fail;
using test::small_world;

// Notes when each replica answers which height.
class Witness final : public Agent {
 public:
  using Times = std::map<std::pair<ReplicaIndex, uint64_t>, TimePoint>;
  Witness(ReplicaIndex replica, Times& times) : replica_(replica), times_(times) {}
  [[nodiscard]] std::vector<Watch> watches() const override { return {{0, replica_}}; }
  void start(AgentContext&) override {}
  void on_block(AgentContext& context, ChainIndex, const consensus::Block& block,
                std::span<const consensus::Receipt>) override {
    if (block.transactions() > 0) times_[{replica_, block.height.value()}] = context.now();
  }
  void on_checkpoint(AgentContext&, ChainIndex, const consensus::Checkpoint&) override {}
  void on_final(AgentContext&, uint64_t, consensus::Receipt) override {}
  void on_refused(AgentContext&, uint64_t) override {}
  void on_transferred(AgentContext&, uint64_t) override {}
  void on_timer(AgentContext&, uint64_t) override {}

 private:
  ReplicaIndex replica_;
  Times& times_;
};

TEST(ClosedForm, PbftIsFinalAtEveryReplicaThreeDelaysAfterTheProposal) {
  for (const uint32_t replicas : {4U, 7U, 16U}) {
    WorldSpec spec = small_world(Protocol::kPbft, replicas, Duration::milliseconds(10));
    LoadSpec& load = add_load(spec, 10);  // at the first view's leader
    load.arrivals = ArrivalKind::kUniform;
    Witness::Times times;
    for (ReplicaIndex replica = 0; replica < replicas; ++replica) {
      spec.agents.push_back([=, &times] { return std::make_unique<Witness>(replica, times); });
    }
    const WorldResult result = run_or_fail(spec);
    expect_clean(result);
    EXPECT_EQ(result.chains[0].latency.minimum(), Duration::milliseconds(30));
    EXPECT_EQ(result.chains[0].latency.maximum(), Duration::milliseconds(30));
    EXPECT_EQ(result.chains[0].view_changes, 0U);
    ASSERT_GE(times.size(), 90U * replicas);
    for (const auto& [who, when] : times) {
      // Transactions arrive at 50 ms, 150 ms, …; one each makes a block.
      EXPECT_EQ(when.nanoseconds() % 100'000'000, 80'000'000) << who.first << " " << who.second;
    }
  }
}

TEST(ClosedForm, RaftIsFinalAtTheLeaderTwoDelaysAfterTheProposal) {
  for (const uint32_t replicas : {3U, 5U}) {
    WorldSpec spec = small_world(Protocol::kRaft, replicas, Duration::milliseconds(10));
    spec.warmup = Duration::seconds(8);
    spec.duration = Duration::seconds(20);
    for (ReplicaIndex replica = 0; replica < replicas; ++replica) {
      LoadSpec& load = add_load(spec, 1, replica);
      load.arrivals = ArrivalKind::kUniform;
      load.rate[0].from = Duration::milliseconds(100 * int64_t{replica});
    }
    const WorldResult result = run_or_fail(spec);
    expect_clean(result);
    EXPECT_EQ(result.chains[0].latency.minimum(), Duration::milliseconds(20));
    // Elsewhere: to the leader, and the news of the commit back.
    EXPECT_EQ(result.chains[0].latency.maximum(), Duration::milliseconds(40));
    EXPECT_NEAR(result.chains[0].shares.network + result.chains[0].shares.queue, 1.0, 0.01);
  }
}

TEST(ClosedForm, TheLeadersCardBoundsThroughputWithinOnePercent) {
  WorldSpec spec = small_world(Protocol::kPbft, 8, Duration::microseconds(250));
  spec.duration = Duration::seconds(30);
  spec.warmup = Duration::seconds(5);
  const Rate rate = Rate::bits_per_second(100'000'000);
  for (HostSpec& host : spec.hosts) host.profile.nic = rate;
  spec.classes[0].payload = Bytes(9'904);  // 10,000 with signature and framing
  spec.load_mode = LoadMode::kCohort;
  spec.chains[0].engine.max_block_bytes = Bytes(2'000'000);
  spec.chains[0].engine.base_timeout = Duration::seconds(30);
  const double bound = 100e6 / 8 / (10'000 * 7.0);
  add_load(spec, bound * 1.3);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  const double seconds = 25;
  const double throughput = static_cast<double>(result.chains[0].latency.count()) / seconds;
  // Those submitted late in the window are still waiting, so count what was final in the window.
  EXPECT_TRUE(result.chains[0].saturated);
  EXPECT_EQ(result.resources[0].name, "host host-0 nic out");
  EXPECT_GT(result.resources[0].utilisation, 0.99);
  EXPECT_LE(throughput, bound);
  EXPECT_GT(static_cast<double>(result.chains[0].network_bytes.count()) * 8 / seconds / 100e6,
            0.99);
}

// Where routes are not the shortest ways, word goes faster by way of a third replica, and the bound
// of light must not count that as cheating.
TEST(ClosedForm, LightMayGoByWayOfAThirdPlace) {
  WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::microseconds(100));
  for (PlaceIndex place = 1; place < 3; ++place) {
    spec.network.places.push_back(
        {"place " + std::to_string(place), Duration::microseconds(100), {}});
    spec.hosts[place].place = place;
  }
  spec.network.routes.resize(9);
  const auto connect = [&](PlaceIndex a, PlaceIndex b, int64_t milliseconds) {
    const auto trunk = static_cast<TrunkIndex>(spec.network.trunks.size());
    spec.network.trunks.push_back({"trunk " + std::to_string(trunk), a, b, Rate::unlimited(),
                                   Duration::milliseconds(milliseconds), 0});
    spec.network.routes[size_t{a} * 3 + b] = {trunk};
    spec.network.routes[size_t{b} * 3 + a] = {trunk};
  };
  connect(0, 1, 1);
  connect(1, 2, 1);
  connect(0, 2, 30);
  spec.chains[0].replicas = {{1}, {0}, {2}, {3}};  // the first primary lies between the others
  add_load(spec, 20, 2);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  EXPECT_LT(result.chains[0].latency.quantile(0.5), Duration::milliseconds(60))
      << "nothing was faster than the direct way and back, so nothing was shown";
}

}  // namespace
}  // namespace govchain::sim
