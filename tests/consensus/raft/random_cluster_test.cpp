// Raft in a hostile world: whatever happens, the properties of the paper's figure 3 hold, and once
// the world is calm everything that waits is ordered.

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/raft/cluster.h"

namespace govchain::consensus::raft::testing {
namespace {

constexpr uint64_t kRetainAll = 10'000;

struct Seen {
  EngineCounters sums;
  uint64_t reads = 0;
};

ClusterOptions random_options(uint64_t seed, RandomSource& random) {
  const uint32_t replicas =
      static_cast<uint32_t>(random.chance(4) ? 1 + random.below(7) : 3 + 2 * random.below(2));
  ClusterOptions options = small_options(seed, replicas);
  options.delay_high = Duration::milliseconds(static_cast<int64_t>(1 + random.below(60)));
  options.sync_time = Duration::microseconds(static_cast<int64_t>(random.below(20'000)));
  options.loss_per_mille = random.chance(2) ? random.below(150) : 0;
  options.duplicate_per_mille = random.chance(2) ? random.below(100) : 0;
  options.through_codec = random.chance(8);
  options.engine.max_in_flight = static_cast<uint32_t>(1 + random.below(8));
  options.engine.checkpoint_interval = 1 + random.below(8);
  // A client's repetition is recognised as far back as blocks are retained.
  options.engine.retained_blocks = random.chance(3) ? kRetainAll : random.below(20);
  options.raft.max_append_messages = static_cast<uint32_t>(1 + random.below(8));
  options.raft.cached_blocks = static_cast<uint32_t>(random.below(6));
  options.raft.pre_vote = !random.chance(6);
  options.raft.check_quorum = options.raft.pre_vote || !random.chance(3);
  if (replicas >= 3 && random.chance(3)) {
    options.replicas = replicas + 2;
    options.learners = random.chance(2) ? 1 : 0;
  }
  return options;
}

void disturb(Cluster& cluster, const ClusterOptions& options, RandomSource& random) {
  const uint32_t machines = options.replicas;
  const auto node = static_cast<uint32_t>(random.below(machines));
  switch (random.below(16)) {
    case 0:
      cluster.crash(node);
      break;
    case 1:
      cluster.crash_at_persist(node, 1 + random.below(6));
      break;
    case 2:
    case 3:
    case 4:
      for (uint32_t i = 0; i < machines; ++i) cluster.restart(i);
      break;
    case 5: {
      std::set<uint32_t> group;
      for (uint32_t i = 0; i < machines; ++i) {
        if (random.chance(2)) group.insert(i);
      }
      cluster.partition(group);
      break;
    }
    case 6:
    case 7:
      cluster.heal();
      break;
    case 8:
      cluster.set_link(node, static_cast<uint32_t>(random.below(machines)), random.chance(2));
      break;
    case 9:
      cluster.set_disk_full(node, true);
      break;
    case 10:
      for (uint32_t i = 0; i < machines; ++i) cluster.set_disk_full(i, false);
      break;
    case 11: {
      std::vector<uint32_t> voters;
      std::vector<uint32_t> learners;
      if (options.replicas == options.members) break;
      for (uint32_t i = 0; i < machines; ++i) {
        (random.below(3) > 0 ? voters : learners).push_back(i);
      }
      if (voters.empty()) break;
      cluster.reconfigure(node, voters, learners);
      break;
    }
    case 12:
      cluster.give(node, input::PeerDropped{ReplicaId(0)});
      break;
    case 13:
      cluster.give(node, input::PeerWritable{ReplicaId(0)});
      break;
    case 14: {
      MembershipChange change;
      change.transfer_leadership_to = ReplicaId(static_cast<uint32_t>(random.below(machines)));
      cluster.give(node, input::Reconfigure{change});
      break;
    }
    default:
      break;
  }
}

// In a third of the worlds replicas run software of different age, and somebody wants an upgrade.
void renew_software(Cluster& cluster, const ClusterOptions& options, RandomSource& random) {
  const auto node = static_cast<uint32_t>(random.below(options.replicas));
  if (random.chance(6)) {
    cluster.set_software(node, random.chance(3) ? ProtocolVersion::k1 : ProtocolVersion::k2);
    cluster.restart(node);
  }
  if (random.chance(8)) cluster.give(node, input::Reconfigure{{{}, {}, ProtocolVersion::k2}});
}

bool run_seed(uint64_t seed, Seen& seen) {
  RandomSource random(seed * 77 + 5);
  RandomSource software(seed * 131 + 7);
  const bool mixed = software.chance(3);
  const ClusterOptions options = random_options(seed, random);
  Cluster cluster(options);
  for (uint32_t i = 0; mixed && i < options.replicas; ++i) {
    if (software.chance(2)) cluster.set_software(i, ProtocolVersion::k1);
    cluster.restart(i);
  }
  std::vector<uint64_t> proposed;
  std::vector<uint64_t> in_calm;
  for (int round = 0; round < 60 && cluster.violations().empty(); ++round) {
    const auto node = static_cast<uint32_t>(random.below(options.replicas));
    if (cluster.up(node)) proposed.push_back(cluster.propose(node));
    if (!proposed.empty() && options.engine.retained_blocks == kRetainAll && random.chance(4)) {
      cluster.propose_again(static_cast<uint32_t>(random.below(options.replicas)),
                            proposed[random.below(proposed.size())]);
    }
    cluster.read(static_cast<uint32_t>(random.below(options.replicas)));
    if (random.chance(2)) disturb(cluster, options, random);
    if (mixed) renew_software(cluster, options, software);
    cluster.run_for(Duration::milliseconds(static_cast<int64_t>(random.below(120))));
  }
  cluster.calm();
  for (uint32_t i = 0; i < options.replicas; ++i) {
    cluster.set_disk_full(i, false);
    cluster.crash_at_persist(i, 0);
    cluster.set_software(i, ProtocolVersion::k2);
    cluster.restart(i);
    for (uint32_t peer = 0; peer < options.replicas; ++peer) {
      cluster.give(i, input::PeerWritable{ReplicaId(peer)});
    }
  }
  cluster.run_for(Duration::seconds(4));
  std::vector<uint32_t> members;
  for (uint32_t i = 0; i < options.replicas; ++i) {
    if (cluster.up(i) && !cluster.stopped(i)) members.push_back(i);
  }
  const auto leader = cluster.leader();
  EXPECT_TRUE(leader.has_value()) << "seed " << seed << ": no leader in the calm";
  if (!leader) return false;
  std::vector<uint32_t> active;
  for (const uint32_t node : members) {
    if (cluster.membership(*leader).find(ReplicaId(node)) != nullptr) active.push_back(node);
  }
  for (const uint32_t node : active) in_calm.push_back(cluster.propose(node));
  const bool done = cluster.run_until(
      [&] {
        for (const uint64_t number : in_calm) {
          if (!cluster.ordered(number)) return false;
        }
        return cluster.committed_everywhere(active) == cluster.highest_committed();
      },
      Duration::seconds(8));
  EXPECT_TRUE(done) << "seed " << seed << ": no progress in the calm";
  for (const std::string& violation : cluster.violations()) ADD_FAILURE() << violation;
  for (const Situation& situation : required_situations()) {
    seen.sums.*situation.counter += cluster.total(situation.counter);
  }
  seen.reads += cluster.reads_answered();
  return done && cluster.violations().empty();
}

TEST(RaftInAHostileWorld, IsSafeAlwaysAndLiveInTheCalm) {
  const char* from = std::getenv("RAFT_SEED");
  const char* count = std::getenv("RAFT_SEEDS");
  const uint64_t first = from == nullptr ? 1 : std::strtoull(from, nullptr, 10);
  const uint64_t seeds =
      count == nullptr ? (from == nullptr ? 300 : 1) : std::strtoull(count, nullptr, 10);
  Seen seen;
  int failures = 0;
  for (uint64_t seed = first; seed < first + seeds && failures < 3; ++seed) {
    if (!run_seed(seed, seen)) ++failures;
  }
  if (seeds < 100) return;
  for (const Situation& situation : required_situations()) {
    EXPECT_GT(seen.sums.*situation.counter, 0U) << situation.name << " never happened";
  }
  EXPECT_GT(seen.reads, 0U);
}

}  // namespace
}  // namespace govchain::consensus::raft::testing
