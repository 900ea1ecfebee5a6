// The protocol in a hostile little world: safety always, progress when the world calms down.

#include "tests/consensus/pbft/cluster.h"

#include <gtest/gtest.h>

namespace govchain::consensus::pbft::testing {
namespace {

ClusterOptions hostile(uint64_t seed) {
  ClusterOptions options;
  options.seed = seed;
  const uint32_t shapes[] = {4, 4, 4, 1, 2, 3, 5, 7, 10, 13};
  options.replicas = shapes[seed % 10];
  options.least_delay = Duration::microseconds(200);
  options.most_delay = Duration::milliseconds(static_cast<int64_t>(1 + seed % 17));
  options.most_sync = Duration::milliseconds(static_cast<int64_t>(seed % 6));
  options.loss_percent = static_cast<uint32_t>(seed % 4 == 0 ? 15 : seed % 3);
  options.duplicate_percent = static_cast<uint32_t>(seed % 5 * 5);
  options.engine.base_timeout = Duration::milliseconds(200);
  options.engine.max_timeout = Duration::milliseconds(800);
  options.engine.batch_delay = Duration::milliseconds(static_cast<int64_t>(seed % 11));
  options.engine.max_block_transactions = static_cast<uint32_t>(1 + seed % 7);
  options.engine.max_in_flight = static_cast<uint32_t>(1 + seed % 8);
  options.engine.checkpoint_interval = 1 + seed % 9;
  options.engine.retained_blocks = 1 + seed % 12;
  const uint32_t faulty = (options.replicas - 1) / 3;
  if (faulty > 0 && seed % 3 == 0) options.equivocators.insert(static_cast<uint32_t>(seed / 3 % 2));
  return options;
}

// Crashes, restarts, proposals and cuts at random for a while.
void torment(Cluster& world, Duration duration, uint64_t& number) {
  std::vector<uint64_t> cut;
  const TimePoint end = world.now() + duration;
  while (world.now() < end) {
    world.run_for(Duration::milliseconds(static_cast<int64_t>(1 + world.random(25))));
    const auto who = static_cast<uint32_t>(world.random(world.size()));
    switch (world.random(10)) {
      case 0:
        world.crash(who);
        break;
      case 1:
      case 2:
        world.restart(who);
        break;
      case 3: {
        const uint64_t group = world.random(1U << world.size());
        const bool heal = world.random(2) == 0;
        world.set_filter([group, heal](uint32_t from, uint32_t to, const Message&) {
          return heal || ((group >> from) & 1U) == ((group >> to) & 1U);
        });
        break;
      }
      default:
        world.propose(who, number++);
    }
  }
}

void expect_rules(const Cluster& world, uint64_t seed) {
  for (const std::string& violation : world.violations()) {
    ADD_FAILURE() << "seed " << seed << ": " << violation;
  }
}

std::string describe(const Cluster& world) {
  std::string text;
  for (uint32_t i = 0; i < world.size(); ++i) {
    const EngineStatus status = world.status(i);
    text += "\n  " + std::to_string(i) + ": view " + std::to_string(status.view.value()) +
            (status.in_view_change ? " changing" : "") + " proposed " +
            std::to_string(status.proposed.value()) + " committed " +
            std::to_string(status.committed.value()) + " executed " +
            std::to_string(status.executed.value()) + " stable " +
            std::to_string(status.stable_checkpoint.value()) + " mempool " +
            std::to_string(status.mempool.count());
  }
  return text;
}

TEST(PbftCluster, AgreesAlwaysAndProgressesOnceTheWorldIsCalm) {
  EngineCounters seen;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Cluster world(hostile(seed));
    uint64_t number = 1;
    torment(world, Duration::milliseconds(1'500), number);
    world.set_filter({});
    world.set_loss(0);
    world.set_delay(Duration::milliseconds(1), Duration::milliseconds(3));
    for (uint32_t i = 0; i < world.size(); ++i) world.restart(i);
    world.run_for(Duration::milliseconds(100));
    for (uint32_t i = 0; i < world.size(); ++i) world.propose(i, number + i);
    const auto done = [&] {
      for (uint32_t i = 0; i < world.size(); ++i) {
        if (!world.is_committed(number + i) && i >= 2) return false;
      }
      return world.is_committed(number + (world.size() > 2 ? 2 : 0));
    };
    EXPECT_TRUE(world.run_until(done, Duration::seconds(12)))
        << "seed " << seed << " makes no progress" << describe(world);
    expect_rules(world, seed);
    const EngineCounters counters = world.counters();
    seen.view_changes += counters.view_changes;
    seen.recoveries += counters.recoveries;
    seen.state_transfers += counters.state_transfers;
    seen.checkpoints += counters.checkpoints;
    seen.evidence += counters.evidence;
    seen.block_catch_ups += counters.block_catch_ups;
    if (HasFailure()) break;
  }
  for (const Situation& situation : required_situations()) {
    // Nobody asks for other members or rules here: tests/consensus/chain and the fuzzer do.
    if (situation.counter == &EngineCounters::membership_changes ||
        situation.counter == &EngineCounters::upgrades ||
        situation.counter == &EngineCounters::outdated_software) {
      continue;
    }
    EXPECT_GT(seen.*situation.counter, 0U) << situation.name << " never happened";
  }
}

}  // namespace
}  // namespace govchain::consensus::pbft::testing
