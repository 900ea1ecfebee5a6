// Whole worlds: closed forms, counts, faults, determinism. Every run also has all checkers on.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "sim/agent.h"
#include "tests/sim/every_protocol.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;
using test::add_load;
using test::run_or_fail;
using test::server;
using test::small_world;

void expect_clean(const WorldResult& result) {
  for (const Violation& violation : result.violations) {
    ADD_FAILURE() << violation.rule << ": " << violation.detail << " at "
                  << violation.at.since_start().to_seconds() << " s";
  }
  for (const ChainResult& chain : result.chains) {
    const TransactionCounts& counts = chain.transactions;
    EXPECT_EQ(counts.submitted,
              counts.committed + counts.refused + counts.timed_out + counts.in_flight);
    EXPECT_EQ(chain.latency.count(), counts.committed);
  }
}

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
                                     FaultSpec::Kind::kDiskFull, FaultSpec::Kind::kSlowDisk)));

TEST(Faults, AReplicaThatMissedTooMuchFetchesTheState) {
  for (const Protocol protocol : every_protocol()) {
    WorldSpec spec = small_world(protocol, 4, Duration::milliseconds(2));
    spec.warmup = Duration::zero();
    spec.duration = Duration::seconds(30);
    spec.chains[0].engine.checkpoint_interval = 16;
    spec.chains[0].engine.retained_blocks = 32;
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
