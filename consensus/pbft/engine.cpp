// Life of a replica: construction, dispatch of inputs, and the helpers that every phase uses.

#include "consensus/pbft/engine.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

std::unique_ptr<Engine> make_pbft(const EngineConfig& config, const PbftConfig& settings,
                                  RecoveredState recovered) {
  return std::make_unique<PbftEngine>(config, settings, std::move(recovered));
}

namespace {

MempoolConfig mempool_config(const EngineConfig& config) {
  MempoolConfig mempool;
  mempool.limit = config.mempool_limit;
  mempool.max_payload_bytes = config.max_block_bytes;
  mempool.max_payload_transactions = config.max_block_transactions;
  mempool.seed = config.seed;
  if (planted(Mutant::kDuplicateNotSuppressed)) mempool.committed_window = 0;
  return mempool;
}

// The pipeline must fit between a checkpoint and its becoming stable, or it would stall at every
// checkpoint.
uint64_t window_of(const EngineConfig& config, const PbftConfig& settings) {
  const uint64_t least = config.checkpoint_interval + config.max_in_flight;
  const uint64_t wanted = settings.watermark_window != 0
                              ? settings.watermark_window
                              : 2 * config.checkpoint_interval + config.max_in_flight;
  return std::min<uint64_t>(std::max(least, wanted), kMaxWindow);
}

}  // namespace

PbftEngine::PbftEngine(const EngineConfig& config, const PbftConfig& settings,
                       RecoveredState recovered)
    : config_(config),
      settings_(settings),
      membership_(config.genesis),
      quorum_(config.genesis),
      window_(window_of(config, settings)),
      mempool_(mempool_config(config)),
      in_flight_(config.seed),
      recovered_(std::move(recovered)) {
  GOVCHAIN_ASSERT(config_.checkpoint_interval > 0 && config_.max_in_flight > 0);
  GOVCHAIN_ASSERT(!membership_.members.empty());
  if (settings_.status_interval == Duration::zero()) {
    settings_.status_interval = config_.base_timeout / 2;
  }
  if (settings_.idle_status_interval == Duration::zero()) {
    settings_.idle_status_interval = config_.base_timeout * 4;
  }
  const size_t members = membership_.size();
  dense_ = true;
  for (uint32_t i = 0; i < members; ++i) {
    const Member& member = membership_.members[i];
    if (member.weight > 0) voters_.push_back(i);
    weights_.push_back(member.weight);
    dense_ = dense_ && member.id == ReplicaId(i);
  }
  GOVCHAIN_ASSERT(!voters_.empty());
  self_ = position_of(config_.self);
  GOVCHAIN_ASSERT(self_ != kNobody);
  slots_.resize(static_cast<size_t>(window_));
  for (Slot& fresh : slots_) fresh.resize(members);
  checkpoints_.resize(static_cast<size_t>(window_ / config_.checkpoint_interval + 3));
  for (CheckpointEntry& entry : checkpoints_) entry.votes.resize(members);
  peers_.resize(members);
  view_changes_.resize(members);
  read_repliers_.resize(members);
  responder_ = self_;
}

void PbftEngine::step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) {
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

void PbftEngine::begin() {
  begun_ = true;
  last_progress_ = now_;
  sink_->emit(effect::MembershipActive{membership_, Height(1)});
  RecoveredState recovered = std::move(recovered_);
  recovered_ = {};
  recover(std::move(recovered));
  if (stopped_) return;
  set_timer(TimerKind::kStatus, now_ + settings_.status_interval);
}

// What may have become possible after an input. Runs after each input and not once per step, so
// that step(a + b) decides as step(a); step(b).
void PbftEngine::pump() {
  dirty_ = false;
  if (stopped_) return;
  accept_in_order();
  propose_if_due();
  arm_view_timer();
  const std::optional<TimePoint>& tick = timers_[static_cast<size_t>(TimerKind::kStatus)];
  const TimePoint soon = now_ + patience(quiet_ticks_);
  // In this order: is_active() looks at every peer, and nearly always the tick is near anyway.
  if ((!tick || *tick > soon + settings_.status_interval) && is_active()) {
    set_timer(TimerKind::kStatus, soon);
  }
}

void PbftEngine::on(const input::MessageReceived& input) { dispatch(input.from, input.message); }

void PbftEngine::dispatch(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.protocol != Protocol::kPbft || !has_sane_header(message)) {
    ++counters_.malformed;
    return;
  }
  if (message.epoch != membership_.epoch) {
    ++(message.epoch < membership_.epoch ? counters_.stale : counters_.future);
    return;
  }
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kPrepare:
    case MessageType::kCommit:
      return receive_vote(from, reference);
    case MessageType::kCheckpoint:
      return receive_checkpoint(from, reference);
    default:
      break;
  }
  const uint32_t peer = position_of(from);
  if (peer == kNobody || peer == self_) {
    ++counters_.unauthorised;
    return;
  }
  dirty_ = true;
  dispatch_rare(peer, reference);
}

void PbftEngine::dispatch_rare(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  const auto type = static_cast<MessageType>(message.type);
  // View-change messages prove themselves, whoever passes them on.
  const bool relayable = type == MessageType::kViewChange || type == MessageType::kNewView;
  if (!relayable && message.sender != id_of(peer)) {
    ++counters_.unauthorised;
    return;
  }
  switch (type) {
    case MessageType::kPrePrepare:
      return receive_pre_prepare(peer, reference);
    case MessageType::kViewChange:
      return receive_view_change(peer, reference);
    case MessageType::kNewView:
      return receive_new_view(peer, reference);
    case MessageType::kStatus:
      return receive_status(peer, message);
    case MessageType::kRequest:
      return receive_request(peer, message);
    case MessageType::kCommittedBlock:
      return receive_committed_block(peer, reference);
    case MessageType::kCheckpointProof:
      return receive_checkpoint_proof(peer, reference);
    case MessageType::kProposalRelay:
      return receive_relay(peer, reference);
    case MessageType::kFetch:
      return receive_fetch(peer, message);
    case MessageType::kAlreadyOrdered:
      return receive_already_ordered(peer, message);
    case MessageType::kReadQuery:
      return receive_read_query(peer, message);
    case MessageType::kReadReply:
      return receive_read_reply(peer, message);
    default:
      ++counters_.malformed;
  }
}

void PbftEngine::on(const input::TimerFired& input) {
  const uint64_t id = input.timer.value();
  if (id == 0 || id >= kTimers || !timers_[id] || *timers_[id] > now_) return;
  timers_[id].reset();
  dirty_ = true;
  switch (static_cast<TimerKind>(id)) {
    case TimerKind::kView:
      return on_view_timer();
    case TimerKind::kBatch:
      return;  // pump() looks whether the batch is due
    case TimerKind::kStatus:
      return on_status_timer();
  }
}

void PbftEngine::on(const input::Persisted& input) {
  durable_ticket_ = std::max(durable_ticket_, input.ticket);
  if (!disk_full_) return;
  disk_full_ = false;
  dirty_ = true;
  for (Height height = committed_.next(); height <= std::min(accepted_, high()); ++height) {
    check_prepared(slot(height));
  }
  try_enter_view();
}

// An I/O error leaves it unknown what is on the disk, so the replica must not speak again; a full
// disk only silences it until there is room.
void PbftEngine::on(const input::PersistFailed& input) {
  if (input.disk_full) {
    disk_full_ = true;
    return;
  }
  stop(true);
}

void PbftEngine::on(const input::Verified& input) {
  const auto found = std::find_if(
      verifying_.begin(), verifying_.end(),
      [&](const PendingVerification& pending) { return pending.token == input.token; });
  if (found != verifying_.end()) {
    const PendingVerification pending = std::move(*found);
    if (found != verifying_.end() - 1) *found = std::move(verifying_.back());
    verifying_.pop_back();
    --peers_[pending.peer].verifications;
    dirty_ = true;
    on_pending_verified(pending, input.valid);
    return;
  }
  if (!input.message) return;
  switch (static_cast<MessageType>(input.message->type)) {
    case MessageType::kPrepare:
    case MessageType::kCommit:
      return on_vote_verified(input.message, input.valid);
    case MessageType::kPrePrepare:
      dirty_ = true;
      return on_proposal_verified(input.message, input.valid);
    case MessageType::kCheckpoint:
      return on_checkpoint_verified(input.message, input.valid);
    default:
      return;
  }
}

void PbftEngine::on_pending_verified(const PendingVerification& pending, bool valid) {
  using Kind = PendingVerification::Kind;
  switch (pending.kind) {
    case Kind::kConflict:
      return on_conflict_verified(pending, valid);
    case Kind::kRelay:
      return on_relay_verified(pending, valid);
    case Kind::kViewChange:
      return on_view_change_verified(pending, valid);
    case Kind::kNewView:
      return on_new_view_verified(pending, valid);
    case Kind::kBlock:
      return on_block_verified(pending, valid);
    case Kind::kCheckpointProof:
      return on_checkpoint_proof_verified(pending, valid);
    case Kind::kPayloads: {
      Slot* slot = slot_at(pending.height);
      if (slot == nullptr || !slot->proposal || slot->proposal != pending.message) return;
      if (valid) {
        slot->payloads_verified = true;
      } else {
        ++counters_.forged;
      }
      return;
    }
  }
}

void PbftEngine::on(const input::Signed& input) {
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
  message->sender = draft.sender;
  message->epoch = draft.epoch;
  message->view = draft.view;
  message->height = draft.height;
  message->digest = draft.digest;
  message->body.assign(draft.body.begin(), draft.body.end());
  message->block = draft.block;
  message->signature = input.signature;
  seal_message(*message);
  dirty_ = true;
  on_own_message(MessageRef(std::move(message)), sign.after);
}

// A statement of our own is signed: it leaves when its record is durable, and counts here as
// everybody else's does. Nothing of a view that was left meanwhile leaves any more.
void PbftEngine::on_own_message(const MessageRef& message, Ticket after) {
  if (planted(Mutant::kSentBeforeDurable)) after = Ticket();
  const auto type = static_cast<MessageType>(message->type);
  switch (type) {
    case MessageType::kPrePrepare:
    case MessageType::kPrepare:
    case MessageType::kCommit: {
      const bool left = in_view_change_ && !planted(Mutant::kStaleViewAccepted);
      if (message->view != active_view_ || left) return;
      Slot* slot = slot_at(message->height);
      if (slot == nullptr || !slot->bound || slot->digest != message->digest) return;
      sink_->emit(effect::Broadcast{message, after});
      if (type == MessageType::kPrePrepare) {
        slot->proposal = message;
        slot->proposal_verified = true;
        check_prepared(*slot);
        return;
      }
      VoteTable& votes = votes_of(*slot, *message);
      votes.messages[self_] = message;
      if (!votes.verified.contains(self_)) {
        votes.verified.add(self_);
        votes.weight += weight_of(self_);
      }
      if (type == MessageType::kPrepare) {
        check_prepared(*slot);
      } else {
        check_committed(*slot);
      }
      return;
    }
    case MessageType::kCheckpoint: {
      CheckpointEntry* entry = checkpoint_entry(message->height);
      sink_->emit(effect::Broadcast{message, after});
      if (entry == nullptr) return;
      entry->votes.messages[self_] = message;
      entry->votes.verified.add(self_);
      count_checkpoint(*entry, message->digest);
      return;
    }
    case MessageType::kViewChange: {
      if (!in_view_change_ || message->view != view_) return;
      sink_->emit(effect::Broadcast{message, after});
      for (Peer& peer : peers_) {
        peer.view_change_copies = 0;
        peer.view_change_due = now_ + patience(0);
      }
      std::optional<ViewChangeBody> body = decode_view_change(message->body);
      GOVCHAIN_ASSERT(body.has_value());
      keep_view_change({message, std::make_shared<const ViewChangeBody>(std::move(*body))}, self_);
      return;
    }
    case MessageType::kNewView: {
      if (!in_view_change_ || message->view != view_) return;
      sink_->emit(effect::Broadcast{message, after});
      std::optional<NewViewBody> body = decode_new_view(message->body);
      GOVCHAIN_ASSERT(body.has_value());
      take_new_view(message, std::move(body->view_changes));
      return;
    }
    default:
      GOVCHAIN_ASSERT(false);
  }
}

void PbftEngine::on(const input::Propose& input) { admit(config_.self, input.payload, true); }

// Members of an epoch change at a checkpoint, by an agreed block; this engine does not carry that
// out yet and says so in its README. The request is dropped, counted, and changes nothing.
void PbftEngine::on(const input::Reconfigure& /*input*/) { ++counters_.unauthorised; }

// A peer that has just been reached is told where we are, and answers with what we lack.
void PbftEngine::on(const input::PeerUp& input) {
  const uint32_t peer = position_of(input.peer);
  if (peer == kNobody || peer == self_) return;
  peers_[peer].view_change_copies = 0;  // what was on its way is lost
  peers_[peer].view_change_due = now_;
  quiet_ticks_ = 0;
  send(input.peer, make_status(peer));
}
void PbftEngine::on(const input::PeerDown& /*input*/) {}
void PbftEngine::on(const input::PeerWritable& input) {
  on(input::PeerUp{input.peer});  // what was dropped is asked for or offered again
}
void PbftEngine::on(const input::PeerDropped& /*input*/) {}

void PbftEngine::on(const input::WallTime& input) {
  wall_known_ = true;
  wall_base_ = input.nanoseconds_since_1970;
  wall_base_at_ = now_;
}

int64_t PbftEngine::wall_time() const { return wall_base_ + (now_ - wall_base_at_).nanoseconds(); }

Ref<Message> PbftEngine::new_message(MessageType type, Lane lane) const {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = Protocol::kPbft;
  message->type = static_cast<uint8_t>(type);
  message->lane = lane;
  message->sender = config_.self;
  message->epoch = membership_.epoch;
  message->view = view_;
  message->height = committed_;
  return message;
}

void PbftEngine::send(ReplicaId to, Ref<Message> message) {
  seal_message(*message);
  sink_->emit(effect::Send{to, MessageRef(std::move(message)), Ticket()});
}

void PbftEngine::request_signature(const MessageRef& draft, Ticket after) {
  const Token token = new_token();
  sink_->emit(effect::Sign{token, draft->statement(config_.chain)});
  signing_.push_back(PendingSign{token, draft, after});
}

bool PbftEngine::verify_later(PendingVerification pending, ClaimListRef claims) {
  Peer& peer = peers_[pending.peer];
  if (peer.verifications >= kMaxPendingPerPeer) {
    ++counters_.oversize;
    return false;
  }
  ++peer.verifications;
  pending.token = new_token();
  if (claims) {
    sink_->emit(effect::VerifyClaims{pending.token, std::move(claims)});
  } else {
    sink_->emit(effect::Verify{pending.token, pending.message});
  }
  verifying_.push_back(std::move(pending));
  return true;
}

void PbftEngine::set_timer(TimerKind kind, TimePoint deadline) {
  std::optional<TimePoint>& timer = timers_[static_cast<size_t>(kind)];
  if (timer == deadline) return;
  timer = deadline;
  sink_->emit(effect::SetTimer{TimerId(static_cast<uint64_t>(kind)), deadline});
}

void PbftEngine::cancel_timer(TimerKind kind) {
  std::optional<TimePoint>& timer = timers_[static_cast<size_t>(kind)];
  if (!timer) return;
  timer.reset();
  sink_->emit(effect::CancelTimer{TimerId(static_cast<uint64_t>(kind))});
}

Token PbftEngine::new_token() { return Token(next_token_++); }

Ticket PbftEngine::persist(Ref<LogRecord> record) {
  ++last_ticket_;
  sink_->emit(effect::Persist{last_ticket_, LogRecordRef(std::move(record))});
  return last_ticket_;
}

void PbftEngine::persist_for(Slot& slot, Ref<LogRecord> record, Ticket& ticket) {
  if (slot.height > stable_.height + window_) log_proven();
  ticket = persist(std::move(record));
  if (slot.first_ticket == Ticket()) slot.first_ticket = ticket;
}

void PbftEngine::stop(bool storage_failed) {
  if (stopped_) return;
  stopped_ = true;
  storage_failed_ = storage_failed;
  sink_->emit(effect::Stopped{storage_failed});
}

// SplitMix64 (Steele, Lea & Flood, 2014) over seed, replica and position: one stream per replica.
uint64_t PbftEngine::random(uint64_t bound) {
  uint64_t value = config_.seed + config_.self.value() * 0xD1B54A32D192ED03U +
                   ++random_position_ * 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return (value ^ (value >> 31U)) % bound;
}

}  // namespace govchain::consensus::pbft
