// Transfers by themselves on every network model, against a table that was measured with SimGrid
// 3.32 and its own programs (PEERS: "SimGrid against FIFO").

#include "sim/transfers.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace govchain::sim {
namespace {

constexpr std::array kModels = {NetworkModel::kFifo, NetworkModel::kSimgrid,
                                NetworkModel::kSimgridUncapped, NetworkModel::kSimgridLv08};

// Seconds of the first and of the last that arrives, by model as above.
struct Row {
  std::string what;
  Rate card;
  Duration delay;
  std::vector<Transfer> transfers;
  std::array<double, kModels.size()> first;
  std::array<double, kModels.size()> last;
  bool asks_for_last_sent = false;
};

std::vector<Transfer> to_each_of_sixteen() {
  std::vector<Transfer> all;
  for (ReplicaIndex to = 1; to <= 16; ++to) all.push_back({0, to, Bytes(1'000'000)});
  return all;
}

std::vector<Row> table() {
  const Rate gigabit = Rate::bits_per_second(1'000'000'000);
  const Rate ten = Rate::bits_per_second(10'000'000'000);
  const Duration near = Duration::milliseconds(50);
  const Duration far = Duration::milliseconds(100);
  const Transfer vote{0, 1, Bytes(150)};
  const Transfer body{0, 1, Bytes(1'000'000)};
  const Transfer other_body{0, 2, Bytes(1'000'000)};
  const Transfer huge{0, 1, Bytes(100'000'000)};
  using Times = std::array<double, kModels.size()>;
  const auto same = [](const Times& times) { return times; };
  const Times votes = {0.0500, 0.0500, 0.0500, 0.6505};
  const Times bodies = {0.0580, 0.0738, 0.0580, 0.6751};
  const Times huges = {0.180, 4.868, 0.180, 6.217};
  return {
      {"150 B", gigabit, near, {vote}, votes, same(votes)},
      {"1 MB", gigabit, near, {body}, bodies, same(bodies)},
      {"1 MB to each of 16",
       gigabit,
       near,
       to_each_of_sixteen(),
       {0.058, 0.178, 0.178, 0.782},
       {0.178, 0.178, 0.178, 0.782}},
      {"150 B behind 1 MB",
       gigabit,
       near,
       {other_body, vote},
       {0.0580, 0.0500, 0.0500, 0.6505},
       {0.0580, 0.0500, 0.0500, 0.6505},
       true},
      {"100 MB, 10 Gb/s, 100 ms", ten, far, {huge}, huges, same(huges)},
  };
}

WorldSpec world_of(const Row& row, NetworkModel model) {
  WorldSpec spec;
  spec.duration = Duration::seconds(1);
  spec.warmup = Duration::zero();
  spec.network.model = model;
  spec.network.places = {{"room", row.delay, {}}};
  ChainSpec chain;
  for (uint32_t i = 0; i < 17; ++i) {
    HostSpec host;
    host.name = "host" + std::to_string(i);
    host.profile = free_machine();
    host.profile.nic = row.card;
    spec.hosts.push_back(host);
    chain.replicas.push_back({i});
  }
  spec.chains.push_back(chain);
  return spec;
}

bool is_near(double value, double expected) { return std::abs(value / expected - 1) < 2e-3; }

// In a process of its own, because SimGrid simulates one world in a process.
[[noreturn]] void check(const Row& row, size_t model) {
  const auto times = measure_transfers(world_of(row, kModels[model]), {row.transfers});
  if (!times) {
    std::fprintf(stderr, "%s\n", times.error().message.c_str());
    std::exit(1);
  }
  double first = 1e9;
  double last = 0;
  for (const Duration time : times->front()) {
    first = std::min(first, time.to_seconds());
    last = std::max(last, time.to_seconds());
  }
  if (row.asks_for_last_sent) first = last = times->front().back().to_seconds();
  if (is_near(first, row.first[model]) && is_near(last, row.last[model])) std::exit(0);
  std::fprintf(stderr, "%s: %.4f and %.4f, expected %.4f and %.4f\n", row.what.c_str(), first, last,
               row.first[model], row.last[model]);
  std::exit(1);
}

TEST(Transfers, TakeAsLongAsSimgridItselfSays) {
  for (const Row& row : table()) {
    for (size_t model = 0; model < kModels.size(); ++model) {
      EXPECT_EXIT(check(row, model), testing::ExitedWithCode(0), "")
          << row.what << ", model " << model;
    }
  }
}

TEST(Transfers, GroupsBeginWhenTheOneBeforeIsOver) {
  Row row = table()[1];
  const auto times = measure_transfers(world_of(row, NetworkModel::kFifo),
                                       {row.transfers, row.transfers, row.transfers});
  ASSERT_TRUE(times);
  for (const std::vector<Duration>& group : *times) {
    ASSERT_EQ(group.size(), 1U);
    EXPECT_EQ(group.front(), Duration::milliseconds(58));
  }
}

TEST(Transfers, ASecondSimgridWorldInOneProcessIsRefused) {
  const auto twice = [] {
    const Row row = table()[0];
    const WorldSpec spec = world_of(row, NetworkModel::kSimgrid);
    if (!measure_transfers(spec, {row.transfers})) std::exit(1);
    const auto second = measure_transfers(spec, {row.transfers});
    if (second || second.error().code != consensus::ErrorCode::kUnsupported) std::exit(2);
    std::fprintf(stderr, "%s\n", second.error().message.c_str());
    std::exit(0);
  };
  EXPECT_EXIT(twice(), testing::ExitedWithCode(0), "one world in a process");
}

}  // namespace
}  // namespace govchain::sim
