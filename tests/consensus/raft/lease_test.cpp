// Leases for reads (dissertation §6.4.1).

#include <string>

#include <gtest/gtest.h>

#include "tests/consensus/raft/cluster.h"

namespace govchain::consensus::raft::testing {
namespace {

constexpr Duration kTimeout = Duration::milliseconds(200);

ClusterOptions lease_options(uint32_t drift_ppm) {
  ClusterOptions options = small_options(3, 3);
  options.raft.lease_reads = true;
  options.raft.max_clock_drift_ppm = drift_ppm;
  return options;
}

// A leader that has heard from everybody lately.
uint32_t elect(Cluster& cluster) {
  EXPECT_TRUE(cluster.run_until(
      [&] {
        const auto leader = cluster.leader();
        return leader && cluster.status(*leader).committed > Height();
      },
      Duration::seconds(10)));
  cluster.run_for(kTimeout);
  return cluster.leader().value_or(0);
}

void expect_clean(const Cluster& cluster) {
  for (const std::string& violation : cluster.violations()) ADD_FAILURE() << violation;
}

TEST(RaftLease, ReadAtTheLeaderCostsNoMessage) {
  Cluster cluster(lease_options(1'000));
  const uint32_t leader = elect(cluster);
  cluster.traffic() = {};
  cluster.read(leader);
  EXPECT_EQ(cluster.reads_answered(), 1U);
  EXPECT_TRUE(cluster.traffic().messages.empty());
  expect_clean(cluster);
}

TEST(RaftLease, ReadAtAFollowerCostsOneRoundTripToTheLeader) {
  Cluster cluster(lease_options(1'000));
  const uint32_t leader = elect(cluster);
  cluster.read((leader + 1) % 3);
  // One millisecond each way; a round of heartbeats would take two more.
  cluster.run_for(Duration::milliseconds(2));
  EXPECT_EQ(cluster.reads_answered(), 1U);
  expect_clean(cluster);
}

// How long a leader that was cut off answers reads alone.
Duration lease_without_answers(uint32_t drift_ppm) {
  Cluster cluster(lease_options(drift_ppm));
  const uint32_t leader = elect(cluster);
  cluster.partition({leader});
  const TimePoint cut = cluster.now();
  const Duration step = Duration::milliseconds(1);
  for (Duration passed; passed < kTimeout * 2; passed += step) {
    const uint64_t before = cluster.reads_answered();
    cluster.read(leader);
    if (cluster.reads_answered() == before) break;
    cluster.run_for(step);
  }
  expect_clean(cluster);
  return cluster.now() - cut;
}

TEST(RaftLease, EndsBeforeAnybodyElseCanLeadWhateverTheClocks) {
  // The newest round that was answered is up to a heartbeat and a way there and back old.
  const Duration newest = kTimeout / 10 + Duration::milliseconds(3);
  const Duration exact = lease_without_answers(0);
  EXPECT_LE(exact, kTimeout);
  EXPECT_GE(exact, kTimeout - newest);
  // With clocks that may be off by a third: T (1 - 1/3) / (1 + 1/3) = T / 2.
  const Duration drifting = lease_without_answers(333'333);
  EXPECT_LE(drifting, kTimeout / 2 + Duration::milliseconds(1));
  EXPECT_GE(drifting, kTimeout / 2 - newest);
}

TEST(RaftLease, LeaderThatAskedAnotherToTakeOverHasNone) {
  Cluster cluster(lease_options(1'000));
  const uint32_t leader = elect(cluster);
  const uint32_t heir = (leader + 1) % 3;
  cluster.partition({leader});
  cluster.reconfigure(leader, {}, {}, heir);
  cluster.read(leader);
  EXPECT_EQ(cluster.reads_answered(), 0U);
  expect_clean(cluster);
}

TEST(RaftLease, ReplicaThatRestartsKeepsWhatItMayHavePromised) {
  // Leader and one follower against the third, which restarts and could be asked at once.
  Cluster cluster(lease_options(0));
  const uint32_t leader = elect(cluster);
  const uint32_t away = (leader + 1) % 3;
  const uint32_t promised = (leader + 2) % 3;
  cluster.partition({away});
  cluster.run_for(kTimeout * 3);  // it will ask for votes whenever it can
  const View term = cluster.status(leader).view;
  cluster.partition({leader});
  cluster.crash(promised);
  cluster.restart(promised);
  const TimePoint restarted = cluster.now();
  EXPECT_TRUE(cluster.run_until([&] { return cluster.status(away).is_leader; }, kTimeout * 10));
  EXPECT_GE(cluster.now() - restarted, kTimeout);
  EXPECT_GT(cluster.status(away).view, term);
  expect_clean(cluster);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
