#include "sim/fuzz/faults.h"

#include <algorithm>

namespace govchain::sim {
namespace {

FaultSpec::Kind fault_kind(const Draft& draft, RandomStream& random) {
  constexpr FaultSpec::Kind kLast = FaultSpec::Kind::kSlowDisk;
  // Crashes and partitions are what protocols are most often wrong about.
  if (random.chance(0.35)) {
    constexpr FaultSpec::Kind kLikely[] = {
        FaultSpec::Kind::kCrash, FaultSpec::Kind::kCrashAtPersist, FaultSpec::Kind::kPartition};
    return kLikely[random.below(3)];
  }
  const auto kind = static_cast<FaultSpec::Kind>(random.below(static_cast<uint64_t>(kLast) + 1));
  if (kind == FaultSpec::Kind::kTrunkCut && draft.world.network.trunks.empty()) {
    return FaultSpec::Kind::kPartition;
  }
  return kind;
}

void draw_group(const Draft& draft, RandomStream& random, FaultSpec& fault) {
  fault.group.clear();
  for (ReplicaIndex i = 0; i < draft.n; ++i) {
    if (random.chance(0.5)) fault.group.push_back(i);
  }
  if (fault.group.empty()) fault.group.push_back(draft.replica(random));
}

FaultSpec draw_fault(const Draft& draft, RandomStream& random) {
  FaultSpec fault;
  fault.kind = fault_kind(draft, random);
  fault.at = between(random, Duration::zero(), draft.chaos * 9 / 10);
  // Everything is over when the calm begins.
  const Duration longest = draft.chaos - fault.at;
  fault.duration = random.chance(0.5) ? between(random, Duration::milliseconds(1), longest)
                                      : between(random, Duration::milliseconds(1),
                                                std::min(longest, Duration::milliseconds(200)));
  fault.group = {draft.replica(random)};
  switch (fault.kind) {
    case FaultSpec::Kind::kCrashAtPersist:
    case FaultSpec::Kind::kTornTail:
      fault.count = 1 + random.below(random.chance(0.5) ? 4 : 40);
      break;
    case FaultSpec::Kind::kClockDrift:
      fault.magnitude = (random.uniform() - 0.5) * (random.chance(0.3) ? 1.0 : 0.1);
      break;
    case FaultSpec::Kind::kPartition:
      draw_group(draft, random, fault);
      break;
    case FaultSpec::Kind::kLoss:
      fault.magnitude = random.chance(0.3) ? 0.6 * random.uniform() : 0.1 * random.uniform();
      break;
    case FaultSpec::Kind::kDuplicate:
      fault.magnitude = 0.5 * random.uniform();
      break;
    case FaultSpec::Kind::kReorder:
      fault.magnitude = 0.5 * random.uniform();
      fault.spread = between(random, Duration::milliseconds(1), Duration::milliseconds(150));
      break;
    case FaultSpec::Kind::kTrunkCut:
      fault.trunk = static_cast<TrunkIndex>(random.below(draft.world.network.trunks.size()));
      break;
    case FaultSpec::Kind::kPlaceLoss:
      fault.place = static_cast<PlaceIndex>(random.below(draft.places));
      break;
    case FaultSpec::Kind::kSlowDisk:
      fault.magnitude = static_cast<double>(random.between(2, 60));
      break;
    case FaultSpec::Kind::kCrash:
    case FaultSpec::Kind::kPause:
    case FaultSpec::Kind::kDiskFull:
    case FaultSpec::Kind::kNewSoftware:  // upgrades.h
    case FaultSpec::Kind::kOneWayCut:    // below
    case FaultSpec::Kind::kClog:
    case FaultSpec::Kind::kBitRot:
      break;
  }
  return fault;
}

void put_in_order(std::vector<FaultSpec>& faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const FaultSpec& a, const FaultSpec& b) { return a.at < b.at; });
}

// At some time in the chaos, and for at most as long as it lasts.
FaultSpec some_time(const Draft& draft, RandomStream& random, FaultSpec::Kind kind) {
  FaultSpec fault;
  fault.kind = kind;
  fault.at = between(random, Duration::zero(), draft.chaos * 9 / 10);
  fault.duration = between(random, Duration::milliseconds(1), draft.chaos - fault.at);
  return fault;
}

}  // namespace

void draw_deaf_and_clogged(Draft& draft) {
  RandomStream random = draft.stream(23);
  if (!random.chance(0.3)) return;
  const uint64_t count = 1 + random.below(3);
  for (uint64_t i = 0; i < count; ++i) {
    FaultSpec fault = some_time(
        draft, random, random.chance(0.6) ? FaultSpec::Kind::kOneWayCut : FaultSpec::Kind::kClog);
    // One that nobody hears, or one that hears nobody: the first leaders most of all.
    if (random.chance(0.5)) {
      fault.group = {random.chance(0.5) ? ReplicaIndex{0} : draft.replica(random)};
    } else if (random.chance(0.5)) {
      const ReplicaIndex deaf = draft.replica(random);
      for (ReplicaIndex other = 0; other < draft.n; ++other) {
        if (other != deaf) fault.group.push_back(other);
      }
    } else {
      draw_group(draft, random, fault);
    }
    if (fault.group.empty()) fault.group = {draft.replica(random)};
    draft.world.faults.push_back(std::move(fault));
  }
  put_in_order(draft.world.faults);
}

void draw_rot(Draft& draft) {
  RandomStream random = draft.stream(24);
  const auto faulty = draft.world.adversaries.size();
  if (faulty >= draft.faulty() || !random.chance(0.25)) return;
  const uint64_t count = 1 + random.below(draft.faulty() - faulty);
  for (uint64_t i = 0; i < count; ++i) {
    FaultSpec fault = some_time(draft, random, FaultSpec::Kind::kBitRot);
    ReplicaIndex replica = draft.replica(random);
    while (draft.is_faulty(replica)) replica = (replica + 1) % draft.n;
    fault.group = {replica};
    draft.world.faults.push_back(std::move(fault));
  }
  put_in_order(draft.world.faults);
}

void draw_faults(Draft& draft) {
  RandomStream random = draft.stream(6);
  const uint64_t count = random.chance(0.1) ? 0 : 1 + random.below(random.chance(0.3) ? 12 : 5);
  for (uint64_t i = 0; i < count; ++i) draft.world.faults.push_back(draw_fault(draft, random));
  put_in_order(draft.world.faults);
}

}  // namespace govchain::sim
