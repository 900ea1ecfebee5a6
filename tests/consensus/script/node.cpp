#include "tests/consensus/script/node.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/protocol_settings.h"

namespace govchain::consensus::testing {

namespace {

constexpr uint64_t kKeySeed = 1;
constexpr int64_t kWallClock = 1'700'000'000'000'000'000;
// A script settles in far fewer; an engine that answers itself for ever is stopped here.
constexpr int kMostSteps = 100'000;

std::string number(uint64_t value) { return std::to_string(value); }

std::string_view name_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kFull:
      return "full";
    case RefusalReason::kOversize:
      return "oversize";
    case RefusalReason::kDuplicate:
      return "duplicate";
    case RefusalReason::kNoLeader:
      return "no leader";
    case RefusalReason::kWitness:
      return "witness";
    case RefusalReason::kStopped:
      return "stopped";
  }
  return "?";
}

std::string describe_members(const Membership& membership) {
  std::string text;
  for (const Member& member : membership.members) {
    if (!text.empty()) text += ' ';
    text += number(member.id.value());
    if (member.weight == 0) text += " (learner)";
  }
  return text;
}

}  // namespace

Node::Node(std::string label, const ProtocolTraits& protocol, const ProtocolSettings& settings,
           const EngineConfig& config, NodeHost& host)
    : label_(std::move(label)),
      protocol_(&protocol),
      settings_(settings),
      config_(config),
      host_(&host),
      signer_(make_signer(SignatureScheme::kModelled, kKeySeed, config.chain, config.self)),
      verifier_(make_verifier(SignatureScheme::kModelled)) {}

void Node::start() {
  RecoveredState recovered;
  const auto records = log_.read_durable();
  GOVCHAIN_ASSERT(records.ok());
  for (const LoggedRecord& logged : *records) recovered.records.push_back(logged.record);
  recovered.last_ticket = log_.last();
  recovered.checkpoint = store_.checkpoint();
  // What was executed beyond the last durable block is executed again.
  executed_ = std::min(executed_, store_.newest());
  recovered.executed_height = executed_;
  const auto root = roots_.find(executed_);
  if (root != roots_.end()) recovered.state_root = root->second;
  store_.load(executed_.next(), UINT32_MAX, Bytes(UINT64_MAX), recovered.blocks);
  recovered.fresh = !ran_before_;
  ran_before_ = true;
  engine_ = protocol_->make(config_, settings_, std::move(recovered));
  inputs_.clear();
  engine_->step(now_, {}, sink_);
  last_status_ = engine_->status();
  for (Effect& effect : sink_.effects()) perform(effect);
  sink_.clear();
  give(input::WallTime{kWallClock});
}

void Node::crash(uint64_t surviving) {
  engine_.reset();
  sink_.clear();
  inputs_.clear();
  timers_.clear();
  held_.clear();
  truncations_.clear();
  to_execute_.clear();
  unsynced_.clear();
  batches_.clear();
  log_.crash(surviving, 7);
  store_.crash();
}

void Node::give(Input input) {
  inputs_.push_back(std::move(input));
  settle();
}

void Node::settle() {
  for (int steps = 0; engine_ != nullptr && !inputs_.empty(); ++steps) {
    if (steps == kMostSteps) {
      host_->tell(label_, "does not settle");
      return;
    }
    step_once();
    if (!manual_sync_ && log_.durable() < log_.last()) sync();
  }
}

void Node::step_once() {
  const Input input = std::move(inputs_.front());
  inputs_.pop_front();
  engine_->step(now_, std::span(&input, 1), sink_);
  note_status();
  for (Effect& effect : sink_.effects()) perform(effect);
  sink_.clear();
}

void Node::perform(Effect& effect) {
  std::visit([this](auto& one) { on(one); }, effect);
}

void Node::sync() {
  const bool anything = log_.durable() < log_.last();
  batches_.clear();
  GOVCHAIN_ASSERT(log_.sync().ok());
  synced(anything);
}

void Node::sync_some(uint64_t records) {
  const Ticket before = log_.durable();
  log_.mark_durable(std::min(Ticket(before.value() + records), log_.last()));
  synced(log_.durable() > before);
}

void Node::close_batch() {
  const Height committed = engine_->status().committed;
  if (log_.last() == batched_ && committed == committed_in_batch_) return;
  batched_ = log_.last();
  committed_in_batch_ = committed;
  batches_.push_back(batched_);
}

void Node::sync_batches(uint64_t batches) {
  for (; batches > 0 && !batches_.empty(); --batches) {
    const Ticket before = log_.durable();
    const Ticket last = batches_.front();
    batches_.pop_front();
    if (last <= before) continue;
    log_.mark_durable(last);
    synced(true);
  }
}

void Node::synced(bool anything) {
  unsynced_.erase(unsynced_.begin(), unsynced_.upper_bound(log_.durable()));
  release_held();
  GOVCHAIN_ASSERT(store_.sync().ok());
  if (anything) inputs_.push_back(input::Persisted{log_.durable()});
  if (manual_sync_) settle();
}

void Node::release_held() {
  std::vector<Held> held = std::exchange(held_, {});
  for (Held& one : held) send_or_hold(one.after, std::move(one.send));
  std::erase_if(truncations_, [this](const Truncation& truncation) {
    if (truncation.after > log_.durable()) return false;
    GOVCHAIN_ASSERT(log_.truncate(truncation.before).ok());
    return true;
  });
}

void Node::send_or_hold(Ticket after, std::function<void()> send) {
  if (after <= log_.durable()) {
    send();
  } else {
    held_.push_back(Held{after, std::move(send)});
  }
}

void Node::advance(Duration elapsed) {
  const TimePoint end = now_ + elapsed;
  for (int fired = 0; engine_ != nullptr && fired < kMostSteps; ++fired) {
    const auto next =
        std::min_element(timers_.begin(), timers_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (next == timers_.end() || next->second > end) break;
    now_ = std::max(now_, next->second);
    const TimerId timer = next->first;
    timers_.erase(next);
    give(input::TimerFired{timer});
  }
  now_ = end;
}

std::optional<Duration> Node::next_timer() const {
  std::optional<Duration> next;
  for (const auto& [timer, deadline] : timers_) {
    const Duration left = std::max(Duration::zero(), deadline - now_);
    if (!next || left < *next) next = left;
  }
  return next;
}

bool Node::has_snapshot(const Checkpoint& checkpoint) const {
  const auto found = snapshots_.find(checkpoint.height);
  return found != snapshots_.end() && found->second == checkpoint.state_root;
}

std::string Node::describe() const {
  if (!running()) return "down";
  const EngineStatus status = engine_->status();
  std::string text = "view " + number(status.view.value());
  text += status.leader_known ? ", leader " + number(status.leader.value()) : ", no leader";
  if (status.in_view_change) text += ", changing view";
  text += ", committed " + number(status.committed.value());
  text += ", executed " + number(status.executed.value());
  if (status.stable_checkpoint != Height()) {
    text += ", checkpoint " + number(status.stable_checkpoint.value());
  }
  if (status.epoch != Epoch()) text += ", epoch " + number(status.epoch.value());
  if (status.mempool != Bytes(0)) text += ", pending " + number(status.mempool.count()) + " bytes";
  return text;
}

void Node::note_status() {
  const EngineStatus status = engine_->status();
  if (status.view != last_status_.view || status.in_view_change != last_status_.in_view_change ||
      status.leader_known != last_status_.leader_known ||
      (status.leader_known && status.leader != last_status_.leader)) {
    std::string text = "view " + number(status.view.value());
    if (status.is_leader) {
      text += ", leads";
    } else if (status.leader_known && !status.in_view_change) {
      text += ", follows " + number(status.leader.value());
    }
    if (status.in_view_change) text += ", changing view";
    host_->tell(label_, text);
  }
  last_status_ = status;
}

void Node::on(effect::Persist& effect) {
  unsynced_[effect.ticket] = effect.record;
  GOVCHAIN_ASSERT(log_.append(effect.ticket, effect.record).ok());
}

void Node::on(effect::Truncate& effect) {
  truncations_.push_back(Truncation{effect.before, effect.after});
  release_held();
}

void Node::on(effect::Load& effect) {
  input::Loaded loaded{effect.token, {}};
  store_.load(effect.first, effect.count, effect.limit, loaded.blocks);
  inputs_.push_back(std::move(loaded));
}

void Node::on(effect::Send& effect) {
  send_or_hold(effect.after, [this, to = effect.to, message = effect.message] {
    host_->send(label_, to, members_, message);
  });
}

void Node::on(effect::Broadcast& effect) {
  send_or_hold(effect.after, [this, message = effect.message] {
    host_->send(label_, std::nullopt, members_, message);
  });
}

void Node::on(effect::SetTimer& effect) { timers_[effect.timer] = effect.deadline; }

void Node::on(effect::CancelTimer& effect) { timers_.erase(effect.timer); }

void Node::on(effect::Verify& effect) {
  const Message& message = *effect.message;
  const PublicKey key =
      make_signer(SignatureScheme::kModelled, kKeySeed, config_.chain, message.sender)
          ->public_key();
  const bool valid = verifier_->verify(key, message.statement(config_.chain), message.signature);
  inputs_.push_back(input::Verified{effect.token, valid, effect.message});
}

void Node::on(effect::VerifyClaims& effect) {
  bool valid = true;
  for (const SignedStatement& claim : effect.claims->claims) {
    const PublicKey key =
        make_signer(SignatureScheme::kModelled, kKeySeed, config_.chain, claim.signer)
            ->public_key();
    valid = valid && verifier_->verify(key, claim.statement, claim.signature);
  }
  inputs_.push_back(input::Verified{effect.token, valid, {}});
}

// A client's signature is good unless the script calls its payload "!…".
void Node::on(effect::VerifyPayloads& effect) {
  const std::vector<PayloadRef>& payloads = effect.block->payloads;
  const bool valid = std::none_of(payloads.begin(), payloads.end(), [](const PayloadRef& payload) {
    return !payload->bytes.empty() && payload->bytes.front() == '!';
  });
  inputs_.push_back(input::Verified{effect.token, valid, {}});
}

void Node::on(effect::Sign& effect) {
  inputs_.push_back(input::Signed{effect.token, signer_->sign(effect.statement)});
}

std::vector<LogRecordRef> Node::durable() const {
  std::vector<LogRecordRef> records;
  const auto durable = log_.read_durable();
  GOVCHAIN_ASSERT(durable.ok());
  for (const LoggedRecord& logged : *durable) records.push_back(logged.record);
  return records;
}

std::vector<LogRecordRef> Node::written() const {
  std::vector<LogRecordRef> records = durable();
  for (const auto& [ticket, record] : unsynced_) records.push_back(record);
  return records;
}

std::optional<Duration> Node::time_until(TimerId timer) const {
  const auto found = timers_.find(timer);
  if (found == timers_.end()) return std::nullopt;
  return std::max(Duration::zero(), found->second - now_);
}

Status Node::compact(Height height) {
  if (height > store_.checkpoint().height.next()) {
    return Error{ErrorCode::kInvalid, "no stable checkpoint covers that", label_};
  }
  return store_.prune(height);
}

void Node::fill_disk() {
  manual_sync_ = true;
  give(input::PersistFailed{log_.last().next(), true});
}

void Node::make_room_on_disk() {
  manual_sync_ = false;
  sync();
  give(input::Persisted{log_.durable()});
}

void Node::break_disk() {
  manual_sync_ = true;
  give(input::PersistFailed{log_.last().next(), false});
}

void Node::execute(uint64_t count) {
  for (; count > 0 && !to_execute_.empty(); --count) {
    const effect::Execute effect = std::move(to_execute_.front());
    to_execute_.pop_front();
    apply(effect);
    settle();
  }
}

void Node::on(effect::Execute& effect) {
  if (manual_execution_) {
    to_execute_.push_back(effect);
  } else {
    apply(effect);
  }
}

void Node::apply(const effect::Execute& effect) {
  // A state that was installed meanwhile may be ahead.
  if (manual_execution_ && effect.block->height <= executed_) return;
  const Height height = effect.block->height;
  if (height <= executed_) host_->tell(label_, "executes " + number(height.value()) + " twice");
  if (height > executed_.next()) host_->tell(label_, "executes with a gap");
  Digest before;
  const auto root = roots_.find(executed_);
  if (root != roots_.end()) before = root->second;
  executed_ = height;
  const Digest after = hash_pair(config_.hash, before, effect.block->digest);
  roots_[height] = after;
  if (effect.take_snapshot) snapshots_[height] = after;
  inputs_.push_back(input::Executed{height, after});
}

// Told when the engine says so. It is stored, and counts as final, as every host has it: once the
// log could tell of it after a crash.
void Node::on(effect::Commit& effect) {
  const Block& block = *effect.block;
  std::string text = "commits " + number(block.height.value());
  if (!block.control.empty()) text += " membership change";
  if (!block.payloads.empty()) text += " {" + host_->names(block.payloads) + "}";
  host_->tell(label_, text);
  send_or_hold(effect.after, [this, stored = StoredBlock{effect.block, effect.certificate}] {
    store_committed(stored);
  });
}

void Node::store_committed(const StoredBlock& stored) {
  const Height height = stored.block->height;
  if (height <= installed_) return;  // the installed state stands for it
  if (!store_.put(stored)) {
    host_->tell(label_, "commits " + number(height.value()) + " out of order");
    return;
  }
  host_->committed(label_, stored);
}

// Names no ticket; the log must reach as far as the state does.
void Node::on(effect::CheckpointStable& effect) {
  send_or_hold(log_.last(),
               [this, checkpoint = effect.checkpoint] { store_checkpoint(checkpoint); });
}

void Node::store_checkpoint(const Checkpoint& checkpoint) {
  // After a restart an engine may come by one again that is older than what the disk has.
  if (checkpoint.height > store_.checkpoint().height) {
    GOVCHAIN_ASSERT(store_.put_checkpoint(checkpoint).ok());
  }
  const uint64_t height = checkpoint.height.value();
  host_->tell(label_, "checkpoint " + number(height) + " is stable");
  if (height > config_.retained_blocks) {
    GOVCHAIN_ASSERT(store_.prune(Height(height - config_.retained_blocks + 1)).ok());
  }
}

void Node::on(effect::FetchState& effect) {
  const bool available = host_->find_snapshot(label_, effect.checkpoint);
  host_->tell(label_, "fetches the state at " + number(effect.checkpoint.height.value()) +
                          (available ? "" : ", in vain"));
  inputs_.push_back(input::SnapshotFetched{effect.checkpoint.height, available});
}

void Node::on(effect::InstallSnapshot& effect) {
  const Height height = effect.checkpoint.height;
  host_->tell(label_, "installs the state at " + number(height.value()));
  GOVCHAIN_ASSERT(store_.reset(effect.checkpoint).ok());
  executed_ = height;
  installed_ = height;
  roots_[height] = effect.checkpoint.state_root;
  snapshots_[height] = effect.checkpoint.state_root;
  inputs_.push_back(input::SnapshotInstalled{height, effect.checkpoint.state_root});
}

void Node::on(effect::EvidenceFound& effect) {
  const auto describe = [this](const Statement& statement) {
    return std::string(protocol_->message_name(statement.type)) + " view " +
           number(statement.view.value()) + " height " + number(statement.height.value());
  };
  const PublicKey key =
      make_signer(SignatureScheme::kModelled, kKeySeed, config_.chain, effect.first.signer)
          ->public_key();
  const bool holds = effect.first.signer == effect.second.signer &&
                     verifier_->verify(key, effect.first.statement, effect.first.signature) &&
                     verifier_->verify(key, effect.second.statement, effect.second.signature);
  host_->tell(label_, std::string(holds ? "evidence" : "false evidence") + " against " +
                          number(effect.first.signer.value()) + ": " +
                          describe(effect.first.statement) + " twice");
}

void Node::on(effect::ReadReady& effect) {
  host_->tell(label_, "read " + number(effect.token.value()) + " is ready at height " +
                          number(effect.height.value()) +
                          (effect.valid_until == TimePoint::max() ? "" : " from the lease"));
}

void Node::on(effect::ReadRefused& effect) {
  host_->tell(label_, "read " + number(effect.token.value()) + " is refused");
}

void Node::on(effect::Refused& effect) {
  host_->tell(label_, "refuses " + host_->names({effect.payload}) + " (" +
                          std::string(name_of(effect.reason)) + ")");
}

void Node::on(effect::MembershipActive& effect) {
  const bool first = members_.members.empty();
  members_ = effect.membership;
  if (first && members_.epoch == Epoch()) return;
  host_->tell(label_,
              "members from " + number(effect.from.value()) + ": " + describe_members(members_));
}

void Node::on(effect::Stopped& effect) {
  host_->tell(label_, effect.storage_failed      ? "stops: storage failed"
                      : effect.software_outdated ? "stops: software too old"
                                                 : "stops");
}

void Node::on(effect::Metric& /*effect*/) {}

}  // namespace govchain::consensus::testing
