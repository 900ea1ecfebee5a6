// What goes wrong, and when.

#include <algorithm>

#include "consensus/protocols.h"
#include "sim/distribution.h"
#include "sim/world_runner.h"

namespace govchain::sim {

using Kind = FaultSpec::Kind;

void WorldRunner::set_up_faults() {
  fault_active_.assign(spec_.faults.size(), false);
  trunk_cuts_.assign(spec_.network.trunks.size(), 0);
  for (uint32_t index = 0; index < spec_.faults.size(); ++index) {
    kernel_.schedule(TimePoint::since_start(spec_.faults[index].at),
                     static_cast<uint32_t>(EventKind::kFaultBegin), index);
  }
  for (uint32_t index = 0; index < spec_.adversaries.size(); ++index) {
    kernel_.schedule(TimePoint::since_start(spec_.adversaries[index].from),
                     static_cast<uint32_t>(EventKind::kAdversary), index);
  }
}

void WorldRunner::start_adversary(uint32_t index) {
  const AdversarySpec& adversary = spec_.adversaries[index];
  ReplicaHost& replica = *replicas_[endpoint(adversary.chain, adversary.replica)];
  if (adversary.kind == AdversarySpec::Kind::kAmnesiac) return replica.copy_disk();
  replica.set_interceptor(make_interceptor(adversary, spec_.chains[adversary.chain].protocol),
                          index);
}

template <typename Call>
void WorldRunner::for_group(const FaultSpec& fault, Call&& call) {
  for (const ReplicaIndex replica : fault.group) call(*replicas_[endpoint(fault.chain, replica)]);
}

void WorldRunner::begin_fault(uint32_t index) {
  const FaultSpec& fault = spec_.faults[index];
  const bool lasts = fault.duration != Duration::max();
  const TimePoint end = lasts ? kernel_.now() + fault.duration : TimePoint::max();
  fault_active_[index] = true;
  if (lasts) {
    kernel_.schedule(end, static_cast<uint32_t>(EventKind::kFaultEnd), index);
  }
  switch (fault.kind) {
    case Kind::kCrash:
      for_group(fault, [&](ReplicaHost& replica) {
        if (!replica.is_up()) return;
        replica.crash(false);
        replica.restart_at(end);
      });
      break;
    case Kind::kNewSoftware:
      for_group(fault, [&](ReplicaHost& replica) {
        replica.set_software(fault.software);
        if (!replica.is_up()) return;  // it will come back with it
        replica.crash(false);
        replica.restart_at(end);
      });
      break;
    case Kind::kCrashAtPersist:
      for_group(fault, [&](ReplicaHost& replica) {
        replica.crash_at_persist(fault.count, fault.duration);
      });
      break;
    case Kind::kTornTail:
      for_group(fault,
                [&](ReplicaHost& replica) { replica.torn_crash_at_next_sync(fault.duration); });
      break;
    case Kind::kPause:
      for_group(fault, [&](ReplicaHost& replica) { replica.pause(end); });
      break;
    case Kind::kClockDrift: {
      constexpr double kBillion = 1e9;
      const int64_t drift = round_to_nanoseconds(fault.magnitude * kBillion).nanoseconds();
      for_group(fault, [&](ReplicaHost& replica) { replica.set_drift(drift); });
      break;
    }
    case Kind::kPartition:
    case Kind::kOneWayCut:
    case Kind::kClog:
    case Kind::kLoss:
    case Kind::kDuplicate:
    case Kind::kReorder:
      refresh_disturbance(fault.chain);
      break;
    case Kind::kBitRot:
      for_group(fault, [&](ReplicaHost& replica) {
        replica.rot();
        if (!replica.is_up()) return;  // it will find out when it comes back
        replica.crash(false);
        replica.restart_at(end);
      });
      break;
    case Kind::kTrunkCut:
      ++trunk_cuts_[fault.trunk];
      apply_trunk(fault.trunk);
      break;
    case Kind::kPlaceLoss:
      lose_place(fault, end);
      break;
    case Kind::kDiskFull:
      for_group(fault, [](ReplicaHost& replica) { replica.set_disk_full(true); });
      break;
    case Kind::kSlowDisk:
      for_group(fault, [&](ReplicaHost& replica) { replica.set_disk_slowness(fault.magnitude); });
      break;
  }
}

void WorldRunner::end_fault(uint32_t index) {
  const FaultSpec& fault = spec_.faults[index];
  fault_active_[index] = false;
  last_fault_end_ = std::max(last_fault_end_, kernel_.now());
  switch (fault.kind) {
    case Kind::kCrash:
    case Kind::kCrashAtPersist:
    case Kind::kTornTail:
    case Kind::kPause:
    case Kind::kNewSoftware:
    case Kind::kBitRot:
      break;  // the replicas come back by themselves, if they do
    case Kind::kClockDrift:
      for_group(fault, [](ReplicaHost& replica) { replica.set_drift(0); });
      break;
    case Kind::kPartition:
    case Kind::kOneWayCut:
    case Kind::kClog:
    case Kind::kLoss:
    case Kind::kDuplicate:
    case Kind::kReorder:
      refresh_disturbance(fault.chain);
      break;
    case Kind::kTrunkCut:
      --trunk_cuts_[fault.trunk];
      apply_trunk(fault.trunk);
      break;
    case Kind::kPlaceLoss:
      for (TrunkIndex trunk = 0; trunk < trunk_cuts_.size(); ++trunk) {
        const TrunkSpec& spec = spec_.network.trunks[trunk];
        if (spec.a != fault.place && spec.b != fault.place) continue;
        --trunk_cuts_[trunk];
        apply_trunk(trunk);
      }
      break;
    case Kind::kDiskFull:
      for_group(fault, [](ReplicaHost& replica) { replica.set_disk_full(false); });
      break;
    case Kind::kSlowDisk:
      // What was asked of a slow disk stays slow, also for those that come behind it.
      for_group(fault, [this](ReplicaHost& replica) {
        replica.set_disk_slowness(1);
        last_fault_end_ = std::max(last_fault_end_, disks_[replica.host()].free_at());
      });
      break;
  }
}

void WorldRunner::lose_place(const FaultSpec& fault, TimePoint end) {
  for (TrunkIndex trunk = 0; trunk < trunk_cuts_.size(); ++trunk) {
    const TrunkSpec& spec = spec_.network.trunks[trunk];
    if (spec.a != fault.place && spec.b != fault.place) continue;
    ++trunk_cuts_[trunk];
    apply_trunk(trunk);
  }
  for (const std::unique_ptr<ReplicaHost>& replica : replicas_) {
    if (spec_.hosts[replica->host()].place != fault.place || !replica->is_up()) continue;
    replica->crash(false);
    replica->restart_at(end);
  }
}

void WorldRunner::apply_trunk(TrunkIndex trunk) {
  network_->set_trunk(trunk, trunk_cuts_[trunk] == 0);
}

// All faults of the chain's network that are active now, taken together.
void WorldRunner::refresh_disturbance(ChainIndex chain) {
  Disturbance together;
  const size_t replicas = spec_.chains[chain].replicas.size();
  bool all_concerned = false;
  for (size_t index = 0; index < spec_.faults.size(); ++index) {
    const FaultSpec& fault = spec_.faults[index];
    if (!fault_active_[index] || fault.chain != chain) continue;
    if (fault.kind == Kind::kPartition || fault.kind == Kind::kOneWayCut ||
        fault.kind == Kind::kClog) {
      std::vector<bool> group(replicas, false);
      for (const ReplicaIndex replica : fault.group) group[replica] = true;
      if (fault.kind == Kind::kPartition) together.partitions.push_back(std::move(group));
      if (fault.kind == Kind::kOneWayCut) together.unheard.push_back(std::move(group));
      if (fault.kind == Kind::kClog) {
        const bool lasts = fault.duration != Duration::max();
        together.clogs.push_back(
            {std::move(group), lasts ? TimePoint::since_start(fault.at) + fault.duration
                                     : TimePoint::since_start(spec_.duration)});
      }
      continue;
    }
    if (fault.kind != Kind::kLoss && fault.kind != Kind::kDuplicate &&
        fault.kind != Kind::kReorder) {
      continue;
    }
    if (fault.kind == Kind::kLoss) together.loss = std::max(together.loss, fault.magnitude);
    if (fault.kind == Kind::kDuplicate) {
      together.duplicate = std::max(together.duplicate, fault.magnitude);
    }
    if (fault.kind == Kind::kReorder) {
      together.reorder = std::max(together.reorder, fault.magnitude);
      together.reorder_spread = std::max(together.reorder_spread, fault.spread);
    }
    all_concerned = all_concerned || fault.group.empty();
    together.concerned.resize(replicas, false);
    for (const ReplicaIndex replica : fault.group) together.concerned[replica] = true;
  }
  if (all_concerned) together.concerned.clear();
  network_->set_disturbance(chain, std::move(together));
}

// Enough weight of replicas that run, are honest and all reach each other.
bool WorldRunner::quorum_up(const ChainRuntime& chain) const {
  const auto replicas = static_cast<ReplicaIndex>(chain.spec->replicas.size());
  std::vector<bool> honest(replicas, true);
  for (const AdversarySpec& adversary : spec_.adversaries) {
    if (adversary.chain == chain.index) honest[adversary.replica] = false;
  }
  const auto runs = [&](ReplicaIndex replica) {
    const ReplicaHost& host = *replicas_[chain.first_endpoint + replica];
    return honest[replica] && host.is_up() && !host.has_stopped() && !host.is_disk_full() &&
           !host.is_paused(kernel_.now());
  };
  uint64_t total = 0;
  for (const consensus::Member& member : chain.genesis.members) total += member.weight;
  const uint64_t needed =
      consensus::quorum_of(consensus::traits_of(chain.spec->protocol).faults, total);
  // Partitions cut into sides, and what is heard in one direction only is not reachable, so
  // reachability is an equivalence: one look from each replica does.
  for (ReplicaIndex from = 0; from < replicas; ++from) {
    if (!runs(from)) continue;
    uint64_t weight = 0;
    for (ReplicaIndex to = 0; to < replicas; ++to) {
      if (runs(to) && (from == to || network_->reachable(chain.first_endpoint + from,
                                                         chain.first_endpoint + to))) {
        weight += chain.genesis.members[to].weight;
      }
    }
    if (weight >= needed) return true;
  }
  return false;
}

}  // namespace govchain::sim
