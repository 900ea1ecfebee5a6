// Whole worlds under one fault each. All checkers are on.

#include <algorithm>
#include <tuple>

#include <gtest/gtest.h>

#include "sim/adversary/interceptor.h"
#include "tests/sim/every_protocol.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;
using test::add_load;
using test::expect_clean;
using test::run_or_fail;
using test::server;
using test::small_world;

TEST(Faults, ACrashAtAnyPersistBoundaryIsSurvived) {
  for (const Protocol protocol : every_protocol()) {
    for (uint64_t boundary = 1; boundary <= 12; ++boundary) {
      WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
      for (HostSpec& host : spec.hosts) host.profile = server();
      spec.warmup = Duration::zero();
      spec.duration = Duration::seconds(25);
      spec.progress_bound = Duration::seconds(15);
      add_load(spec, 20, 1).until = Duration::seconds(15);
      FaultSpec fault;
      fault.kind = FaultSpec::Kind::kCrashAtPersist;
      fault.at = Duration::seconds(5);
      fault.duration = Duration::milliseconds(700);
      fault.count = boundary;
      fault.group = {static_cast<ReplicaIndex>(boundary % 4)};
      spec.faults.push_back(fault);
      const WorldResult result = run_or_fail(spec);
      expect_clean(result);
      EXPECT_GE(result.chains[0].counters.recoveries, 1U) << boundary;
      EXPECT_GT(result.chains[0].transactions.committed,
                result.chains[0].transactions.submitted * 8 / 10)
          << boundary;
    }
  }
}

class FaultKinds : public testing::TestWithParam<std::tuple<Protocol, FaultSpec::Kind>> {};

TEST_P(FaultKinds, AreSurvivedAndTheChainGoesOn) {
  const auto [protocol, kind] = GetParam();
  WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
  spec.network.places.push_back({"other", Duration::milliseconds(2), {}});
  spec.network.trunks.push_back({"trunk", 0, 1, {}, Duration::milliseconds(3), 0});
  spec.network.routes = {{}, {0}, {0}, {}};
  for (HostSpec& host : spec.hosts) host.profile = server();
  spec.hosts[3].place = 1;
  spec.warmup = Duration::zero();
  spec.duration = Duration::seconds(30);
  spec.progress_bound = Duration::seconds(15);
  add_load(spec, 20, 1).until = Duration::seconds(25);
  FaultSpec fault;
  fault.kind = kind;
  fault.at = Duration::seconds(6);
  fault.duration = Duration::seconds(3);
  fault.group = {0};
  if (kind == FaultSpec::Kind::kPlaceLoss) fault.place = 1;
  fault.magnitude = kind == FaultSpec::Kind::kSlowDisk ? 20 : 0.2;
  fault.spread = Duration::milliseconds(30);
  spec.faults.push_back(fault);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  const TransactionCounts& counts = result.chains[0].transactions;
  EXPECT_GT(counts.committed, counts.submitted * 7 / 10);
  // The last five seconds of load came after everything had healed.
  EXPECT_EQ(result.chains[0].backlog_series.back(), static_cast<double>(counts.in_flight));
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultKinds,
    testing::Combine(testing::ValuesIn(every_protocol()),
                     testing::Values(FaultSpec::Kind::kCrash, FaultSpec::Kind::kPause,
                                     FaultSpec::Kind::kClockDrift, FaultSpec::Kind::kPartition,
                                     FaultSpec::Kind::kLoss, FaultSpec::Kind::kDuplicate,
                                     FaultSpec::Kind::kReorder, FaultSpec::Kind::kTrunkCut,
                                     FaultSpec::Kind::kPlaceLoss, FaultSpec::Kind::kTornTail,
                                     FaultSpec::Kind::kDiskFull, FaultSpec::Kind::kSlowDisk,
                                     FaultSpec::Kind::kOneWayCut, FaultSpec::Kind::kClog)));

TEST(Faults, WhoseLogHasRottedStaysAwayAndTheOthersGoOn) {
  for (const Protocol protocol : every_protocol()) {
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
    spec.warmup = Duration::zero();
    spec.duration = Duration::seconds(30);
    spec.progress_bound = Duration::seconds(15);
    add_load(spec, 20, 1).until = Duration::seconds(25);
    FaultSpec fault;
    fault.kind = FaultSpec::Kind::kBitRot;
    fault.at = Duration::seconds(6);
    fault.duration = Duration::seconds(1);
    fault.group = {0};
    spec.faults.push_back(fault);
    const WorldResult result = run_or_fail(spec);
    expect_clean(result);
    EXPECT_EQ(result.chains[0].counters.recoveries, 0U);
    const TransactionCounts& counts = result.chains[0].transactions;
    EXPECT_GT(counts.committed, counts.submitted * 7 / 10);
  }
}

TEST(Faults, ClientsOfAReplicaThatIsGoneAreServedWhereTheyAskAgain) {
  const auto committed = [](bool retries) {
    WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::milliseconds(2));
    spec.warmup = Duration::zero();
    spec.duration = Duration::seconds(20);
    LoadSpec& load = add_load(spec, 20, 1);
    load.until = Duration::seconds(10);
    if (retries) load.retry = RetrySpec{Duration::milliseconds(300), {2, 3}, 0.25};
    FaultSpec fault;
    fault.at = Duration::seconds(4);
    fault.group = {1};
    spec.faults.push_back(fault);
    const WorldResult result = run_or_fail(spec);
    expect_clean(result);
    const TransactionCounts& counts = result.chains[0].transactions;
    return static_cast<double>(counts.committed) / static_cast<double>(counts.submitted);
  };
  EXPECT_LT(committed(false), 0.6);
  EXPECT_EQ(committed(true), 1);
}

TEST(Faults, WhoForgetsOrRunsTwiceHarmsNobodyElse) {
  for (const Protocol protocol : every_protocol()) {
    for (const auto kind : {AdversarySpec::Kind::kAmnesiac, AdversarySpec::Kind::kTwin}) {
      if (!applies(kind, protocol)) continue;
      WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
      spec.warmup = Duration::zero();
      spec.duration = Duration::seconds(30);
      spec.progress_bound = Duration::seconds(15);
      add_load(spec, 20, 1).until = Duration::seconds(25);
      spec.adversaries.push_back({kind, 0, 2, Duration::seconds(1)});
      FaultSpec crash;
      crash.at = Duration::seconds(6);
      crash.duration = Duration::milliseconds(500);
      crash.group = {2};
      spec.faults.push_back(crash);
      const WorldResult result = run_or_fail(spec);
      expect_clean(result);
      const TransactionCounts& counts = result.chains[0].transactions;
      EXPECT_GT(counts.committed, counts.submitted * 7 / 10);
    }
  }
}

TEST(Faults, ACloggedNetworkDeliversEverythingInTheEnd) {
  WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::milliseconds(2));
  spec.warmup = Duration::zero();
  spec.duration = Duration::seconds(10);
  add_load(spec, 20, 1).until = Duration::seconds(8);
  const uint64_t calm = run_or_fail(spec).work.messages;
  FaultSpec fault;
  fault.kind = FaultSpec::Kind::kClog;
  fault.at = Duration::seconds(3);
  // Shorter than anybody's patience, so that nothing is said that would not have been said.
  fault.duration = Duration::milliseconds(100);
  fault.group = {2};
  spec.faults.push_back(fault);
  const WorldResult clogged = run_or_fail(spec);
  expect_clean(clogged);
  EXPECT_NEAR(static_cast<double>(clogged.work.messages), static_cast<double>(calm),
              static_cast<double>(calm) / 50);
}

TEST(Faults, AReplicaThatMissedTooMuchFetchesTheState) {
  for (const Protocol protocol : every_protocol()) {
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
    spec.warmup = Duration::zero();
    spec.duration = Duration::seconds(30);
    spec.chains[0].engine.checkpoint_interval = 16;
    spec.chains[0].engine.retained_blocks = 32;
    // Where leaders take turns, each turn of the one that is down costs a timeout.
    spec.chains[0].settings.hotstuff.leader = consensus::hotstuff::LeaderPolicy::kStable;
    spec.chains[0].settings.raft.cached_blocks = 32;
    // Where all take turns as leader, the one that is down must not slow the chain below that.
    spec.chains[0].engine.base_timeout = Duration::milliseconds(200);
    add_load(spec, 50, 1);
    FaultSpec fault;
    fault.kind = FaultSpec::Kind::kCrash;
    fault.at = Duration::seconds(5);
    fault.duration = Duration::seconds(10);
    fault.group = {3};
    spec.faults.push_back(fault);
    const WorldResult result = run_or_fail(spec);
    expect_clean(result);
    EXPECT_GE(result.chains[0].counters.state_transfers, 1U);
  }
}

// The chain needs the state of a replica that asks a dead peer first: it must not wait for longer
// than the chain's own timeouts, because nothing is ordered meanwhile.
TEST(Faults, AStateIsFetchedFromTheNextPeerSoonWhenTheFirstIsGone) {
  WorldSpec spec = small_world(Protocol::kRaft, 3, Duration::milliseconds(2));
  spec.warmup = Duration::zero();
  spec.duration = Duration::milliseconds(17'500);
  spec.chains[0].engine.base_timeout = Duration::milliseconds(300);
  spec.chains[0].engine.max_timeout = Duration::milliseconds(600);
  spec.chains[0].engine.checkpoint_interval = 16;
  spec.chains[0].engine.retained_blocks = 32;
  spec.chains[0].settings.raft.cached_blocks = 32;
  add_load(spec, 50, 0);
  FaultSpec away;
  away.kind = FaultSpec::Kind::kPartition;
  away.at = Duration::seconds(5);
  away.duration = Duration::seconds(10);
  away.group = {1};
  spec.faults.push_back(away);
  FaultSpec gone;
  gone.kind = FaultSpec::Kind::kCrash;
  gone.at = Duration::milliseconds(14'500);
  gone.group = {2};
  spec.faults.push_back(gone);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  EXPECT_GE(result.chains[0].counters.state_transfers, 1U);
  EXPECT_LT(result.chains[0].transactions.in_flight, 40U) << "what waited is ordered";
}

}  // namespace
}  // namespace govchain::sim
