#include "consensus/raft/engine.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

std::unique_ptr<Engine> make_raft(const EngineConfig& config, const RaftConfig& raft_config,
                                  RecoveredState recovered) {
  return std::make_unique<RaftEngine>(config, raft_config, std::move(recovered));
}

std::span<const Situation> required_situations() {
  static constexpr std::array kSituations = {
      Situation{"leader_election", &EngineCounters::view_changes},
      Situation{"recovery", &EngineCounters::recoveries},
      Situation{"state_transfer", &EngineCounters::state_transfers},
      Situation{"checkpoint", &EngineCounters::checkpoints},
      Situation{"membership_change", &EngineCounters::membership_changes},
      Situation{"upgrade", &EngineCounters::upgrades},
      Situation{"outdated_software", &EngineCounters::outdated_software},
      Situation{"block_catch_up", &EngineCounters::block_catch_ups},
  };
  return kSituations;
}

namespace {

MempoolConfig mempool_config(const EngineConfig& config) {
  MempoolConfig mempool;
  mempool.limit = config.mempool_limit;
  mempool.max_payload_bytes = config.max_block_bytes;
  mempool.max_payload_transactions = config.max_block_transactions;
  mempool.seed = config.seed;
  return mempool;
}

// SplitMix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014) as a
// counter-based stream: the value at a position is a pure function of seed and position.
uint64_t random_at(uint64_t seed, uint64_t position) {
  uint64_t value = seed + (position + 1) * 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

// What a channel's owner may say only as somebody who knows the present term.
bool comes_from_leader(MessageType type) {
  return type == MessageType::kAppend || type == MessageType::kHeartbeat ||
         type == MessageType::kCommitNotice || type == MessageType::kInstallSnapshot ||
         type == MessageType::kTimeoutNow || type == MessageType::kRemoved ||
         type == MessageType::kVersionQuery || type == MessageType::kWitnessBase ||
         type == MessageType::kAppendNames;
}

bool is_reply(MessageType type) {
  return type == MessageType::kPreVoteReply || type == MessageType::kVoteReply ||
         type == MessageType::kAppendReply || type == MessageType::kHeartbeatReply ||
         type == MessageType::kVersionReply || type == MessageType::kPayloadQuery;
}

}  // namespace

RaftEngine::RaftEngine(const EngineConfig& config, const RaftConfig& raft_config,
                       RecoveredState recovered)
    : config_(config),
      raft_(raft_config),
      configurations_(config.genesis),
      mempool_(mempool_config(config)),
      uncommitted_(config.seed),
      recovered_(std::move(recovered)) {
  GOVCHAIN_ASSERT(config_.base_timeout > Duration::zero());
  election_timeout_ =
      raft_.election_timeout > Duration::zero() ? raft_.election_timeout : config_.base_timeout;
  heartbeat_ = raft_.heartbeat > Duration::zero() ? raft_.heartbeat : election_timeout_ / 10;
  heartbeat_ = std::max(heartbeat_, Duration::nanoseconds(1));
  config_.max_in_flight = std::max(config_.max_in_flight, 1U);
  config_.checkpoint_interval = std::max<uint64_t>(config_.checkpoint_interval, 1);
  raft_.max_append_messages = std::max(raft_.max_append_messages, 1U);
}

std::unique_ptr<Engine> RaftEngine::clone() const { return std::make_unique<RaftEngine>(*this); }

void RaftEngine::step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) {
  sink_ = &sink;
  now_ = std::max(now_, now);
  if (!begun_) begin();
  for (const Input& each : inputs) {
    if (stopped_) break;
    std::visit([this](const auto& input) { on(input); }, each);
  }
  sink_ = nullptr;
}

void RaftEngine::begin() {
  begun_ = true;
  wall_base_at_ = now_;
  // Reads of an earlier life must not be taken for reads of this one (§6.4 needs unique requests).
  read_sequence_ = random_at(config_.seed ^ static_cast<uint64_t>(now_.nanoseconds()),
                             recovered_.last_ticket.value());
  if (!recovered_.fresh && !planted(Mutant::kLeasePromiseForgotten)) promise_leader();
  recover(std::exchange(recovered_, RecoveredState{}));
  if (stopped_) return;
  const ConfigurationEntry& entry = configurations_.latest();
  announce_membership(entry.height <= commit_ ? entry.members : entry.reachable,
                      entry.height.next());
  if (stop_if_log_is_ahead()) return;
  execute_committed();
  if (!witness_) load_window();
  arm_election();
  set_timer(TimerKind::kRetry, now_ + election_timeout_);
}

// --- Inputs that are not messages

void RaftEngine::on(const input::MessageReceived& input) {
  if (!input.message) return;
  receive(input.from, *input.message, input.message);
}

void RaftEngine::on(const input::TimerFired& input) {
  const uint64_t id = input.timer.value();
  if (id == 0 || id >= kTimers || !timers_[id] || now_ < *timers_[id]) return;
  timers_[id].reset();
  switch (static_cast<TimerKind>(id)) {
    case TimerKind::kElection:
      on_election_timer();
      break;
    case TimerKind::kHeartbeat:
      on_heartbeat_timer();
      break;
    case TimerKind::kBatch:
      propose_if_due();
      break;
    case TimerKind::kRetry:
      on_retry_timer();
      break;
  }
}

void RaftEngine::on(const input::Persisted& input) {
  if (input.ticket > last_ticket_) return;
  durable_ticket_ = std::max(durable_ticket_, input.ticket);
  // What had failed is down: the disk has room again.
  if (durable_ticket_ >= failed_ticket_) disk_full_ = false;
  if (role_ == Role::kCandidate && self_vote_ticket_ != Ticket() &&
      durable_ticket_ >= self_vote_ticket_) {
    self_vote_ticket_ = Ticket();
    record_vote(self_node(), true);
  }
  advance_durable();
  install_announced_snapshot();
}

void RaftEngine::on(const input::PersistFailed& input) {
  if (!input.disk_full) {
    stop(true);
    return;
  }
  if (input.ticket <= durable_ticket_) return;
  disk_full_ = true;
  failed_ticket_ = std::max(failed_ticket_, input.ticket);
  // Somebody whose disk takes writes should lead; we vote for nobody until ours does.
  if (role_ != Role::kFollower) become_follower(term_, std::nullopt);
}

void RaftEngine::on(const input::Loaded& input) {
  if (input.token == window_load_) {
    on_window_loaded(input);
  } else {
    on_loaded_for_peer(input);
  }
}

void RaftEngine::on(const input::Executed& input) {
  // Answers may be late (a snapshot overtook them), never early.
  if (input.height != executed_.next() || input.height > execute_sent_) return;
  executed_ = input.height;
  executed_root_ = input.state_root;
  log_.trim_cache(executed_, raft_.cached_blocks, raft_.cached_bytes);
  if (executed_.value() % config_.checkpoint_interval == 0) {
    sign_checkpoint(executed_, input.state_root);
    make_stable();
  }
  propose_if_due();
}

void RaftEngine::on(const input::Propose& input) { admit(config_.self, input.payload, true); }

void RaftEngine::on(const input::PeerUp& input) {
  Progress* progress = progress_.find(node_id(input.peer));
  if (progress == nullptr || !is_leader()) return;
  progress->blocked = false;
  // What was on its way over the old connection is lost.
  if (progress->state == ProgressState::kReplicate) progress->become_probe();
  progress->paused = false;
  replicate_to(node_id(input.peer), *progress);
}

void RaftEngine::on(const input::PeerDown& input) {
  Progress* progress = progress_.find(node_id(input.peer));
  if (progress != nullptr && progress->state == ProgressState::kReplicate) progress->become_probe();
}

void RaftEngine::on(const input::PeerWritable& input) {
  Progress* progress = progress_.find(node_id(input.peer));
  if (progress == nullptr || !is_leader()) return;
  progress->blocked = false;
  progress->paused = false;
  replicate_to(node_id(input.peer), *progress);
}

void RaftEngine::on(const input::PeerDropped& input) {
  Progress* progress = progress_.find(node_id(input.peer));
  if (progress == nullptr) return;
  if (progress->state == ProgressState::kReplicate) progress->become_probe();
  progress->blocked = true;
}

void RaftEngine::on(const input::WallTime& input) {
  wall_base_ = input.nanoseconds_since_1970;
  wall_base_at_ = now_;
  wall_known_ = true;
}

int64_t RaftEngine::wall_time() const {
  const int64_t own = wall_known_ ? wall_base_ + (now_ - wall_base_at_).nanoseconds() : 0;
  return std::max(own, last_block_time_);
}

// --- Messages

void RaftEngine::receive(ReplicaId from, const Message& message, const MessageRef& reference) {
  if (message.protocol != Protocol::kRaft || !has_sane_header(message) ||
      message_name(message.type) == "unknown") {
    ++counters_.malformed;
    return;
  }
  if (message.sender != from || from == config_.self) {
    ++counters_.unauthorised;
    return;
  }
  if (!knows(message.version)) {
    ++counters_.unsupported;
    return;
  }
  // A full disk takes no votes, no terms and no entries; peers ask again.
  if (disk_full_) {
    ++counters_.future;
    return;
  }
  const auto type = static_cast<MessageType>(message.type);
  if (type == MessageType::kCheckpointVote) {
    on_checkpoint_vote(from, message, reference);
  } else if (comes_from_leader(type)) {
    receive_from_leader(from, message, reference);
  } else if (is_reply(type)) {
    receive_reply(from, message);
  } else {
    receive_request(from, message);
  }
}

void RaftEngine::receive_request(ReplicaId from, const Message& message) {
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kPreVoteRequest:
      on_pre_vote_request(from, message);
      return;
    case MessageType::kVoteRequest:
      on_vote_request(from, message);
      return;
    case MessageType::kCheckpointProof:
      on_checkpoint_proof(from, message);
      return;
    case MessageType::kReadIndexReply:
      on_read_index_reply(from, message);
      return;
    default:
      break;
  }
  // The rest asks for service, which is for members.
  if (configurations_.latest().reachable.find(from) == nullptr) {
    ++counters_.unauthorised;
    return;
  }
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kForward:
      on_forward(from, message);
      break;
    case MessageType::kReadIndex:
      on_read_index(from, message);
      break;
    case MessageType::kReconfigure:
      on_reconfigure_message(from, message);
      break;
    default:
      ++counters_.malformed;
      break;
  }
}

void RaftEngine::receive_from_leader(ReplicaId from, const Message& message,
                                     const MessageRef& reference) {
  // A leader need not be in our configuration: ours may be old (dissertation §4.1).
  if (message.view < term_) {
    refuse_stale(from, message);
    return;
  }
  if (message.view == term_ && is_leader()) {
    ++counters_.conflicting;  // two leaders in one term: not from members that only crash
    return;
  }
  if (message.view > term_ || role_ != Role::kFollower) {
    become_follower(std::max(message.view, term_), from);
    save_hard_state();
  }
  heard_from_leader(from);
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kAppend:
      on_append(from, message);
      break;
    case MessageType::kAppendNames:
      on_append_names(from, reference);
      break;
    case MessageType::kHeartbeat:
    case MessageType::kCommitNotice:
      on_heartbeat(from, message);
      break;
    case MessageType::kInstallSnapshot:
      on_install_snapshot(from, message);
      break;
    case MessageType::kWitnessBase:
      on_witness_base(from, message);
      break;
    case MessageType::kTimeoutNow:
      on_timeout_now(from);
      break;
    case MessageType::kVersionQuery:
      on_version_query(from, message);
      break;
    default:
      on_removed(from, message);
      break;
  }
}

void RaftEngine::refuse_stale(ReplicaId from, const Message& message) {
  ++counters_.stale;
  // Our term is higher, perhaps from an election that never ended. With PreVote and CheckQuorum the
  // old leader would not hear of it otherwise, and we could never follow it (etcd-io/raft, Step).
  const auto type = static_cast<MessageType>(message.type);
  if (type != MessageType::kAppend && type != MessageType::kAppendNames &&
      type != MessageType::kHeartbeat) {
    return;
  }
  Ref<Message> reply = new_message(MessageType::kAppendReply, Lane::kVote, message.height);
  encode_body(AppendReplyBody{true, Height(), View()}, *reply);
  send(from, std::move(reply), hard_state_ticket_);
}

void RaftEngine::receive_reply(ReplicaId from, const Message& message) {
  if (message.view > term_) {
    adopt_term(message.view);
    return;
  }
  const auto type = static_cast<MessageType>(message.type);
  if (type == MessageType::kPreVoteReply) {
    on_vote_reply(from, message);
    return;
  }
  if (message.view < term_) {
    ++counters_.stale;
    return;
  }
  switch (type) {
    case MessageType::kVoteReply:
      on_vote_reply(from, message);
      break;
    case MessageType::kAppendReply:
      on_append_reply(from, message);
      break;
    case MessageType::kVersionReply:
      on_version_reply(from, message);
      break;
    case MessageType::kPayloadQuery:
      on_payload_query(from, message);
      break;
    default:
      on_heartbeat_reply(from, message);
      break;
  }
}

// --- Helpers

Ref<Message> RaftEngine::new_message(MessageType type, Lane lane, Height height) const {
  Ref<Message> message = Ref<Message>::make();
  message->protocol = Protocol::kRaft;
  message->type = static_cast<uint8_t>(type);
  message->lane = lane;
  message->version = configurations_.at(commit_).members.version;
  message->sender = config_.self;
  message->epoch = configurations_.latest().members.epoch;
  message->view = term_;
  message->height = height;
  return message;
}

void RaftEngine::send(ReplicaId to, Ref<Message> message, Ticket after) {
  seal_message(*message);
  sink_->emit(effect::Send{to, MessageRef(std::move(message)), after});
}

void RaftEngine::broadcast(Ref<Message> message, Ticket after) {
  seal_message(*message);
  sink_->emit(effect::Broadcast{MessageRef(std::move(message)), after});
}

void RaftEngine::set_timer(TimerKind kind, TimePoint deadline) {
  timers_[static_cast<size_t>(kind)] = deadline;
  sink_->emit(effect::SetTimer{TimerId(static_cast<uint64_t>(kind)), deadline});
}

void RaftEngine::cancel_timer(TimerKind kind) {
  if (!timers_[static_cast<size_t>(kind)]) return;
  timers_[static_cast<size_t>(kind)].reset();
  sink_->emit(effect::CancelTimer{TimerId(static_cast<uint64_t>(kind))});
}

Token RaftEngine::new_token() { return Token(next_token_++); }

Ticket RaftEngine::persist(Ref<LogRecord> record) {
  ++last_ticket_;
  sink_->emit(effect::Persist{last_ticket_, LogRecordRef(std::move(record))});
  return last_ticket_;
}

void RaftEngine::stop(bool storage_failed) {
  if (stopped_) return;
  if (is_leader()) leave_leadership();
  role_ = Role::kFollower;
  leader_.reset();
  stopped_ = true;
  storage_failed_ = storage_failed;
  expire_forwarded_reads(true);
  for (const TimerKind kind :
       {TimerKind::kElection, TimerKind::kHeartbeat, TimerKind::kBatch, TimerKind::kRetry}) {
    cancel_timer(kind);
  }
  sink_->emit(effect::Stopped{storage_failed, outdated_since_.has_value()});
}

uint64_t RaftEngine::random(uint64_t bound) {
  GOVCHAIN_ASSERT(bound > 0);
  // The replica's number is mixed in so that equal seeds do not make elections collide for ever.
  const uint64_t seed = random_at(config_.seed, config_.self.value());
  const auto product = static_cast<Wide>(random_at(seed, random_position_++)) * bound;
  return static_cast<uint64_t>(product >> 64U);
}

}  // namespace govchain::consensus::raft
