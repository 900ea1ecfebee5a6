// Life of a replica: construction, inputs, timers, signing, and the log.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

namespace {

// 2^64 divided by the golden ratio, odd: neighbouring seeds become far apart.
constexpr uint64_t kSpread = 0x9E3779B97F4A7C15U;

MempoolConfig mempool_config(const EngineConfig& config, bool remembers = true) {
  MempoolConfig mempool;
  if (!remembers) mempool.committed_window = 0;
  mempool.limit = config.mempool_limit;
  mempool.max_payload_bytes = config.max_block_bytes;
  mempool.max_payload_transactions = config.max_block_transactions;
  mempool.seed = config.seed;
  return mempool;
}

}  // namespace

ChainEngine::ChainEngine(Protocol protocol, const EngineConfig& config,
                         const ChainSettings& settings, RecoveredState recovered)
    : protocol_(protocol),
      config_(config),
      settings_(settings),
      quorum_(config.genesis),
      mempool_(mempool_config(config)),
      seen_(config.seed),
      batches_(config.seed),
      read_round_(config.seed * kSpread),
      recovered_(std::move(recovered)) {
  GOVCHAIN_ASSERT(config_.checkpoint_interval > 0 && config_.max_in_flight > 0);
  GOVCHAIN_ASSERT(quorum_.total() > 0);
  if (settings_.status_interval == Duration::zero()) {
    settings_.status_interval = config_.base_timeout / 2;
  }
  if (settings_.idle_status_interval == Duration::zero()) {
    settings_.idle_status_interval = config_.base_timeout * 4;
  }
  epochs_.push_back(EpochStart{config_.genesis, Height(1), {}});
  checkpoints_.resize(kCheckpointEntries);
  use_membership(config_.genesis);
  responder_ = is_member() ? self_ : 0;
}

void ChainEngine::step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) {
  now_ = now;
  sink_ = &sink;
  if (!begun_) begin();
  for (const Input& input : inputs) {
    if (stopped_) break;
    std::visit([this](const auto& concrete) { on(concrete); }, input);
    if (dirty_) pump();
  }
  if (dirty_) pump();
  sink_ = nullptr;
}

void ChainEngine::begin() {
  begun_ = true;
  last_commit_at_ = now_;
  if (is_duplicate_ordered()) mempool_ = Mempool(mempool_config(config_, false));
  RecoveredState recovered = std::move(recovered_);
  recovered_ = {};
  recover(std::move(recovered));
  if (stopped_) return;
  set_timer(kStatusTimer, now_ + settings_.status_interval);
}

// What may have become possible after an input. Runs after each input and not once per step, so
// that step(a + b) decides as step(a); step(b).
void ChainEngine::pump() {
  while (dirty_ && !stopped_) {
    dirty_ = false;
    apply_catch_up();
    if (!named_.empty()) take_whole_proposals();
    if (waiting_commit_) retry_commit();
    if (resumes_batches_) resume_batches();
    if (!unbatched_.empty()) send_batches();
    advance();
  }
  if (stopped_) return;
  if (std::exchange(announce_, false)) send_status_to_all();
  const std::optional<TimePoint>& tick = timers_[kStatusTimer];
  const TimePoint soon = now_ + patience(quiet_ticks_);
  // In this order: is_active() looks at every peer, and nearly always the tick is near anyway.
  if ((!tick || *tick > soon + settings_.status_interval) && is_active()) {
    set_timer(kStatusTimer, soon);
  }
}

void ChainEngine::on(const input::MessageReceived& input) { dispatch(input.from, input.message); }

void ChainEngine::dispatch(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.protocol != protocol_ || message.type == 0 || !has_sane_header(message)) {
    ++counters_.malformed;
    return;
  }
  if (!knows(message.version)) {
    ++counters_.unsupported;
    return;
  }
  // Votes for a checkpoint belong to the epoch of its height, which may be over here.
  if (message.type == kCheckpointStatement) return receive_checkpoint(from, reference);
  const uint32_t peer = position_of(from);
  if (peer == kNobody && message.type == static_cast<uint8_t>(CommonType::kStatus)) {
    return receive_status_of_former_member(from, message);
  }
  if (peer == kNobody || peer == self_) {
    ++counters_.unauthorised;
    return;
  }
  from_ = peer;
  if (message.type >= kFirstCommonType) {
    dirty_ = true;
    dispatch_common(peer, reference);
  } else {
    dispatch_own_kind(peer, reference);
  }
  from_ = kNobody;
}

// Signed messages prove themselves, whoever passes them on.
void ChainEngine::dispatch_own_kind(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.epoch < epoch()) {
    ++counters_.stale;
    return;
  }
  if (message.epoch > epoch()) return hold_future(peer, reference);
  // The rules of an epoch are as certain as its members.
  if (message.version != version() || (message.by_digest && version() < kProposalsByDigestSince)) {
    ++counters_.malformed;
    return;
  }
  const uint32_t sender = position_of(message.sender);
  if (sender == kNobody) {
    ++counters_.unauthorised;
    return;
  }
  if (sender == self_ && !is_lost_here(message)) {
    ++counters_.duplicate;
    return;
  }
  const bool shown_whole = message.block && !message.by_digest && shows_block(message);
  const bool proven =
      message.block && certifies() && !message.block->payloads.empty() && !shown_whole;
  if (message.block && proven != !message.block->availability.empty()) {
    ++counters_.malformed;
    return;
  }
  if (proven) {
    if (!is_available(*message.block)) {
      ++counters_.malformed;
      return;
    }
    const MessageRef filled = with_bodies(message);
    if (wants(sender, filled)) verify_message(peer, sender, filled);
    return;
  }
  if (message.by_digest && message.block) {
    const MessageRef whole = with_bodies(message);
    if (!whole) return wait_for_bodies(peer, reference);
    hold_block(whole->block);
    if (wants(sender, whole)) verify_message(peer, sender, whole);
    return;
  }
  if (wants(sender, reference)) verify_message(peer, sender, reference);
}

void ChainEngine::dispatch_common(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.sender != id_of(peer)) {
    ++counters_.unauthorised;
    return;
  }
  if (message.by_digest) {  // these carry what they are about
    ++counters_.malformed;
    return;
  }
  switch (static_cast<CommonType>(message.type)) {
    case CommonType::kRequest:
      return receive_request(peer, message);
    case CommonType::kAlreadyOrdered:
      return receive_already_ordered(peer, message);
    case CommonType::kStatus:
      return receive_status(peer, message);
    case CommonType::kCommittedBlock:
      return receive_committed_block(peer, reference);
    case CommonType::kCheckpointProof:
      return receive_checkpoint_proof(peer, reference);
    case CommonType::kReadQuery:
      return receive_read_query(peer, message);
    case CommonType::kReadReply:
      return receive_read_reply(peer, message);
    case CommonType::kApproval:
      return receive_approval(peer, reference);
    case CommonType::kPayloadQuery:
      return receive_payload_query(peer, message);
    case CommonType::kPayloadReply:
      return receive_payload_reply(peer, message);
    case CommonType::kBatch:
      return receive_batch(peer, message);
    case CommonType::kAcknowledgement:
      return receive_acknowledgement(peer, reference);
    case CommonType::kAvailability:
      return receive_availability(peer, message);
    default:
      ++counters_.malformed;
  }
}

void ChainEngine::on(const input::TimerFired& input) {
  const uint64_t id = input.timer.value();
  if (id == 0 || id >= kTimers || !timers_[id] || *timers_[id] > now_) return;
  timers_[id].reset();
  dirty_ = true;
  if (id == kStatusTimer) return on_status_timer();
  if (id == kMissingTimer) return ask_for_missing();
  // The batch timer has done its work: advance() looks whether the batch is due.
  if (id >= kFirstProtocolTimer) on_timer(static_cast<uint32_t>(id));
}

void ChainEngine::on(const input::Persisted& input) {
  durable_ticket_ = std::max(durable_ticket_, input.ticket);
  if (transfer_) continue_state_transfer();
  if (!disk_full_) return;
  disk_full_ = false;
  dirty_ = true;
}

// An I/O error leaves it unknown what is on the disk, so the replica must not speak again; a full
// disk only silences it until there is room.
void ChainEngine::on(const input::PersistFailed& input) {
  if (input.disk_full) {
    disk_full_ = true;
    return;
  }
  stop(true);
}

void ChainEngine::on(const input::Signed& input) {
  const auto found = std::find_if(signing_.begin(), signing_.end(), [&](const PendingSign& sign) {
    return sign.token == input.token;
  });
  if (found == signing_.end()) return;
  const PendingSign sign = std::move(*found);
  signing_.erase(found);
  // A fresh object: clones of this engine share the draft.
  Ref<Message> message = Ref<Message>::make();
  const Message& draft = *sign.draft;
  message->protocol = draft.protocol;
  message->type = draft.type;
  message->lane = draft.lane;
  message->version = draft.version;
  message->sender = draft.sender;
  message->epoch = draft.epoch;
  message->view = draft.view;
  message->height = draft.height;
  message->digest = draft.digest;
  message->body.assign(draft.body.begin(), draft.body.end());
  message->block = draft.block;
  message->by_digest = draft.by_digest;
  message->signature = input.signature;
  seal_message(*message);
  dirty_ = true;
  const Ticket after = is_sent_before_durable() ? Ticket() : sign.after;
  on_own_signed(MessageRef(std::move(message)), after);
}

void ChainEngine::on_own_signed(const MessageRef& message, Ticket after) {
  if (message->type == kCheckpointStatement) {
    forward_to_all(message, after);
    CheckpointEntry* const entry = checkpoint_entry(message->height);
    if (entry == nullptr || entry->epoch != message->epoch) return;
    const Membership* const voting = members_of(entry->epoch);
    const Member* const own = voting == nullptr ? nullptr : voting->find(config_.self);
    if (own == nullptr) return;
    const auto position = static_cast<uint32_t>(own - voting->members.data());
    entry->votes.messages[position] = message;
    entry->votes.verified.add(position);
    return count_checkpoint(*entry, message->digest);
  }
  if (message->epoch != epoch() || !is_member()) return;
  if (message->type == static_cast<uint8_t>(CommonType::kApproval)) {
    forward_to_all(message, after);
    approvals_.messages[self_] = message;
    approvals_.verified.add(self_);
    return count_approvals();
  }
  if (message->type == static_cast<uint8_t>(CommonType::kAcknowledgement)) {
    return on_acknowledgement_signed(message, after);
  }
  if (is_current(*message)) send_own(message, after);
}

void ChainEngine::send_own(const MessageRef& message, Ticket after) {
  forward_to_all(message, after);
  accept(self_, message);
}

void ChainEngine::on(const input::Propose& input) { admit(config_.self, input.payload, true); }

// A peer that has just been reached is told where we are, and answers with what we lack.
void ChainEngine::on(const input::PeerUp& input) {
  const uint32_t peer = position_of(input.peer);
  if (peer == kNobody || peer == self_) return;
  quiet_ticks_ = 0;
  on_peer_reached(peer);
  send_status(peer);
}
void ChainEngine::on(const input::PeerDown& /*input*/) {}
void ChainEngine::on(const input::PeerWritable& input) {
  on(input::PeerUp{input.peer});  // what was dropped is asked for or offered again
}
void ChainEngine::on(const input::PeerDropped& /*input*/) {}

void ChainEngine::on(const input::WallTime& input) {
  wall_known_ = true;
  wall_base_ = input.nanoseconds_since_1970;
  wall_base_at_ = now_;
}

int64_t ChainEngine::wall_time() const { return wall_base_ + (now_ - wall_base_at_).nanoseconds(); }

Ref<Message> ChainEngine::new_message(uint8_t type, Lane lane) const {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = protocol_;
  message->type = type;
  message->lane = lane;
  message->version = membership_.version;
  message->sender = config_.self;
  message->epoch = membership_.epoch;
  message->view = view();
  message->height = committed_;
  return message;
}

Ref<Message> ChainEngine::new_common(CommonType type, Lane lane) const {
  return new_message(static_cast<uint8_t>(type), lane);
}

void ChainEngine::send(uint32_t to, Ref<Message> message) {
  seal_message(*message);
  forward(to, MessageRef(std::move(message)));
}

void ChainEngine::broadcast(Ref<Message> message) {
  seal_message(*message);
  forward_to_all(MessageRef(std::move(message)));
}

// Who has stopped says nothing more, wherever in a step it was when it did.
void ChainEngine::forward(uint32_t to, const MessageRef& message, Ticket after) {
  if (stopped_) return;
  sink_->emit(effect::Send{id_of(to), message, after});
}

void ChainEngine::forward_to_all(const MessageRef& message, Ticket after) {
  if (stopped_) return;
  sink_->emit(effect::Broadcast{message, after});
}

void ChainEngine::request_signature(Ref<Message> draft, Ticket after) {
  if (stopped_) return;
  draft->by_digest = names_payloads() && draft->block && !draft->block->payloads.empty();
  if (draft->block) hold_block(draft->block);
  const Token token = new_token();
  sink_->emit(effect::Sign{token, draft->statement(config_.chain)});
  signing_.push_back(PendingSign{token, MessageRef(std::move(draft)), after});
}

void ChainEngine::set_timer(uint32_t timer, TimePoint deadline) {
  if (timers_[timer] == deadline) return;
  timers_[timer] = deadline;
  sink_->emit(effect::SetTimer{TimerId(timer), deadline});
}

void ChainEngine::cancel_timer(uint32_t timer) {
  if (!timers_[timer]) return;
  timers_[timer].reset();
  sink_->emit(effect::CancelTimer{TimerId(timer)});
}

void ChainEngine::hold_future(uint32_t /*sender*/, const MessageRef& reference) {
  GOVCHAIN_ASSERT(from_ != kNobody);
  std::vector<MessageRef>& future = peers_[from_].future;
  if (future.size() >= kMaxFuturePerPeer) {
    ++counters_.future;
    // Of what was left meanwhile, the oldest makes room.
    const Message& oldest = *future.front();
    const bool makes_room = oldest.epoch == reference->epoch ? is_due_before(oldest, *reference)
                                                             : oldest.epoch < reference->epoch;
    if (!makes_room) return;
    future.erase(future.begin());
  }
  future.push_back(reference);
}

void ChainEngine::replay_future(Height height) {
  for (uint32_t peer = 0; peer < peers_.size(); ++peer) {
    std::vector<MessageRef>& future = peers_[peer].future;
    const auto is_due = [&](const MessageRef& message) {
      return message->epoch < epoch() || (message->epoch == epoch() && message->height <= height);
    };
    if (std::none_of(future.begin(), future.end(), is_due)) continue;
    std::vector<MessageRef> due;
    std::vector<MessageRef> later;
    for (MessageRef& message : future) {
      std::vector<MessageRef>& to = is_due(message) ? due : later;
      to.push_back(std::move(message));
    }
    std::swap(future, later);
    for (const MessageRef& message : due) {
      const uint32_t before = std::exchange(from_, peer);
      dispatch_own_kind(peer, message);
      from_ = before;
    }
  }
}

Ticket ChainEngine::persist(Ref<LogRecord> record) {
  if (stopped_) return last_ticket_;
  ++last_ticket_;
  sink_->emit(effect::Persist{last_ticket_, LogRecordRef(std::move(record))});
  return last_ticket_;
}

void ChainEngine::emit_metric(MetricId id, uint64_t value) {
  sink_->emit(effect::Metric{id, value});
}

void ChainEngine::stop(bool storage_failed) {
  if (stopped_) return;
  stopped_ = true;
  sink_->emit(effect::Stopped{storage_failed});
}

bool ChainEngine::may_vote() const {
  return !disk_full_ && !stopped_ && is_member() && weights_[self_] > 0;
}

Duration ChainEngine::backed_off(uint32_t attempts) const {
  const Duration most = std::max(config_.max_timeout, config_.base_timeout);
  Duration timeout = config_.base_timeout;
  for (uint32_t i = 0; i < attempts && timeout < most; ++i) timeout = timeout * 2;
  return std::min(timeout, most);
}

// SplitMix64 (Steele, Lea & Flood, 2014) over seed, replica and position: one stream per replica.
uint64_t ChainEngine::random(uint64_t bound) {
  uint64_t value = config_.seed + config_.self.value() * 0xD1B54A32D192ED03U +
                   ++random_position_ * 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return (value ^ (value >> 31U)) % bound;
}

}  // namespace govchain::consensus::chain
