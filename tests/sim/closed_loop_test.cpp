// Clients that wait for their answers before they ask again.

#include <gtest/gtest.h>

#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;
using test::small_world;

LoadSpec& add_clients(WorldSpec& spec, uint32_t clients, ReplicaIndex ingress = 0) {
  LoadSpec load;
  load.ingress = ingress;
  load.clients = clients;
  spec.loads.push_back(load);
  return spec.loads.back();
}

WorldResult run_ok(const WorldSpec& spec) {
  auto result = run_world(spec);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  EXPECT_TRUE(result->violations.empty());
  return *std::move(result);
}

// Little (1961): what is under way is the rate times how long it is under way.
TEST(ClosedLoop, KeepsAsManyUnderWayAsThereAreClients) {
  for (const uint32_t clients : {1U, 7U, 400U}) {
    WorldSpec spec = small_world(Protocol::kPbft, 4);
    add_clients(spec, clients).access_delay = Duration::milliseconds(3);
    const WorldResult result = run_ok(spec);
    const ChainResult& chain = result.chains.front();
    const double seconds = (spec.duration - spec.warmup).to_seconds();
    const double rate = static_cast<double>(chain.transactions.committed) / seconds;
    const double latency = chain.latency.mean_nanoseconds() / 1e9;
    EXPECT_NEAR(rate * latency, clients, clients * 0.02);
    EXPECT_LE(chain.transactions.in_flight, clients);
    EXPECT_FALSE(chain.saturated);
  }
}

TEST(ClosedLoop, OfOneClientTakesADecisionAndItsWay) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  add_clients(spec, 1).access_delay = Duration::milliseconds(3);
  const ChainResult chain = run_ok(spec).chains.front();
  // Three delays of 10 ms, there and back again.
  EXPECT_NEAR(chain.latency.quantile(1).to_milliseconds(), 36, 0.5);
  EXPECT_NEAR(static_cast<double>(chain.transactions.committed), 8.0 / 0.036, 2);
}

TEST(ClosedLoop, GoesOnForThoseWhoHaveGivenUpOrWereRefused) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  spec.client_timeout = Duration::milliseconds(500);
  spec.chains.front().engine.base_timeout = Duration::seconds(1);
  add_clients(spec, 20);
  FaultSpec crash;
  crash.kind = FaultSpec::Kind::kPause;
  crash.at = Duration::seconds(4);
  crash.duration = Duration::seconds(2);
  crash.group = {0, 1, 2, 3};
  spec.faults.push_back(crash);
  const ChainResult chain = run_ok(spec).chains.front();
  EXPECT_GT(chain.transactions.timed_out, 0U);
  const TransactionCounts& counts = chain.transactions;
  EXPECT_EQ(counts.submitted,
            counts.committed + counts.refused + counts.timed_out + counts.in_flight);
  // In two seconds before the pause 20 in 33 ms at most; without those who had given up nobody
  // would be left after it.
  EXPECT_GT(counts.committed, 1'600U);

  // A mempool for two, and clients that come back a tenth of a second after a refusal.
  WorldSpec small = small_world(Protocol::kPbft, 4);
  small.chains.front().engine.mempool_limit = Bytes(800);
  add_clients(small, 20);
  const ChainResult full = run_ok(small).chains.front();
  EXPECT_GT(full.transactions.refused, 500U);
  EXPECT_LT(full.transactions.refused, 20U * 8U * 10U + 20U);
  EXPECT_GT(full.transactions.committed, 100U);
}

TEST(ClosedLoop, EndsWithItsLoad) {
  WorldSpec spec = small_world(Protocol::kRaft, 3);
  add_clients(spec, 10).until = Duration::seconds(5);
  const ChainResult chain = run_ok(spec).chains.front();
  EXPECT_EQ(chain.transactions.in_flight, 0U);
  EXPECT_GT(chain.transactions.committed, 100U);
}

TEST(ClosedLoop, HasNoRateAndIsOfExactRuns) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  add_clients(spec, 10).rate.push_back({Duration::zero(), 5});
  EXPECT_FALSE(run_world(spec));
  WorldSpec cohorts = small_world(Protocol::kPbft, 4);
  cohorts.load_mode = LoadMode::kCohort;
  add_clients(cohorts, 10);
  EXPECT_FALSE(run_world(cohorts));
}

}  // namespace
}  // namespace govchain::sim
