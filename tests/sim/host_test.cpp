// Queueing theory for the modelled cores and disks.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "sim/distribution.h"
#include "sim/host/cpu.h"
#include "sim/host/disk.h"
#include "sim/network/nic.h"
#include "sim/random.h"

namespace govchain::sim {
namespace {

const TimePoint kEnd = TimePoint::since_start(Duration::seconds(1'000'000));

TimePoint at(int64_t nanoseconds) {
  return TimePoint::since_start(Duration::nanoseconds(nanoseconds));
}

struct Wait {
  double mean = 0;
  double error = 0;  // half of the 95 % interval, from batch means
  double utilisation = 0;
};

// Poisson arrivals at `load` of the capacity of `cores`; mean service 1 ms.
template <typename Service>
Wait measure_wait(uint32_t cores, double load, Service&& service) {
  constexpr int kBatches = 40;
  constexpr int kPerBatch = 20'000;
  const Duration gap = round_to_nanoseconds(1e6 / (load * cores));
  RandomStream arrivals(11, RandomPurpose::kTest,
                        1'000 * cores + static_cast<uint64_t>(load * 100));
  RandomStream services(12, RandomPurpose::kTest,
                        1'000 * cores + static_cast<uint64_t>(load * 100));
  const Duration all = gap * (int64_t{kBatches} * kPerBatch);
  Cpu cpu(cores, TimePoint{}, TimePoint::since_start(all));
  TimePoint now;
  std::vector<double> means;
  for (int batch = 0; batch < kBatches; ++batch) {
    double sum = 0;
    for (int i = 0; i < kPerBatch; ++i) {
      now += draw_exponential(arrivals, gap);
      const Duration cost = service(services);
      sum += (cpu.run(now, cost) - now - cost).to_milliseconds();
    }
    means.push_back(sum / kPerBatch);
  }
  Wait wait;
  for (const double mean : means) wait.mean += mean / kBatches;
  double variance = 0;
  for (const double mean : means) variance += (mean - wait.mean) * (mean - wait.mean);
  wait.error = 2.02 * std::sqrt(variance / (kBatches - 1) / kBatches);
  wait.utilisation = cpu.utilisation();
  return wait;
}

TEST(Cpu, WaitsAsMM1Says) {
  for (const double load : {0.3, 0.6, 0.8}) {
    const Wait wait = measure_wait(1, load, [](RandomStream& stream) {
      return draw_exponential(stream, Duration::milliseconds(1));
    });
    EXPECT_NEAR(wait.mean, load / (1 - load), 1.5 * wait.error) << load;
    EXPECT_LT(wait.error, 0.1 * wait.mean);
    EXPECT_NEAR(wait.utilisation, load, 0.01);
  }
}

TEST(Cpu, WaitsAsMD1Says) {
  for (const double load : {0.3, 0.6, 0.8}) {
    const Wait wait =
        measure_wait(1, load, [](RandomStream&) { return Duration::milliseconds(1); });
    EXPECT_NEAR(wait.mean, load / (2 * (1 - load)), 1.5 * wait.error) << load;
    EXPECT_NEAR(wait.utilisation, load, 0.01);
  }
}

TEST(Cpu, WaitsAsMMcSays) {
  // Erlang C for two servers: P(wait) = 2 rho^2 / (1 + rho), mean wait P / (c (1 - rho)).
  const double load = 0.7;
  const Wait wait = measure_wait(2, load, [](RandomStream& stream) {
    return draw_exponential(stream, Duration::milliseconds(1));
  });
  const double waits = 2 * load * load / (1 + load);
  EXPECT_NEAR(wait.mean, waits / (2 * (1 - load)), 1.5 * wait.error);
}

TEST(Cpu, AFreeJobNeverWaits) {
  Cpu cpu(1, TimePoint{}, kEnd);
  cpu.run(at(0), Duration::seconds(1));
  EXPECT_EQ(cpu.run(at(5), Duration::zero()), at(5));
}

TEST(Cpu, ASerialThreadKeepsItsCoreAndLeavesTheOthersAlone) {
  Cpu cpu(2, TimePoint{}, kEnd);
  uint32_t core = UINT32_MAX;
  TimePoint finish = at(0);
  for (int i = 0; i < 10; ++i) finish = cpu.run_on(core, finish, Duration::nanoseconds(100));
  EXPECT_EQ(finish, at(1'000));
  EXPECT_EQ(cpu.run(at(0), Duration::nanoseconds(50)), at(50)) << "the second core was free";
}

TEST(Cpu, SpreadsABatchOverAllCoresWithoutLosingTime) {
  Cpu cpu(4, TimePoint{}, TimePoint{} + Duration::nanoseconds(26));
  EXPECT_EQ(cpu.run_spread(at(0), Duration::nanoseconds(102)), at(26));
  EXPECT_DOUBLE_EQ(cpu.utilisation(), 102.0 / (4 * 26));
}

TEST(Cpu, UtilisationCountsTheWindowOnly) {
  Cpu cpu(1, at(100), at(200));
  cpu.run(at(50), Duration::nanoseconds(100));
  cpu.run(at(190), Duration::nanoseconds(100));
  EXPECT_DOUBLE_EQ(cpu.utilisation(), 0.6);
}

TEST(Disk, ServesOneAfterTheOtherAtSyncTimePlusBytes) {
  DiskCosts costs;
  costs.sync = Duration::microseconds(100);
  costs.write_rate = Rate::bits_per_second(8'000'000'000);  // a byte a nanosecond
  Disk disk(costs, TimePoint{}, TimePoint{} + Duration::milliseconds(1));
  EXPECT_EQ(disk.sync(at(0), Bytes(1'000), 1), at(101'000));
  EXPECT_EQ(disk.sync(at(50), Bytes(0), 1), at(201'000));
  EXPECT_EQ(disk.write(at(0), Bytes(500)), at(201'500));
  EXPECT_EQ(disk.sync(at(300'000), Bytes(0), 3), at(600'000));
  EXPECT_DOUBLE_EQ(disk.utilisation(), 0.5015);
}

TEST(Nic, AVoteOvertakesBodiesAndPushesThemBackByItsOwnTime) {
  Nic nic(Rate::bits_per_second(1), TimePoint{}, kEnd);
  using consensus::Lane;
  EXPECT_EQ(nic.transmit(Lane::kBody, at(0), Duration::nanoseconds(1'000)), at(1'000));
  EXPECT_EQ(nic.transmit(Lane::kVote, at(10), Duration::nanoseconds(5)), at(15));
  EXPECT_EQ(nic.transmit(Lane::kBody, at(20), Duration::nanoseconds(1'000)), at(2'005));
  EXPECT_EQ(nic.transmit(Lane::kBulk, at(20), Duration::nanoseconds(100)), at(2'105));
  EXPECT_EQ(nic.transmit(Lane::kVote, at(20), Duration::nanoseconds(5)), at(25));
  EXPECT_EQ(nic.backlog(Lane::kBulk, at(0)), Duration::nanoseconds(2'110));
}

TEST(Nic, NeverSendsMoreThanItsRateWhateverTheLanes) {
  RandomStream random(9, RandomPurpose::kTest, 4);
  const TimePoint end = at(1'000'000);
  Nic nic(Rate::bits_per_second(1), TimePoint{}, end);
  TimePoint now;
  Duration sent;
  while (now < end) {
    now += Duration::nanoseconds(static_cast<int64_t>(random.below(40)));
    const Duration serialisation = Duration::nanoseconds(static_cast<int64_t>(random.below(60)));
    const auto lane = static_cast<consensus::Lane>(random.below(consensus::kLanes));
    nic.transmit(lane, now, serialisation);
    sent += serialisation;
  }
  EXPECT_GT(sent, end.since_start()) << "more is offered than the card can carry";
  EXPECT_LE(nic.out_utilisation(), 1.0);
  EXPECT_GT(nic.out_utilisation(), 0.99);
}

TEST(Nic, CutThroughPaysTwiceOnlyForASlowerOrBusyReceiver) {
  Nic equal(Rate::bits_per_second(1), TimePoint{}, kEnd);
  EXPECT_EQ(equal.receive(at(1'000), Duration::nanoseconds(100), Duration::nanoseconds(100)),
            at(1'000));
  // Two senders at once: the second waits for the first.
  EXPECT_EQ(equal.receive(at(1'000), Duration::nanoseconds(100), Duration::nanoseconds(100)),
            at(1'100));
  Nic slow(Rate::bits_per_second(1), TimePoint{}, kEnd);
  EXPECT_EQ(slow.receive(at(1'000), Duration::nanoseconds(100), Duration::nanoseconds(400)),
            at(1'300));
}

}  // namespace
}  // namespace govchain::sim
