// The loop of a replica, and what other threads tell it.

#include "consensus/node/host/replica.h"

#include <algorithm>
#include <utility>

#include "consensus/node/host/thread_name.h"
#include "consensus/protocols.h"

namespace govchain::consensus::node {

namespace {

// Inputs that one step takes at most.
constexpr size_t kMaxBatch = 64;
constexpr size_t kMaxWaitingMessages = 1U << 16U;
constexpr Duration kWallTimeInterval = Duration::seconds(10);

}  // namespace

Replica::Replica(ReplicaParts parts, RecoveredReplica recovered, ReplicaListener& listener)
    : parts_(std::move(parts)),
      listener_(listener),
      started_(Mailbox::Clock::now()),
      mailbox_(kMaxWaitingMessages),
      recovered_(std::make_unique<RecoveredReplica>(std::move(recovered))),
      fetch_(parts_.fetch) {}

Replica::~Replica() { stop(); }

void Replica::start(Transport& transport) {
  GOVCHAIN_ASSERT(recovered_ != nullptr);
  transport_ = &transport;
  RecoveredState& state = recovered_->engine;
  durable_ = last_ticket_ = state.last_ticket;
  executed_height_ = state.executed_height;
  checkpoint_height_ = state.checkpoint.height;
  // Final before: clients that still wait are answered when they are executed again.
  for (const StoredBlock& stored : state.blocks) released_.push_back(stored);
  keys_ = std::make_shared<KeyBook>(parts_.engine.genesis);
  membership_ = parts_.engine.genesis;
  crypto_ = std::make_unique<CryptoPool>(
      parts_.crypto_threads, parts_.scheme, parts_.signer, parts_.payload_check,
      parts_.engine.chain,
      [this](std::vector<Input>&& answers) { mailbox_.put(std::move(answers)); });
  storage_ = std::make_unique<StorageThread>(std::move(parts_.storage),
                                             static_cast<StorageListener&>(*this));
  snapshot_thread_ = std::make_unique<SnapshotThread>(
      std::move(parts_.snapshots), std::move(recovered_->stored), parts_.snapshot_policy,
      static_cast<SnapshotListener&>(*this));
  execution_ = std::make_unique<ExecutionThread>(std::move(recovered_->state), executed_height_,
                                                 parts_.genesis, *snapshot_thread_,
                                                 static_cast<ExecutionListener&>(*this));
  engine_ = traits_of(parts_.protocol).make(parts_.engine, parts_.settings, std::move(state));
  recovered_.reset();
  loop_ = std::thread([this] {
    name_this_thread("loop");
    run();
  });
}

void Replica::stop() {
  mailbox_.close();
  if (loop_.joinable()) loop_.join();
  // What they still have to tell goes to a mailbox that nobody reads. Each asks those below it for
  // something, not the other way round.
  crypto_.reset();
  storage_.reset();
  execution_.reset();
  snapshot_thread_.reset();
  parts_.journal.reset();
}

TimePoint Replica::now() const {
  return TimePoint::since_start(Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Mailbox::Clock::now() - started_)
          .count()));
}

void Replica::run() {
  step();  // "called once with no inputs right after construction"
  tell_wall_time();
  step();
  while (mailbox_.take(next_deadline(), kMaxBatch, items_)) {
    for (Mailbox::Item& item : items_) take(item);
    items_.clear();
    fire_timers();
    if (now() >= wall_time_due_) tell_wall_time();
    pursue(fetch_.on_time(now()));
    if (!inputs_.empty()) step();
    storage_->give(commands_);
  }
}

void Replica::take(Mailbox::Item& item) {
  if (auto* const task = std::get_if<Mailbox::Task>(&item)) return (*task)();
  Input& input = std::get<Input>(item);
  if (const auto* const persisted = std::get_if<input::Persisted>(&input)) {
    durable_ = std::max(durable_, persisted->ticket);
    if (std::exchange(disk_full_, false)) listener_.on_disk_full(false);
    release_durable();
  }
  inputs_.push_back(std::move(input));
}

void Replica::tell_wall_time() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  inputs_.emplace_back(
      input::WallTime{std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count()});
  wall_time_due_ = now() + kWallTimeInterval;
}

void Replica::fire_timers() {
  const TimePoint at = now();
  std::sort(timers_.begin(), timers_.end(), [](const Timer& a, const Timer& b) {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.id < b.id;
  });
  auto later = timers_.begin();
  for (; later != timers_.end() && later->deadline <= at; ++later) {
    inputs_.emplace_back(input::TimerFired{later->id});
  }
  timers_.erase(timers_.begin(), later);
}

std::optional<Mailbox::Clock::time_point> Replica::next_deadline() const {
  TimePoint next = wall_time_due_;
  for (const Timer& timer : timers_) next = std::min(next, timer.deadline);
  if (const std::optional<TimePoint> patience = fetch_.deadline()) next = std::min(next, *patience);
  return started_ + std::chrono::nanoseconds(next.nanoseconds());
}

void Replica::step() {
  const TimePoint at = now();
  if (!stopped_) {
    engine_->step(at, inputs_, sink_);
    if (parts_.journal) write_journal(at);
    carry_out_effects();
  }
  inputs_.clear();
  credit_.store(stopped_ ? 0 : engine_->credit().count(), std::memory_order_relaxed);
}

// A journal that has failed is closed and told of once.
void Replica::write_journal(TimePoint at) {
  parts_.journal->on_step(at, inputs_, std::as_const(sink_).effects());
  const Status health = parts_.journal->health();
  if (health) return;
  parts_.journal.reset();
  listener_.on_journal_failed(health.error());
}

void Replica::fail(StopReason reason, const std::string& explanation) {
  if (std::exchange(stopped_, true)) return;
  timers_.clear();
  gated_.clear();
  listener_.on_stopped(reason, explanation);
}

// --- Other threads

void Replica::propose(PayloadRef payload) {
  mailbox_.put(Input(input::Propose{std::move(payload)}));
}

void Replica::read(Token token) { mailbox_.put(Input(input::ReadRequested{token})); }

void Replica::reconfigure(MembershipChange change) {
  mailbox_.put(Input(input::Reconfigure{std::move(change)}));
}

void Replica::query(ExecutionThread::Query query) { execution_->query(std::move(query)); }

void Replica::check(PayloadRef payload, std::function<void(bool good)> taker) {
  crypto_->check(std::move(payload), std::move(taker));
}

void Replica::look(std::function<void(const Look&)> taker) {
  mailbox_.put(Mailbox::Task([this, taker = std::move(taker)] {
    taker(Look{engine_->status(), engine_->counters(), engine_->credit(), engine_->memory(),
               mailbox_.dropped()});
  }));
}

void Replica::membership_changes(std::function<void(std::vector<StoredBlock>)> taker) {
  mailbox_.put(
      Mailbox::Task([this, taker = std::move(taker)] { taker(engine_->membership_changes()); }));
}

// --- The transport

void Replica::on_message(ReplicaId from, MessageRef message) {
  (void)mailbox_.put_message(input::MessageReceived{from, std::move(message)});
}

void Replica::on_bulk(ReplicaId from, std::span<const uint8_t> bytes) {
  Result<StateWord> word = decode_state_word(bytes);
  if (!word) return;
  mailbox_.put(Mailbox::Task(
      [this, from, word = std::move(*word)]() mutable { take_state_word(from, std::move(word)); }));
}

void Replica::on_up(ReplicaId peer) {
  mailbox_.put(Input(input::PeerUp{peer}));
  mailbox_.put(Mailbox::Task([this, peer] { note_connection(peer, true); }));
}
void Replica::on_down(ReplicaId peer) {
  mailbox_.put(Input(input::PeerDown{peer}));
  mailbox_.put(Mailbox::Task([this, peer] { note_connection(peer, false); }));
}
void Replica::on_dropped(ReplicaId peer) { mailbox_.put(Input(input::PeerDropped{peer})); }
void Replica::on_writable(ReplicaId peer) { mailbox_.put(Input(input::PeerWritable{peer})); }

// --- The storage thread

void Replica::on_persisted(Ticket durable) { mailbox_.put(Input(input::Persisted{durable})); }

void Replica::on_append_refused(Ticket ticket, bool disk_full, const Error& error) {
  mailbox_.put(Mailbox::Task([this, disk_full, error] {
    if (!disk_full) {
      fail(StopReason::kStorageFailed, error.where + ": " + error.message);
    } else if (!std::exchange(disk_full_, true)) {
      listener_.on_disk_full(true);
    }
  }));
  mailbox_.put(Input(input::PersistFailed{ticket, disk_full}));
}

void Replica::on_loaded(input::Loaded loaded) { mailbox_.put(Input(std::move(loaded))); }

void Replica::on_store_reset(const Checkpoint& checkpoint) { execution_->install(checkpoint); }

void Replica::on_store_failed(const Error& error) {
  mailbox_.put(Mailbox::Task(
      [this, error] { fail(StopReason::kStorageFailed, error.where + ": " + error.message); }));
}

// --- The execution thread

void Replica::on_executed(Height height, const Digest& state_root, std::vector<Receipt> receipts) {
  mailbox_.put(Mailbox::Task([this, height, state_root, receipts = std::move(receipts)]() mutable {
    executed(height, state_root, std::move(receipts));
  }));
}

void Replica::on_snapshot_due(Height height) {
  mailbox_.put(Mailbox::Task([this, height] {
    state_due_ = height;
    allow_due_state();
  }));
}

void Replica::on_snapshot(Height height) {
  mailbox_.put(Mailbox::Task([this, height] { drop_blocks_below(height); }));
}

void Replica::on_checked(const Checkpoint& checkpoint, bool matches) {
  mailbox_.put(Mailbox::Task([this, checkpoint, matches] {
    if (!fetch_.is_active() || fetch_.checkpoint().height != checkpoint.height) return;
    if (!matches) return pursue(fetch_.on_mismatch(now()));
    fetch_.stop();
    inputs_.emplace_back(input::SnapshotFetched{checkpoint.height, true});
  }));
}

void Replica::on_installed(const Checkpoint& checkpoint) {
  mailbox_.put(Mailbox::Task([this, checkpoint] { installed(checkpoint); }));
}

void Replica::on_snapshots_failed(const Error& error) {
  mailbox_.put(Mailbox::Task(
      [this, error] { fail(StopReason::kStorageFailed, error.where + ": " + error.message); }));
}

}  // namespace govchain::consensus::node
