// The disks of a test cluster: what is synced, what a crash takes, what comes back.

#include <algorithm>
#include <array>
#include <utility>

#include "consensus/codec.h"
#include "tests/consensus/raft/cluster.h"

namespace govchain::consensus::raft::testing {
namespace {

constexpr std::array<uint64_t EngineCounters::*, 8> kSummed = {
    &EngineCounters::view_changes,       &EngineCounters::recoveries,
    &EngineCounters::state_transfers,    &EngineCounters::checkpoints,
    &EngineCounters::membership_changes, &EngineCounters::block_catch_ups,
    &EngineCounters::upgrades,           &EngineCounters::outdated_software};

}  // namespace

void Cluster::crash(uint32_t index) {
  Node& node = nodes_[index];
  if (!node.engine) return;
  for (const auto counter : kSummed) lost_counters_.*counter += node.engine->counters().*counter;
  node.engine.reset();
  ++node.incarnation;
  // Some of what was not synced may have reached the disk all the same.
  const uint64_t unsynced = node.log.last().value() - node.log.durable().value();
  const uint64_t surviving = unsynced == 0 ? 0 : random_.below(unsynced + 1);
  node.log.crash(surviving);
  node.store.crash();
  node.timers.clear();
  node.gated.clear();
  node.refused.clear();
  node.reads.clear();
  node.truncate_before = Ticket();
  node.syncing = false;
  node.disk_full = false;
  node.persists_left = 0;
}

void Cluster::set_software(uint32_t index, ProtocolVersion newest) {
  Node& node = nodes_[index];
  if (node.software == newest) return;
  node.software = newest;
  if (node.outdated) node.stopped = node.outdated = false;
  crash(index);
}

void Cluster::restart(uint32_t index) {
  Node& node = nodes_[index];
  if (node.engine || node.stopped) return;
  RecoveredState state;
  Result<std::vector<LoggedRecord>> records = node.log.read_durable();
  if (!records) {
    fail("log of " + std::to_string(index) + " unreadable");
    return;
  }
  for (LoggedRecord& logged : records.value()) state.records.push_back(logged.record);
  state.last_ticket = node.log.last();
  state.checkpoint = node.store.checkpoint();
  for (const auto& [height, root] : node.snapshots) {
    if (Height(height) <= state.checkpoint.height) {
      state.executed_height = Height(height);
      state.state_root = root;
    }
  }
  node.store.load(state.executed_height.next(), UINT32_MAX, Bytes(UINT64_MAX), state.blocks);
  start(index, std::move(state));
}

void Cluster::persist(uint32_t index, const effect::Persist& persist) {
  Node& node = nodes_[index];
  if (node.disk_full) {
    node.refused.push_back(persist);
    if (node.refused.size() == 1) answer(index, input::PersistFailed{persist.ticket, true});
    return;
  }
  if (!node.log.append(persist.ticket, persist.record)) fail("append");
}

void Cluster::set_disk_full(uint32_t index, bool full) {
  Node& node = nodes_[index];
  node.disk_full = full;
  if (full || !node.engine) return;
  std::deque<effect::Persist> again;
  std::swap(again, node.refused);
  for (const effect::Persist& each : again) persist(index, each);
  kick_disk(index);
}

void Cluster::fail_disk(uint32_t index) {
  give(index, input::PersistFailed{nodes_[index].log.last(), false});
}

void Cluster::kick_disk(uint32_t index) {
  Node& node = nodes_[index];
  if (node.syncing || node.log.last() == node.log.durable()) return;
  node.syncing = true;
  const Ticket covers = node.log.last();
  const Height blocks = node.store.newest();
  const uint64_t life = node.incarnation;
  schedule(options_.sync_time, [this, index, covers, blocks, life] {
    Node& owner = nodes_[index];
    if (owner.incarnation != life) return;
    owner.syncing = false;
    ++owner.syncs;
    owner.log.mark_durable(covers);
    owner.store.mark_durable(std::min(blocks, owner.store.newest()));
    release(index);
    if (owner.incarnation != life) return;
    give(index, input::Persisted{covers});
    if (owner.incarnation != life || !owner.engine) return;
    if (owner.truncate_before > Ticket() && owner.store.durable() == owner.store.newest()) {
      if (!owner.log.truncate(owner.truncate_before)) fail("truncate");
      owner.truncate_before = Ticket();
      while (owner.snapshots.size() > 1 &&
             std::next(owner.snapshots.begin())->first <= owner.store.checkpoint().height.value()) {
        owner.snapshots.erase(owner.snapshots.begin());
      }
      const uint64_t height = owner.store.checkpoint().height.value();
      const uint64_t retained = options_.engine.retained_blocks;
      if (height > retained && !owner.store.prune(Height(height - retained))) fail("prune");
    }
    kick_disk(index);
  });
}

void Cluster::gate(uint32_t index, Ticket after, std::function<void()> act) {
  Node& node = nodes_[index];
  if (after > node.log.last() && !node.disk_full) fail("waits for a ticket that was not given");
  if (after <= node.log.durable()) {
    act();
  } else {
    node.gated.push_back(Gated{after, std::move(act)});
  }
}

void Cluster::release(uint32_t index) {
  Node& node = nodes_[index];
  std::deque<Gated> waiting;
  std::swap(waiting, node.gated);
  for (Gated& each : waiting) {
    if (each.after <= node.log.durable()) {
      each.act();
    } else {
      node.gated.push_back(std::move(each));
    }
  }
}

}  // namespace govchain::consensus::raft::testing
