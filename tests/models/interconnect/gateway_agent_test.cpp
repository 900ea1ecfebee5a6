#include <gtest/gtest.h>

#include "tests/models/interconnect/fake_world.h"

namespace govchain::models {
namespace {

using testing::FakeWorld;
using testing::FakeWorldSpec;
using testing::kSecond;
using testing::make_request;
using testing::Random;

constexpr uint64_t kRequester = 3;

GatewayLink link(uint64_t department, sim::Duration patience = {}, sim::Duration nudge = {}) {
  GatewayLink made;
  made.source.chain = FakeWorld::kSource;
  made.source.chain_id = consensus::ChainId(1);
  made.source.department = DepartmentId(department);
  made.target = made.source;
  made.target.chain = FakeWorld::kTarget;
  made.target.chain_id = consensus::ChainId(2);
  made.service = 6;
  made.patience = patience;
  made.nudge = nudge;
  return made;
}

void submit_request(FakeWorld& world, uint64_t number, int64_t timeout, bool possible = true) {
  Transaction made;
  made.chain = consensus::ChainId(1);
  made.sender = DepartmentId(kRequester);
  made.nonce = number;
  made.expiry = world.wall_time() + 600 * kSecond;
  made.contract = gateway::kContractId;
  made.method = static_cast<uint16_t>(gateway::Method::kRequest);
  gateway::MakeRequest request = make_request(number, 2, world.wall_time() + timeout, possible);
  request.request.submitted_at = world.wall_time();
  made.arguments = encode_fields(request);
  std::vector<uint8_t> bytes;
  encode_transaction(made, bytes);
  world.submit(FakeWorld::kSource, bytes);
}

struct Tally {
  uint64_t completed = 0;
  uint64_t compensated = 0;
  uint64_t pending = 0;
};

// Counts how requests 1 … `count` ended and checks each against what happened on the target.
Tally tally(const FakeWorld& world, uint64_t count) {
  Tally found;
  const auto happened = testing::effects(world.ledger(FakeWorld::kTarget).state());
  for (const auto& [number, times] : happened) EXPECT_EQ(times, 1) << number;
  for (uint64_t number = 1; number <= count; ++number) {
    const auto status = gateway::find_status(world.ledger(FakeWorld::kSource).state(),
                                             {DepartmentId(kRequester), number});
    if (!status || status->state == gateway::RequestState::kPending) {
      ++found.pending;
      continue;
    }
    const bool completed = status->state == gateway::RequestState::kCompleted;
    EXPECT_EQ(completed, happened.count(number) == 1) << number;
    ++(completed ? found.completed : found.compensated);
  }
  return found;
}

TEST(Gateway, SettlesEveryRequestAndMeasuresItEndToEnd) {
  FakeWorld world({});
  const size_t gateway = world.add(std::make_unique<Gateway>(link(5)));
  for (uint64_t number = 1; number <= 40; ++number) {
    submit_request(world, number, 300 * kSecond, number % 8 != 0);
    world.run_until(sim::Duration::milliseconds(static_cast<int64_t>(number) * 700));
  }
  world.run_until(sim::Duration::seconds(80));
  const Tally found = tally(world, 40);
  EXPECT_EQ(found.completed, 35U);
  EXPECT_EQ(found.compensated, 5U);
  EXPECT_EQ(world.gateway(gateway).tasks(), 0U);
  EXPECT_EQ(world.gateway(gateway).counters().retries, 0U);
  ASSERT_EQ(world.observations.size(), 40U);
  uint64_t completed = 0;
  for (const FakeWorld::Observation& seen : world.observations) {
    EXPECT_EQ(seen.service, 6U);
    // Four block times at least, two transfers, two checkpoints; ten at most.
    EXPECT_GT(seen.latency, sim::Duration::milliseconds(1'500));
    EXPECT_LT(seen.latency, sim::Duration::seconds(12));
    completed += seen.completed ? 1U : 0U;
  }
  EXPECT_EQ(completed, 35U);
  EXPECT_GT(world.transferred_bytes, 40U * 2U * 500U);
}

TEST(Gateway, NeverBothNeverNeitherNeverTwiceThoughMessagesAreLostAndTheFirstGatewayStops) {
  Tally total;
  uint64_t by_standby = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    FakeWorld world({.seed = seed,
                     .checkpoint_interval = 1 + random.below(4),
                     .lost_per_mille = 150,
                     .duplicated_per_mille = 200});
    const size_t first = world.add(std::make_unique<Gateway>(link(5)));
    const size_t standby =
        world.add(std::make_unique<Gateway>(link(10, sim::Duration::seconds(20))));
    const int64_t stop_at = 1 + static_cast<int64_t>(random.below(40));
    for (int64_t second = 1; second <= 30; ++second) {
      const auto timeout = static_cast<int64_t>(1 + random.below(25)) * kSecond;
      submit_request(world, static_cast<uint64_t>(second), timeout, !random.one_in(6));
      world.run_until(sim::Duration::seconds(second));
      if (second == stop_at) world.stop(first);
    }
    world.run_until(sim::Duration::seconds(300));
    const Tally found = tally(world, 30);
    ASSERT_EQ(found.pending, 0U) << "seed " << seed;
    total.completed += found.completed;
    total.compensated += found.compensated;
    const GatewayCounters& counters = world.gateway(standby).counters();
    by_standby += counters.completed + counters.compensated;
    ASSERT_EQ(world.gateway(standby).tasks(), 0U);
    // Whoever settled a request measured it, once; a gateway that stopped in between did not.
    ASSERT_LE(world.observations.size(), 30U);
  }
  EXPECT_GT(total.completed, 2'000U);
  EXPECT_GT(total.compensated, 2'000U);
  EXPECT_GT(by_standby, 2'000U);
}

TEST(Gateway, ANewGatewayReadsWhatIsPendingFromTheOutbox) {
  FakeWorld world({});
  for (uint64_t number = 1; number <= 10; ++number) submit_request(world, number, 300 * kSecond);
  world.run_until(sim::Duration::seconds(20));
  EXPECT_EQ(tally(world, 10).pending, 10U);
  world.add(std::make_unique<Gateway>(link(5)));
  world.run_until(sim::Duration::seconds(60));
  EXPECT_EQ(tally(world, 10).completed, 10U);
}

TEST(Gateway, SpendsNothingOnAForgedCheckpoint) {
  FakeWorld world({.bad_certificates = true});
  const size_t gateway = world.add(std::make_unique<Gateway>(link(5)));
  submit_request(world, 1, 300 * kSecond);
  world.run_until(sim::Duration::seconds(30));
  EXPECT_EQ(world.transferred_bytes, 0U);
  EXPECT_GT(world.gateway(gateway).counters().bad_certificates, 10U);
  EXPECT_EQ(tally(world, 1).pending, 1U);
}

TEST(Gateway, NudgesChainsThatWouldMakeNoCheckpoint) {
  for (const bool nudging : {false, true}) {
    FakeWorld world({.checkpoint_interval = 4, .empty_blocks = false});
    const sim::Duration nudge = nudging ? sim::Duration::milliseconds(800) : sim::Duration{};
    const size_t gateway = world.add(std::make_unique<Gateway>(link(5, {}, nudge)));
    submit_request(world, 1, 300 * kSecond);
    world.run_until(sim::Duration::seconds(100));
    EXPECT_EQ(tally(world, 1).completed, nudging ? 1U : 0U);
    const uint64_t nudges = world.gateway(gateway).counters().nudges;
    EXPECT_EQ(nudges > 0, nudging);
    // And leave them alone when all is done.
    world.run_until(sim::Duration::seconds(1'000));
    EXPECT_EQ(world.gateway(gateway).counters().nudges, nudges);
  }
}

sim::WorldSpec small_world() {
  sim::WorldSpec world;
  world.network.places.resize(2);
  world.hosts.resize(2);
  world.chains.resize(2);
  for (sim::ChainSpec& chain : world.chains) chain.replicas.resize(4);
  world.services.resize(7);
  world.classes.resize(1);
  return world;
}

TEST(AddGateways, AppendsFirstAndStandby) {
  sim::WorldSpec world = small_world();
  const GatewayPlan plan{
      .link = link(5), .standby = true, .standby_link = link(10, sim::Duration::seconds(9))};
  ASSERT_TRUE(add_gateways(world, std::vector{plan, plan}).ok());
  ASSERT_EQ(world.agents.size(), 4U);
  const auto watches = world.agents[1]()->watches();
  ASSERT_EQ(watches.size(), 2U);
  EXPECT_EQ(watches[0].chain, FakeWorld::kSource);
  EXPECT_EQ(watches[1].chain, FakeWorld::kTarget);
}

TEST(AddGateways, SaysWhatIsWrongAndAddsNothing) {
  const auto where = [](auto&& change) {
    sim::WorldSpec world = small_world();
    GatewayPlan plan{
        .link = link(5), .standby = true, .standby_link = link(10, sim::Duration::seconds(9))};
    change(plan);
    const consensus::Status status = add_gateways(world, std::vector{plan});
    EXPECT_TRUE(world.agents.empty());
    return status.ok() ? std::string("accepted") : status.error().where;
  };
  using P = GatewayPlan;
  EXPECT_EQ(where([](P& p) { p.link.source.chain = 2; }), "gateway 0/source");
  EXPECT_EQ(where([](P& p) { p.link.target.replica = 4; }), "gateway 0/target");
  EXPECT_EQ(where([](P& p) { p.link.target.place = 2; }), "gateway 0/target");
  EXPECT_EQ(where([](P& p) { p.link.source.host = 2; }), "gateway 0/source");
  EXPECT_EQ(where([](P& p) { p.link.target = p.link.source; }), "gateway 0");
  EXPECT_EQ(where([](P& p) { p.link.service = 7; }), "gateway 0/service");
  EXPECT_EQ(where([](P& p) { p.link.settle_class = 1; }), "gateway 0");
  EXPECT_EQ(where([](P& p) { p.link.retry = sim::Duration::zero(); }), "gateway 0");
  EXPECT_EQ(where([](P& p) { p.standby_link.patience = sim::Duration::zero(); }),
            "gateway 0/standby");
}

}  // namespace
}  // namespace govchain::models
