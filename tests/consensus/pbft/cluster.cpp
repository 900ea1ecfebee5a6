#include "tests/consensus/pbft/cluster.h"

#include <algorithm>
#include <array>
#include <utility>

#include "consensus/codec.h"
#include "consensus/quorum.h"

namespace govchain::consensus::pbft::testing {

namespace {

std::array<uint8_t, 16> bytes_of(uint64_t number) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(number >> (8U * i));
  return bytes;
}

void add(EngineCounters& sum, const EngineCounters& more) {
  sum.view_changes += more.view_changes;
  sum.checkpoints += more.checkpoints;
  sum.state_transfers += more.state_transfers;
  sum.block_catch_ups += more.block_catch_ups;
  sum.recoveries += more.recoveries;
  sum.evidence += more.evidence;
  sum.malformed += more.malformed;
  sum.forged += more.forged;
  sum.committed_blocks += more.committed_blocks;
}

}  // namespace

Cluster::Cluster(const ClusterOptions& options)
    : options_(options),
      verifier_(make_verifier(SignatureScheme::kModelled)),
      random_state_(options.seed) {
  options_.engine.chain = ChainId(7);
  replicas_.resize(options_.replicas);
  Membership& members = options_.engine.genesis;
  members.members.clear();
  for (uint32_t i = 0; i < options_.replicas; ++i) {
    replicas_[i].signer =
        make_signer(SignatureScheme::kModelled, options_.seed, ChainId(7), ReplicaId(i));
    const uint64_t weight = options_.weights.empty() ? 1 : options_.weights[i];
    members.members.push_back(Member{ReplicaId(i), weight, replicas_[i].signer->public_key()});
  }
  for (uint32_t i = 0; i < options_.replicas; ++i) make_engine(i, RecoveredState{});
}

PayloadRef Cluster::payload_of(uint64_t number, uint32_t size) {
  const std::array<uint8_t, 16> head = bytes_of(number);
  std::vector<uint8_t> bytes(head.begin(), head.end());
  bytes.resize(std::max<size_t>(size, bytes.size()));
  return make_payload(HashAlgorithm::kSha256, bytes, 1);
}

uint64_t Cluster::random(uint64_t bound) {
  random_state_ += 0x9E3779B97F4A7C15U;
  uint64_t value = random_state_;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return (value ^ (value >> 31U)) % bound;
}

void Cluster::make_engine(uint32_t replica, RecoveredState recovered) {
  EngineConfig config = options_.engine;
  config.self = ReplicaId(replica);
  config.seed = options_.seed * 31 + replica;
  const ProtocolTraits& protocol = traits_of(options_.protocol);
  replicas_[replica].engine = protocol.make(config, options_.settings, std::move(recovered));
  step(replica, {});
}

void Cluster::schedule(Duration delay, uint32_t replica, std::function<void()> act) {
  events_[{now_ + delay, sequence_++}] = Event{replica, replicas_[replica].life, std::move(act)};
}

void Cluster::run_for(Duration duration) {
  const TimePoint end = now_ + duration;
  while (!events_.empty() && events_.begin()->first.first <= end) {
    now_ = events_.begin()->first.first;
    const Event event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    if (event.life == replicas_[event.replica].life && replicas_[event.replica].engine) event.act();
  }
  now_ = end;
}

bool Cluster::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = now_ + limit;
  while (!done()) {
    if (now_ >= end) return false;
    run_for(Duration::milliseconds(5));
  }
  return true;
}

void Cluster::step(uint32_t replica, std::span<const Input> inputs) {
  EffectSink sink;
  replicas_[replica].engine->step(now_, inputs, sink);
  for (Effect& effect : sink.effects()) carry_out(replica, effect);
}

void Cluster::input(uint32_t replica, const Input& input) {
  if (replicas_[replica].engine) step(replica, std::span(&input, 1));
}

void Cluster::propose(uint32_t replica, uint64_t number, uint32_t size) {
  input(replica, input::Propose{payload_of(number, size)});
}

void Cluster::read(uint32_t replica, uint64_t token) {
  input(replica, input::ReadRequested{Token(token)});
}

void Cluster::answer(uint32_t replica, Input input) {
  schedule(Duration::zero(), replica,
           [this, replica, held = std::move(input)] { this->input(replica, held); });
}

void Cluster::gate(uint32_t replica, Ticket after, std::function<void()> act) {
  Replica& self = replicas_[replica];
  if (after > self.appended) violate("waits for a ticket that was never issued");
  if (after <= self.durable) {
    act();
  } else {
    self.gated.push_back({after, std::move(act)});
  }
}

void Cluster::carry_out(uint32_t replica, Effect& any) {
  Replica& self = replicas_[replica];
  if (auto* persist = std::get_if<effect::Persist>(&any)) {
    on_persist(replica, *persist);
  } else if (auto* send = std::get_if<effect::Send>(&any)) {
    gate(replica, send->after,
         [this, replica, sent = *send] { transmit(replica, sent.to.value(), sent.message); });
  } else if (auto* broadcast = std::get_if<effect::Broadcast>(&any)) {
    gate(replica, broadcast->after, [this, replica, sent = *broadcast] {
      for (uint32_t to = 0; to < size(); ++to) {
        if (to != replica) transmit(replica, to, sent.message);
      }
    });
  } else if (auto* set = std::get_if<effect::SetTimer>(&any)) {
    self.timers[set->timer.value()] = set->deadline;
    const TimerId timer = set->timer;
    const TimePoint deadline = set->deadline;
    schedule(std::max(deadline - now_, Duration::zero()), replica,
             [this, replica, timer, deadline] {
               auto& timers = replicas_[replica].timers;
               const auto found = timers.find(timer.value());
               if (found == timers.end() || found->second != deadline) return;
               timers.erase(found);
               input(replica, input::TimerFired{timer});
             });
  } else if (auto* cancel = std::get_if<effect::CancelTimer>(&any)) {
    self.timers.erase(cancel->timer.value());
  } else if (auto* verify = std::get_if<effect::Verify>(&any)) {
    ++totals_.verifications;
    const Message& message = *verify->message;
    const bool valid = verifies({message.statement(ChainId(7)), message.sender, message.signature});
    answer(replica, input::Verified{verify->token, valid, verify->message});
  } else if (auto* claims = std::get_if<effect::VerifyClaims>(&any)) {
    totals_.verifications += claims->claims->claims.size();
    const auto& list = claims->claims->claims;
    const bool valid = std::all_of(list.begin(), list.end(),
                                   [&](const SignedStatement& claim) { return verifies(claim); });
    answer(replica, input::Verified{claims->token, valid, {}});
  } else if (auto* payloads = std::get_if<effect::VerifyPayloads>(&any)) {
    answer(replica, input::Verified{payloads->token, true, {}});
  } else if (auto* sign = std::get_if<effect::Sign>(&any)) {
    ++totals_.signatures;
    answer(replica, input::Signed{sign->token, self.signer->sign(sign->statement)});
  } else if (auto* execute = std::get_if<effect::Execute>(&any)) {
    on_execute(replica, *execute);
  } else if (auto* commit = std::get_if<effect::Commit>(&any)) {
    on_commit(replica, *commit);
  } else if (auto* truncate = std::get_if<effect::Truncate>(&any)) {
    gate(replica, truncate->after, [this, replica, cut = *truncate] { on_truncate(replica, cut); });
  } else if (auto* load = std::get_if<effect::Load>(&any)) {
    input::Loaded loaded;
    loaded.token = load->token;
    if (load->first > self.store_base) {
      const uint64_t index = load->first.value() - self.store_base.value() - 1;
      for (uint64_t i = index; i < self.store.size() && loaded.blocks.size() < load->count; ++i) {
        loaded.blocks.push_back(self.store[i]);
      }
    }
    answer(replica, std::move(loaded));
  } else if (auto* stable = std::get_if<effect::CheckpointStable>(&any)) {
    if (stable->checkpoint.height > self.checkpoint.height) self.checkpoint = stable->checkpoint;
    const auto root = roots_.find(stable->checkpoint.height);
    if (root != roots_.end() && root->second != stable->checkpoint.state_root) {
      violate("a stable checkpoint names a state that nobody has");
    }
  } else if (auto* fetch = std::get_if<effect::FetchState>(&any)) {
    on_fetch(replica, *fetch);
  } else if (auto* install = std::get_if<effect::InstallSnapshot>(&any)) {
    on_install(replica, *install);
  } else if (auto* evidence = std::get_if<effect::EvidenceFound>(&any)) {
    ++totals_.evidence;
    evidence_.push_back(*evidence);
    if (is_honest(evidence->first.signer.value())) violate("evidence blames the honest");
    if (!verifies(evidence->first) || !verifies(evidence->second)) violate("evidence is forged");
  } else if (auto* ready = std::get_if<effect::ReadReady>(&any)) {
    ++totals_.reads_ready;
    totals_.read_height = ready->height;
  } else if (std::get_if<effect::ReadRefused>(&any) != nullptr) {
    ++totals_.reads_refused;
  } else if (std::get_if<effect::Stopped>(&any) != nullptr) {
    ++totals_.stopped;
  }
}

void Cluster::on_persist(uint32_t replica, const effect::Persist& persist) {
  Replica& self = replicas_[replica];
  ++totals_.persists;
  if (persist.ticket != self.appended.next()) violate("tickets are not consecutive");
  self.appended = persist.ticket;
  self.log.emplace_back(persist.ticket, persist.record);
  const auto most = static_cast<uint64_t>(options_.most_sync.nanoseconds());
  totals_.logged_bytes += persist.record->size().count();
  const Duration sync = options_.fixed_sync +
                        Duration::nanoseconds(static_cast<int64_t>(most == 0 ? 0 : random(most)));
  schedule(sync, replica, [this, replica, ticket = persist.ticket] {
    Replica& synced = replicas_[replica];
    if (ticket <= synced.durable) return;
    synced.durable = ticket;
    std::vector<Gated> waiting = std::move(synced.gated);
    synced.gated.clear();
    for (Gated& gated : waiting) {
      if (gated.after <= synced.durable) {
        gated.act();
      } else {
        synced.gated.push_back(std::move(gated));
      }
    }
    input(replica, input::Persisted{ticket});
  });
}

void Cluster::on_execute(uint32_t replica, const effect::Execute& execute) {
  Replica& self = replicas_[replica];
  const Block& block = *execute.block;
  if (block.height != self.executed.next()) violate("executed out of order");
  self.executed = block.height;
  self.root = hash_pair(HashAlgorithm::kSha256, self.root, block.digest);
  roots_[block.height] = self.root;
  if (execute.take_snapshot) self.snapshots.push_back({self.executed, self.root});
  answer(replica, input::Executed{self.executed, self.root});
}

void Cluster::on_commit(uint32_t replica, const effect::Commit& commit) {
  Replica& self = replicas_[replica];
  const Block& block = *commit.block;
  if (block.height == self.store_base + (self.store.size() + 1)) {
    self.store.push_back({commit.block, commit.certificate});
  } else if (block.height > self.store_base + self.store.size()) {
    violate("committed out of order");
  }
  gate(replica, commit.after, [this, replica, final = commit] { check_commit(replica, final); });
}

// From here on clients may know of it.
void Cluster::check_commit(uint32_t replica, const effect::Commit& commit) {
  if (!is_honest(replica)) return;
  Replica& self = replicas_[replica];
  const Block& block = *commit.block;
  const auto [agreed, fresh] = agreed_.emplace(block.height, block.digest);
  if (agreed->second != block.digest) {
    violate("height " + std::to_string(block.height.value()) + " has two blocks");
  }
  if (fresh) {
    for (const PayloadRef& payload : block.payloads) {
      if (!ordered_.emplace(payload->digest, block.height).second) {
        violate("a payload is ordered twice");
      }
    }
  }
  uint64_t weight = 0;
  const Certificate& certificate = *commit.certificate;
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    if (!verifies({certificate.statement, certificate.signers[i], certificate.signatures[i]})) {
      violate("a commit certificate does not verify");
    }
    weight += membership().find(certificate.signers[i])->weight;
  }
  if (weight < ByzantineQuorum(membership()).quorum()) violate("a commit has no quorum");
  if (certificate.statement.digest != block.digest) violate("a commit is of another block");
  self.committed_at.emplace(block.height, now_);
  self.answered = std::max(self.answered, block.height);
}

void Cluster::on_truncate(uint32_t replica, const effect::Truncate& truncate) {
  Replica& self = replicas_[replica];
  std::erase_if(self.log, [&](const auto& entry) { return entry.first < truncate.before; });
  // Blocks older than the retention go with the log.
  const uint64_t retained = options_.engine.retained_blocks;
  while (self.store.size() > retained &&
         self.store.front().block->height < self.checkpoint.height) {
    self.store.erase(self.store.begin());
    ++self.store_base;
  }
}

void Cluster::on_fetch(uint32_t replica, const effect::FetchState& fetch) {
  bool available = false;
  for (const Replica& other : replicas_) {
    for (const Snapshot& snapshot : other.snapshots) {
      available = available || (other.engine && snapshot.height == fetch.checkpoint.height &&
                                snapshot.root == fetch.checkpoint.state_root);
    }
  }
  answer(replica, input::SnapshotFetched{fetch.checkpoint.height, available});
}

void Cluster::on_install(uint32_t replica, const effect::InstallSnapshot& install) {
  Replica& self = replicas_[replica];
  self.executed = install.checkpoint.height;
  self.root = install.checkpoint.state_root;
  self.snapshots.push_back({self.executed, self.root});
  self.store.clear();
  self.store_base = self.executed;
  self.checkpoint = install.checkpoint;
  answer(replica, input::SnapshotInstalled{self.executed, self.root});
}

void Cluster::check_statement(uint32_t replica, const Message& message) {
  if (message.sender.value() != replica || !is_honest(replica)) return;
  Replica& self = replicas_[replica];
  const MessageRole role = role_of(message);
  // Where views count attempts at a height, those of another height are others.
  const bool by_height = traits_of(options_.protocol).view_scope == ViewScope::kHeight;
  View& left = self.left[by_height ? message.height : Height(0)];
  if (role == MessageRole::kLeaderChange) left = std::max(left, message.view);
  const bool vote = is_vote(role);
  if (!vote && role != MessageRole::kCheckpoint) return;
  // Proposal, prepare and commit of one view and height name the same block; in other protocols
  // each is its own.
  const bool together = traits_of(options_.protocol).statement_kind == StatementKind::kAllPhases;
  const uint8_t group = vote && together ? 0 : message.type;
  const auto [known, fresh] = self.signed_statements.emplace(
      std::make_tuple(group, message.view, message.height), message.digest);
  if (known->second != message.digest) {
    violate("replica " + std::to_string(replica) + " contradicts itself in view " +
            std::to_string(message.view.value()) + " at height " +
            std::to_string(message.height.value()));
  }
  if (fresh && vote && message.view < left) violate("votes in a view that it has left");
}

bool Cluster::verifies(const SignedStatement& claim) {
  const Member* member = membership().find(claim.signer);
  return member != nullptr && verifier_->verify(member->key, claim.statement, claim.signature);
}

// Loses what is not durable: the end of the log, and what the store holds beyond the checkpoint.
void Cluster::crash(uint32_t replica) {
  Replica& self = replicas_[replica];
  if (!self.engine) return;
  add(self.past, self.engine->counters());
  self.engine.reset();
  ++self.life;
  self.gated.clear();
  self.timers.clear();
  std::erase_if(self.log, [&](const auto& entry) { return entry.first > self.durable; });
  self.appended = self.durable;
  while (!self.store.empty() && self.store.back().block->height > self.checkpoint.height) {
    self.store.pop_back();
  }
  std::erase_if(self.snapshots,
                [&](const Snapshot& snapshot) { return snapshot.height > self.checkpoint.height; });
}

void Cluster::restart(uint32_t replica) {
  Replica& self = replicas_[replica];
  if (self.engine) return;
  RecoveredState state;
  state.fresh = false;
  for (const auto& [ticket, record] : self.log) {
    // Through the codec, as a real log does.
    std::vector<uint8_t> bytes;
    encode_record(*record, bytes);
    Result<LogRecordRef> decoded = decode_record(HashAlgorithm::kSha256, bytes);
    if (!decoded) violate("a record does not decode: " + decoded.error().message);
    if (decoded && bytes.size() != record->size().count()) violate("a record's size is wrong");
    state.records.push_back(decoded ? *decoded : record);
  }
  state.last_ticket = self.durable;
  state.checkpoint = self.checkpoint;
  self.executed = Height(0);
  self.root = Digest{};
  if (!self.snapshots.empty()) {
    self.executed = self.snapshots.back().height;
    self.root = self.snapshots.back().root;
  }
  state.executed_height = self.executed;
  state.state_root = self.root;
  make_engine(replica, std::move(state));
  if (status(replica).committed < self.answered) {
    violate("replica " + std::to_string(replica) + " forgot what it had answered");
  }
}

bool Cluster::is_committed(uint64_t number) const {
  return ordered_.count(payload_of(number, 16)->digest) != 0;
}

Height Cluster::lowest_committed() const {
  Height lowest(UINT64_MAX);
  for (uint32_t i = 0; i < size(); ++i) {
    if (is_up(i) && is_honest(i)) lowest = std::min(lowest, status(i).committed);
  }
  return lowest;
}

std::optional<TimePoint> Cluster::committed_at(uint32_t replica, Height height) const {
  const auto found = replicas_[replica].committed_at.find(height);
  if (found == replicas_[replica].committed_at.end()) return std::nullopt;
  return found->second;
}

EngineCounters Cluster::counters() const {
  EngineCounters sum;
  for (const Replica& self : replicas_) {
    add(sum, self.past);
    if (self.engine) add(sum, self.engine->counters());
  }
  return sum;
}

}  // namespace govchain::consensus::pbft::testing
