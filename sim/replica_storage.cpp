// Log, block store, crash and recovery.

#include <algorithm>

#include "consensus/protocols.h"
#include "sim/engine_counters.h"
#include "sim/engine_journal.h"
#include "sim/key_value_application.h"
#include "sim/replica_host.h"
#include "sim/wall_clock.h"

namespace govchain::sim {

using consensus::Height;
using consensus::Ticket;
namespace input = consensus::input;

void ReplicaHost::start() {
  consensus::RecoveredState fresh;
  application_ = make_application();
  fresh.state_root = application_->state_root();
  fabric_.observe([&](Observer& observer) { observer.on_software(address_, software_); });
  engine_ = make_engine(std::move(fresh));
  complete_later(now(), input::WallTime{wall_time_at(now())}, PathCost{});
  // "Called once with no inputs right after construction."
  step();
  if (engine_) run_loop();
}

std::unique_ptr<consensus::Application> ReplicaHost::make_application() const {
  const ChainSpec& spec = *chain().spec;
  if (spec.application) return spec.application();
  return std::make_unique<KeyValueApplication>(spec.engine.hash);
}

consensus::EngineConfig ReplicaHost::engine_config(uint64_t seed) const {
  consensus::EngineConfig config = chain().spec->engine;
  config.chain = chain().id;
  config.self = self();
  config.genesis = chain().genesis;
  config.newest_version = software_;
  config.seed = seed;
  return config;
}

std::unique_ptr<consensus::Engine> ReplicaHost::make_engine(
    consensus::RecoveredState recovered) const {
  const ChainSpec& spec = *chain().spec;
  // Each incarnation draws anew, as a real process would.
  RandomStream seeds(fabric_.spec.seed, RandomPurpose::kEngineSeed,
                     uint64_t{address_.chain} << 32U | address_.replica);
  seeds.skip(incarnation_);
  const consensus::EngineConfig config = engine_config(seeds.next());
  const auto make = consensus::traits_of(spec.protocol).make;
  if (fabric_.options.journal == nullptr) return make(config, spec.settings, std::move(recovered));
  std::unique_ptr<consensus::Engine> engine = make(config, spec.settings, recovered);
  const EngineMaker again = [make, config, settings = spec.settings,
                             recovered = std::move(recovered)] {
    return make(config, settings, recovered);
  };
  fabric_.options.journal->on_engine(address_, chain().id, *engine, again);
  return engine;
}

void ReplicaHost::count_written(Bytes size) {
  if (now() >= TimePoint::since_start(fabric_.spec.warmup)) written_in_window_ += size;
}

// Starts a sync over everything appended so far, unless one is under way: what comes meanwhile
// shares the next one (group commit).
void ReplicaHost::kick_disk() {
  if (threads_) return;  // sync_appended()
  while (sync_done_at_ == TimePoint::max()) {
    const bool log_waits = log_.last() > log_.durable();
    // Blocks in the store ride along with the log's syncs; they force one only before the log,
    // which holds them too, is cut.
    const bool store_waits = store_dirty_ && truncate_before_ > Ticket(0);
    if (!log_waits && !store_waits) return;
    sync_covers_ = log_.last();
    sync_covers_blocks_ = store_.newest();
    store_dirty_ = false;
    const TimePoint done = disk().sync(now(), unsynced_, disk_slowness_);
    unsynced_ = Bytes(0);
    if (done > now()) {
      sync_done_at_ = done;
      fabric_.kernel.schedule(done, static_cast<uint32_t>(EventKind::kDiskDone), endpoint_);
      if (torn_crash_armed_ && log_waits) {
        torn_crash_armed_ = false;
        // Half-way through the write.
        torn_crash_at_ = now() + (done - now()) / 2;
        fabric_.kernel.schedule(torn_crash_at_, static_cast<uint32_t>(EventKind::kDiskDone),
                                endpoint_);
      }
      return;
    }
    disk_done();
  }
}

void ReplicaHost::on_disk_event() {
  if (!engine_) return;
  if (now() == torn_crash_at_) {
    torn_crash_at_ = TimePoint::max();
    crash(true);
    restart_at(crash_down_for_ == Duration::max() ? TimePoint::max() : now() + crash_down_for_);
    return;
  }
  if (now() != sync_done_at_) return;  // of before a crash
  sync_done_at_ = TimePoint::max();
  if (threads_) return disk_done_on_thread();
  disk_done();
  kick_disk();
}

void ReplicaHost::disk_done() {
  const Ticket before = log_.durable();
  log_.mark_durable(std::max(sync_covers_, before));
  store_.mark_durable(std::min(sync_covers_blocks_, store_.newest()));
  if (store_.checkpoint().height <= store_.durable()) {
    drop_snapshots_below(store_.checkpoint().height);
  }
  if (truncate_before_ > Ticket(0) && store_.durable() == store_.newest()) {
    const consensus::Status truncated = log_.truncate(truncate_before_);
    GOVCHAIN_ASSERT(truncated.ok());
    truncate_before_ = Ticket(0);
  }
  if (log_.durable() == before) return;
  PathCost path = persist_cause_;
  path.disk += now() - persist_since_;
  complete_later(now(), input::Persisted{log_.durable()}, path);
  // Where the loop is a thread like others it lets go what waits when it hears of it.
  if (!threads_) release_durable();
}

void ReplicaHost::set_disk_full(bool full) {
  disk_full_ = full;
  if (full || !engine_) return;
  // There is room again: what was refused is tried once more, in order.
  std::vector<consensus::effect::Persist> again;
  std::swap(again, refused_appends_);
  for (consensus::effect::Persist& persist : again) carry_out(persist);
  kick_disk();
}

void ReplicaHost::set_disk_slowness(double factor) { disk_slowness_ = factor; }

void ReplicaHost::crash_at_persist(uint64_t count, Duration down_for) {
  persists_until_crash_ = std::max<uint64_t>(count, 1);
  crash_down_for_ = down_for;
}

void ReplicaHost::torn_crash_at_next_sync(Duration down_for) {
  torn_crash_armed_ = true;
  crash_down_for_ = down_for;
}

void ReplicaHost::rot() { rotten_ = true; }

void ReplicaHost::copy_disk() {
  DiskCopy copy{log_, store_, snapshots_};
  // What the power would take now is not on the disk yet.
  copy.log.crash();
  copy.store.crash();
  std::erase_if(copy.snapshots, [&](const Snapshot& kept) { return kept.durable_at > now(); });
  copy_ = std::move(copy);
}

void ReplicaHost::restore_disk() {
  log_ = copy_->log;
  store_ = copy_->store;
  snapshots_ = copy_->snapshots;
}

void ReplicaHost::crash(bool torn_tail) {
  if (!engine_) return;
  last_change_ = now();
  fabric_.observe([&](Observer& observer) { observer.on_crash(address_, now()); });
  add_counters(chain().counters, engine_->counters());
  view_changes_before_ += engine_->counters().view_changes;
  chain().highest_view = std::max(chain().highest_view, engine_->status().view.value());
  engine_.reset();
  outdated_ = false;
  application_.reset();
  if (threads_) threads_->clear();
  appended_ = Ticket(0);
  sink_.clear();
  inputs_.clear();
  arrivals_.clear();
  completions_.clear();
  verifications_.clear();
  timers_.clear();
  gated_.clear();
  refused_appends_.clear();
  released_.clear();
  executed_.clear();
  waiting_reads_.clear();
  fetch_ = Fetch{};
  batch_runs_ = false;
  armed_at_ = TimePoint::max();
  timer_armed_at_ = TimePoint::max();
  sync_done_at_ = TimePoint::max();
  torn_crash_at_ = TimePoint::max();
  torn_crash_armed_ = false;
  persists_until_crash_ = 0;
  paused_until_ = now();
  unsynced_ = Bytes(0);
  store_dirty_ = false;
  truncate_before_ = Ticket(0);
  // A torn record: some bytes of it reached the platter, fewer than all.
  constexpr uint64_t kTornBytes = 7;
  log_.crash(0, torn_tail ? kTornBytes : 0);
  store_.crash();
  std::erase_if(snapshots_, [&](const Snapshot& kept) { return kept.durable_at > now(); });
  if (copy_) restore_disk();
  fabric_.network.reset_connections(endpoint_);
  fabric_.book.lost_with_crash(endpoint_);
  announce_connection(false);
}

// Peers notice a reset connection after one way through the network.
void ReplicaHost::announce_connection(bool up) {
  const EndpointIndex first = chain().first_endpoint;
  const PlaceIndex place = fabric_.spec.hosts[host_].place;
  for (ReplicaIndex peer = 0; peer < chain().spec->replicas.size(); ++peer) {
    if (peer == address_.replica) continue;
    ReplicaHost& other = *fabric_.replicas[first + peer];
    if (!other.is_up() || !fabric_.network.reachable(endpoint_, first + peer)) continue;
    const Duration delay =
        fabric_.network.base_delay(place, fabric_.spec.hosts[other.host()].place);
    if (up) {
      other.give(input::PeerUp{self()}, now() + delay);
      give(input::PeerUp{other.self()}, now() + delay);
    } else {
      other.give(input::PeerDown{self()}, now() + delay);
    }
  }
}

void ReplicaHost::restart_at(TimePoint at) {
  restart_at_ = at;
  if (at == TimePoint::max()) return;
  fabric_.kernel.schedule(at, static_cast<uint32_t>(EventKind::kRestart), endpoint_);
}

void ReplicaHost::on_restart_event() {
  if (engine_ || now() != restart_at_) return;
  restart_at_ = TimePoint::max();
  if (stopped_) return;  // removed from the chain: must not act again
  if (rotten_ && finds_rot()) {
    // As a node does that finds its log damaged: it might vote against what it has voted for.
    stopped_ = true;
    last_change_ = now();
    return;
  }
  recover();
}

// Turns the bit, so that it is the codec that finds it. A log that holds nothing cannot rot.
bool ReplicaHost::finds_rot() {
  const consensus::Result<std::vector<consensus::LoggedRecord>> whole = log_.read_durable();
  GOVCHAIN_ASSERT(whole.ok());
  if (whole->empty()) return false;
  const consensus::LoggedRecord& oldest = whole->front();
  constexpr size_t kBit = 77;  // any
  log_.flip_bit(oldest.ticket, kBit);
  const bool found = !log_.read_durable().ok();
  GOVCHAIN_ASSERT(found);
  return found;
}

// From the durable log, the newest stable checkpoint and the block store; execution restarts from
// the checkpoint's snapshot (or from genesis), because newer states were in memory only.
void ReplicaHost::recover() {
  ++incarnation_;
  last_change_ = now();
  consensus::RecoveredState state;
  state.fresh = false;
  consensus::Result<std::vector<consensus::LoggedRecord>> records = log_.read_durable();
  GOVCHAIN_ASSERT(records.ok());
  for (consensus::LoggedRecord& logged : *records) {
    state.records.push_back(std::move(logged.record));
  }
  state.last_ticket = log_.last();
  state.checkpoint = store_.checkpoint();
  application_ = make_application();
  executed_height_ = Height(0);
  // Later ones may be of blocks that the crash has taken, and others will stand in their place.
  std::erase_if(snapshots_,
                [&](const Snapshot& kept) { return kept.height > store_.checkpoint().height; });
  // The newest state that no crash can take back: of a stable checkpoint.
  for (auto kept = snapshots_.rbegin(); kept != snapshots_.rend(); ++kept) {
    if (kept->height > store_.checkpoint().height) continue;
    const consensus::Status restored = application_->restore(*kept->bytes);
    GOVCHAIN_ASSERT(restored.ok() && application_->state_root() == kept->root);
    executed_height_ = kept->height;
    break;
  }
  state.executed_height = executed_height_;
  state.state_root = application_->state_root();
  store_.load(executed_height_.next(), UINT32_MAX, Bytes(UINT64_MAX), state.blocks);
  // Final before the crash: clients that still wait are answered when they are executed again.
  for (const consensus::StoredBlock& stored : state.blocks) {
    released_.push_back(Released{stored.block, PathCost{}});
  }
  fabric_.observe([&](Observer& observer) {
    observer.on_software(address_, software_);
    observer.on_restart(address_, now(), state);
  });
  cause_ = PathCost{};
  engine_ = make_engine(std::move(state));
  announce_connection(true);
  complete_later(now(), input::WallTime{wall_time_at(now())}, PathCost{});
  step();
  if (engine_) run_loop();
}

}  // namespace govchain::sim
