// Whole worlds: counts, determinism, load, trace. All checkers are on.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

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

TEST(World, TheSameDescriptionGivesTheSameDigestAndAnotherSeedAnother) {
  for (const Protocol protocol : every_protocol()) {
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(5));
    spec.network.places[0].local_jitter = {Jitter::Kind::kLogNormal, Duration::milliseconds(1), 1};
    for (HostSpec& host : spec.hosts) host.profile = server();
    add_load(spec, 200, 1);
    const WorldResult first = run_or_fail(spec);
    const WorldResult second = run_or_fail(spec);
    expect_clean(first);
    EXPECT_EQ(first.digest, second.digest);
    EXPECT_EQ(first.work.events, second.work.events);
    spec.seed = 2;
    EXPECT_NE(run_or_fail(spec).digest, first.digest);
  }
}

TEST(World, RealSignaturesAndTheWireFormatChangeNoDecision) {
  for (const Protocol protocol : every_protocol()) {
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(5));
    spec.duration = Duration::seconds(6);
    for (HostSpec& host : spec.hosts) host.profile = server();
    add_load(spec, 20, 1);
    const std::string modelled = run_or_fail(spec).digest;
    RunOptions options;
    options.check_wire_format = true;
    EXPECT_EQ(run_or_fail(spec, options).digest, modelled);
    spec.crypto = CryptoMode::kReal;
    EXPECT_EQ(run_or_fail(spec).digest, modelled);
  }
}

// A crash and a partition, so that proofs of what was prepared, view changes and what a laggard is
// shown are signed and verified too. Digests cover every committed block and all that was counted.
TEST(World, DecisionsAreEqualUnderEverySignatureSchemeThroughFaults) {
  using consensus::SignatureScheme;
  for (const Protocol protocol : every_protocol()) {
    SCOPED_TRACE(consensus::traits_of(protocol).name);
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(5));
    spec.warmup = Duration::zero();
    spec.duration = Duration::seconds(8);
    spec.progress_bound = Duration::seconds(4);
    spec.chains[0].engine.base_timeout = Duration::milliseconds(300);
    spec.chains[0].engine.max_timeout = Duration::milliseconds(600);
    spec.chains[0].engine.checkpoint_interval = 8;
    for (HostSpec& host : spec.hosts) host.profile = server();
    add_load(spec, 8, 1).until = Duration::seconds(6);
    FaultSpec crash;
    crash.kind = FaultSpec::Kind::kCrash;
    crash.at = Duration::milliseconds(700);
    crash.duration = Duration::milliseconds(800);
    crash.group = {0};
    FaultSpec partition = crash;
    partition.kind = FaultSpec::Kind::kPartition;
    partition.at = Duration::milliseconds(2'200);
    partition.group = {1, 2};
    spec.faults = {crash, partition};
    const WorldResult modelled = run_or_fail(spec);
    expect_clean(modelled);
    const consensus::EngineCounters& counters = modelled.chains[0].counters;
    EXPECT_GT(counters.view_changes, 0U);
    EXPECT_GT(counters.recoveries, 0U);
    EXPECT_GT(modelled.chains[0].transactions.committed, 30U);
    spec.crypto = CryptoMode::kReal;
    for (const SignatureScheme scheme : {SignatureScheme::kEd25519, SignatureScheme::kSm2}) {
      spec.chains[0].scheme = scheme;
      const WorldResult real = run_or_fail(spec);
      expect_clean(real);
      EXPECT_EQ(real.digest, modelled.digest) << static_cast<int>(scheme);
      EXPECT_EQ(real.chains[0].transactions.committed, modelled.chains[0].transactions.committed);
    }
  }
}

TEST(World, CohortsAgreeWithSingleTransactions) {
  struct Case {
    Protocol protocol;
    double rate;
    Duration one_way;
  };
  for (const Case& c : {Case{Protocol::kPbft, 400, Duration::microseconds(250)},
                        Case{Protocol::kPbft, 1'500, Duration::milliseconds(20)},
                        Case{Protocol::kRaft, 800, Duration::milliseconds(5)}}) {
    WorldSpec spec = small_world(c.protocol, 4, c.one_way);
    for (HostSpec& host : spec.hosts) host.profile = server();
    spec.chains[0].engine.batch_delay = Duration::milliseconds(20);
    spec.warmup = Duration::seconds(8);
    spec.duration = Duration::seconds(14);
    add_load(spec, c.rate, 0);
    const WorldResult exact = run_or_fail(spec);
    spec.load_mode = LoadMode::kCohort;
    const WorldResult cohort = run_or_fail(spec);
    expect_clean(exact);
    expect_clean(cohort);
    // The same arrivals, because the same stream draws them.
    EXPECT_EQ(exact.chains[0].transactions.submitted, cohort.chains[0].transactions.submitted);
    EXPECT_NEAR(static_cast<double>(cohort.chains[0].transactions.committed),
                static_cast<double>(exact.chains[0].transactions.committed),
                0.01 * static_cast<double>(exact.chains[0].transactions.submitted));
    // A transaction of a cohort waits for the end of its interval: the stated error is one
    // interval.
    const double difference =
        cohort.chains[0].latency.mean_nanoseconds() - exact.chains[0].latency.mean_nanoseconds();
    const auto interval = static_cast<double>(spec.cohort_interval.nanoseconds());
    EXPECT_GT(difference, -interval) << c.rate;
    EXPECT_LT(difference, interval) << c.rate;
  }
}

TEST(World, RefusesWhatDoesNotFitAndGivesUpWhatTakesTooLong) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  spec.chains[0].engine.mempool_limit = Bytes(20'000);
  for (HostSpec& host : spec.hosts) host.profile.nic = Rate::bits_per_second(1'000'000);
  spec.client_timeout = Duration::seconds(1);
  add_load(spec, 2'000);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  EXPECT_GT(result.chains[0].transactions.refused, 0U);
  EXPECT_GT(result.chains[0].transactions.committed, 0U);
  EXPECT_GT(result.chains[0].transactions.refused + result.chains[0].transactions.timed_out,
            result.chains[0].transactions.submitted / 2);
}

TEST(World, AnOverloadedChainIsFoundSaturatedAndAnIdleOneIsNot) {
  WorldSpec spec = small_world(Protocol::kPbft, 4, Duration::milliseconds(1));
  for (HostSpec& host : spec.hosts) {
    host.profile.costs.execute_transaction = Duration::milliseconds(2);
  }
  spec.load_mode = LoadMode::kCohort;
  add_load(spec, 300);
  const WorldResult idle = run_or_fail(spec);
  expect_clean(idle);
  EXPECT_FALSE(idle.chains[0].saturated);
  EXPECT_NEAR(idle.resources[0].utilisation, 0.6, 0.05);
  spec.loads[0].rate[0].per_second = 700;
  const WorldResult overloaded = run_or_fail(spec);
  expect_clean(overloaded);
  EXPECT_TRUE(overloaded.chains[0].saturated);
  EXPECT_NEAR(overloaded.chains[0].backlog_slope, 200, 40);
  EXPECT_GT(overloaded.resources[0].utilisation, 0.98);
  EXPECT_NE(overloaded.resources[0].name.find("cpu"), std::string::npos);
}

TEST(World, ManyAppendsShareOneSync) {
  WorldSpec spec = small_world(Protocol::kRaft, 3, Duration::microseconds(100));
  for (HostSpec& host : spec.hosts) host.profile.disk.sync = Duration::milliseconds(10);
  spec.warmup = Duration::seconds(8);
  spec.duration = Duration::seconds(14);
  for (ReplicaIndex replica = 0; replica < 3; ++replica) add_load(spec, 150, replica);
  const WorldResult result = run_or_fail(spec);
  expect_clean(result);
  // 100 syncs a second, several blocks in each.
  EXPECT_GT(static_cast<double>(result.chains[0].blocks) / 6, 150);
  EXPECT_GT(result.chains[0].shares.disk, 0.3);
}

TEST(World, AContradictionIsNamed) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  spec.chains[0].replicas[2].host = 9;
  const auto bad_host = run_world(spec);
  ASSERT_FALSE(bad_host.ok());
  EXPECT_EQ(bad_host.error().where, "chains[0].replicas");
  spec = small_world(Protocol::kPbft, 4);
  add_load(spec, -1);
  ASSERT_FALSE(run_world(spec).ok());
  EXPECT_EQ(run_world(spec).error().where, "loads[0].rate");
  spec = small_world(Protocol::kPbft, 4);
  spec.warmup = spec.duration;
  EXPECT_EQ(run_world(spec).error().where, "warmup");
}

TEST(World, WeightsAreBoundedBeforeTheyAreAddedUp) {
  for (const uint64_t heavy : {consensus::kMaxTotalWeight - 2, uint64_t{1} << 63U, UINT64_MAX}) {
    WorldSpec spec = small_world(Protocol::kRaft, 3);
    spec.chains[0].weights = {1, heavy, 2};
    spec.chains[0].witnesses = {0};
    const auto refused = run_world(spec);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().where, "chains[0].weights");
  }
  WorldSpec nobody = small_world(Protocol::kRaft, 3);
  nobody.chains[0].weights = {0, 0, 0};
  EXPECT_EQ(run_world(nobody).error().where, "chains[0].weights");
}

TEST(World, StopsEarlyWhenAsked) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  add_load(spec, 10);
  std::atomic<bool> stop = false;
  RunOptions options;
  options.stop = &stop;
  int calls = 0;
  options.progress = [&](double share, uint64_t) {
    ++calls;
    if (share > 0.3) stop = true;
  };
  const auto result = run_world(spec, options);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, consensus::ErrorCode::kExhausted);
  EXPECT_LT(calls, 40);
}

TEST(World, WritesATraceThatIsOneJsonArray) {
  WorldSpec spec = small_world(Protocol::kPbft, 4);
  spec.duration = Duration::seconds(3);
  spec.warmup = Duration::zero();
  add_load(spec, 5);
  RunOptions options;
  options.trace_path = testing::TempDir() + "govchain-trace-test.json";
  const std::string plain = run_or_fail(spec).digest;
  EXPECT_EQ(run_or_fail(spec, options).digest, plain) << "watching changes nothing";
  std::ifstream file(options.trace_path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string json = text.str();
  std::remove(options.trace_path.c_str());
  EXPECT_EQ(json.front(), '[');
  EXPECT_EQ(json.substr(json.size() - 3), "\n]\n");
  EXPECT_NE(json.find("\"commit\""), std::string::npos);
  EXPECT_EQ(std::count(json.begin(), json.end(), '{'), std::count(json.begin(), json.end(), '}'));
}

}  // namespace
}  // namespace govchain::sim
