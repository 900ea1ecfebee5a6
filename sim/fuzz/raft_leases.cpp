#include "sim/fuzz/raft_leases.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "sim/fuzz/draft.h"
namespace govchain::sim {
namespace {

class Leases {
 public:
  Leases(WorldSpec& spec, RandomStream random, Duration chaos)
      : spec_(spec),
        random_(random),
        n_(static_cast<uint32_t>(spec.chains.front().replicas.size())),
        timeout_(spec.chains.front().engine.base_timeout),
        latest_(std::max(timeout_ * 3, chaos - timeout_)) {}

  // Half of the worlds read from leases, with clocks that drift within the bound they are told. In
  // some of these an old leader is cut off in the moment at which it matters.
  void draw() {
    if (!random_.chance(0.5)) return;
    constexpr double kMillion = 1e6;
    double drift = random_.chance(0.7) ? 0.3 : 0.001;
    for (const FaultSpec& fault : spec_.faults) {
      if (fault.kind == FaultSpec::Kind::kClockDrift) {
        drift = std::max(drift, std::abs(fault.magnitude));
      }
    }
    consensus::raft::RaftConfig& raft = spec_.chains.front().settings.raft;
    raft.lease_reads = true;
    // Rounded up: the bound must hold.
    raft.max_clock_drift_ppm = static_cast<uint32_t>(drift * kMillion) + 1;
    if (n_ < 3 || has_faulty(spec_) || !random_.chance(0.7)) return;
    // The last needs the most to go wrong at once, and so the most worlds.
    switch (random_.below(6)) {
      case 0:
        cut_off_slow_leader(drift);
        break;
      case 1:
        cut_off_parting_leader();
        break;
      default:
        crash_who_promised();
        break;
    }
  }

 private:
  Duration between(Duration low, Duration high) {
    return Duration::nanoseconds(random_.between(low.nanoseconds(), high.nanoseconds()));
  }
  ReplicaIndex replica() { return static_cast<ReplicaIndex>(random_.below(n_)); }

  [[nodiscard]] static FaultSpec fault_of(FaultSpec::Kind kind, Duration at, Duration duration,
                                          std::vector<ReplicaIndex> group) {
    FaultSpec fault;
    fault.kind = kind;
    fault.at = at;
    fault.duration = duration;
    fault.group = std::move(group);
    return fault;
  }

  void ask_to_lead(ReplicaIndex leader, Duration at) {
    for (ReplicaIndex asked = 0; asked < n_; ++asked) {
      RequestSpec request;
      request.kind = RequestSpec::Kind::kLeaderTransfer;
      request.at = at;
      request.replica = asked;
      request.leader = leader;
      spec_.requests.push_back(request);
    }
  }

  void read_often(ReplicaIndex reader, Duration from, Duration to) {
    constexpr int kReads = 12;
    for (int i = 0; i < kReads; ++i) {
      RequestSpec request;
      request.at = between(from, to);
      request.replica = reader;
      spec_.requests.push_back(request);
    }
  }

  // Its clock is as slow, and the others' are as fast, as the bound allows.
  void cut_off_slow_leader(double drift) {
    const ReplicaIndex leader = replica();
    const Duration cut = between(timeout_ * 3, latest_);
    std::vector<ReplicaIndex> others;
    for (ReplicaIndex i = 0; i < n_; ++i) {
      if (i != leader) others.push_back(i);
    }
    using Kind = FaultSpec::Kind;
    FaultSpec slow = fault_of(Kind::kClockDrift, cut - timeout_ * 2, timeout_ * 6, {leader});
    slow.magnitude = -drift;
    FaultSpec fast = fault_of(Kind::kClockDrift, cut - timeout_ * 2, timeout_ * 6, others);
    fast.magnitude = drift;
    spec_.faults.push_back(slow);
    spec_.faults.push_back(fast);
    spec_.faults.push_back(fault_of(Kind::kPartition, cut, timeout_ * 3, {leader}));
    ask_to_lead(leader, cut - timeout_);
    read_often(leader, cut + timeout_ / 2, cut + timeout_ * 9 / 4);
  }

  // Just when it has asked another to lead.
  void cut_off_parting_leader() {
    const ReplicaIndex leader = replica();
    const auto heir = static_cast<ReplicaIndex>((leader + 1 + random_.below(n_ - 1)) % n_);
    const Duration asked = between(timeout_ * 3, latest_);
    const Duration cut = asked + between(Duration::zero(), timeout_ / 5);
    ask_to_lead(leader, asked - timeout_);
    ask_to_lead(heir, asked);
    spec_.faults.push_back(fault_of(FaultSpec::Kind::kPartition, cut, timeout_ * 2, {leader}));
    read_often(leader, cut, cut + timeout_ * 5 / 4);
  }

  // A majority has answered the leader; one of it restarts among those that it was cut off from.
  void crash_who_promised() {
    const uint32_t majority = n_ / 2 + 1;
    const auto first = replica();
    std::vector<ReplicaIndex> side;
    for (uint32_t i = 0; i < majority; ++i) side.push_back((first + i) % n_);
    const Duration apart = between(timeout_ * 3, latest_);
    const Duration swap = apart + between(timeout_ * 3 / 4, timeout_ * 2);
    const ReplicaIndex swapped = side.back();
    ask_to_lead(side.front(), apart - timeout_);
    using Kind = FaultSpec::Kind;
    spec_.faults.push_back(fault_of(Kind::kPartition, apart, swap - apart, side));
    side.pop_back();
    spec_.faults.push_back(fault_of(Kind::kPartition, swap, timeout_ * 2, side));
    spec_.faults.push_back(fault_of(Kind::kCrash, swap, timeout_ / 20, {swapped}));
    read_often(side.front(), swap, swap + timeout_ * 5 / 4);
  }

  WorldSpec& spec_;
  RandomStream random_;
  uint32_t n_;
  Duration timeout_;
  Duration latest_;  // at which something may begin
};

}  // namespace

void draw_raft_leases(WorldSpec& world, RandomStream random, Duration& chaos) {
  const size_t before = world.faults.size();
  Leases(world, random, chaos).draw();
  for (size_t i = before; i < world.faults.size(); ++i) {
    chaos = std::max(chaos, world.faults[i].at + world.faults[i].duration);
  }
}

}  // namespace govchain::sim
