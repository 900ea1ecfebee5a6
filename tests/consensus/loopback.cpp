#include "tests/consensus/loopback.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include "consensus/assert.h"

namespace govchain::consensus::testing {
namespace {

// Unique, and without bytes: hashing what clients sent is not the engine's work.
PayloadRef make_batch(uint64_t number, const LoopbackOptions& load) {
  Ref<Payload> payload = Ref<Payload>::make();
  // Spread like a hash (SplitMix64): tables are keyed by digests.
  uint64_t state = number * 4;
  for (size_t word = 0; word < 4; ++word) {
    state += 0x9E3779B97F4A7C15U;
    uint64_t mixed = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    mixed ^= mixed >> 31U;
    for (size_t byte = 0; byte < 8; ++byte) {
      payload->digest.bytes[8 * word + byte] = static_cast<uint8_t>(mixed >> (8 * byte));
    }
  }
  payload->size = load.payload_bytes;
  payload->transactions = load.transactions_per_payload;
  payload->bytes.clear();
  return PayloadRef(std::move(payload));
}

// Blocks that a restarted replica still has, at least those since the checkpoint before the newest.
constexpr size_t kStoredBlocks = 256;
// Of the engines' time without a decision; then the chain stands still.
constexpr Duration kPatience = Duration::seconds(600);

}  // namespace

EngineConfig Loopback::usual_config() {
  EngineConfig config;
  config.chain = ChainId(1);
  config.base_timeout = Duration::seconds(10);
  return config;
}

Loopback::Loopback(const ProtocolTraits& protocol, uint32_t replicas,
                   const LoopbackOptions& options, EngineConfig config,
                   const ProtocolSettings& settings, StepObserver* observer)
    : protocol_(protocol),
      options_(options),
      config_(std::move(config)),
      settings_(settings),
      observer_(observer),
      replicas_(replicas) {
  GOVCHAIN_ASSERT(replicas > 0);
  for (uint32_t i = 0; i < replicas; ++i) {
    const bool witness = i + options.witnesses >= replicas;
    config_.genesis.members.push_back(
        Member{ReplicaId(i), 1, {}, witness ? MemberRole::kWitness : MemberRole::kFull});
  }
  config_.batch_delay = Duration::seconds(1);
  config_.max_block_transactions = options.transactions_per_payload * options.payloads_per_block;
  config_.max_block_bytes = options.payload_bytes * options.payloads_per_block;
  config_.mempool_limit = std::max(config_.mempool_limit,
                                   options.payload_bytes * (uint64_t{4} * options.payloads_ahead));
  for (uint32_t i = 0; i < replicas; ++i) make_engine(i, RecoveredState{});
}

void Loopback::make_engine(uint32_t replica, RecoveredState recovered) {
  config_.self = ReplicaId(replica);
  config_.seed = replica + 1;
  replicas_[replica].engine = protocol_.make(config_, settings_, std::move(recovered));
  give(replica, {});
}

bool Loopback::run(uint64_t blocks) {
  const uint64_t goal = committed_ + blocks;
  uint64_t before = committed_;
  TimePoint latest = now_ + kPatience;
  while (committed_ < goal) {
    feed();
    if (!deliver_one() && !fire_next_timer(latest)) return false;
    if (committed_ == before) continue;
    before = committed_;
    latest = now_ + kPatience;
  }
  return true;
}

void Loopback::run_for(Duration duration) {
  const TimePoint end = now_ + duration;
  while (deliver_one() || fire_next_timer(end)) {
  }
  now_ = end;
}

PayloadRef Loopback::make_payload() { return make_batch(++proposed_, options_); }

void Loopback::cut_off(uint32_t replica) {
  replicas_[replica].cut_off = true;
  given_up_ = proposed_ - ordered_;
}

void Loopback::join(uint32_t replica) {
  replicas_[replica].cut_off = false;
  for (uint32_t peer = 0; peer < replicas_.size(); ++peer) {
    if (peer == replica) continue;
    const Input there = input::PeerUp{ReplicaId(replica)};
    give(peer, std::span(&there, 1));
    const Input here = input::PeerUp{ReplicaId(peer)};
    give(replica, std::span(&here, 1));
  }
}

void Loopback::restart(uint32_t replica) {
  GOVCHAIN_ASSERT(options_.keeps_storage);
  Replica& one = replicas_[replica];
  RecoveredState recovered;
  for (const auto& logged : one.log) recovered.records.push_back(logged.second);
  recovered.last_ticket = one.last_ticket;
  recovered.checkpoint = one.checkpoint;
  for (const StoredBlock& stored : one.blocks) {
    if (stored.block->height > one.executed) recovered.blocks.push_back(stored);
  }
  recovered.executed_height = one.executed;
  recovered.state_root = one.root;
  recovered.fresh = false;
  for (std::optional<TimePoint>& timer : one.timers) timer.reset();
  one.answers.clear();
  given_up_ = proposed_ - ordered_;
  make_engine(replica, std::move(recovered));
}

uint32_t Loopback::observed() const {
  for (uint32_t i = 0; i < replicas_.size(); ++i) {
    if (!replicas_[i].cut_off) return i;
  }
  return 0;
}

// Keeps so much waiting at whoever leads.
void Loopback::feed() {
  if (proposed_ >= ordered_ + given_up_ + options_.payloads_ahead) return;
  const EngineStatus status = replicas_[observed()].engine->status();
  uint32_t leader = status.leader_known ? status.leader.value() : observed();
  if (replicas_[leader].cut_off) leader = observed();
  proposals_.clear();
  for (uint32_t i = 0; i < options_.payloads_per_block; ++i) {
    proposals_.emplace_back(input::Propose{make_batch(++proposed_, options_)});
  }
  give(leader, proposals_);
  proposals_.clear();
}

bool Loopback::deliver_one() {
  if (flights_.empty()) return false;
  const Flight flight = std::move(flights_.front());
  flights_.pop_front();
  ++delivered_;
  const Input input = input::MessageReceived{ReplicaId(flight.from), flight.message};
  give(flight.to, std::span(&input, 1));
  return true;
}

bool Loopback::fire_next_timer(TimePoint latest) {
  uint32_t replica = 0;
  uint64_t timer = 0;
  TimePoint earliest = TimePoint::max();
  for (uint32_t i = 0; i < replicas_.size(); ++i) {
    for (uint64_t id = 0; id < std::size(replicas_[i].timers); ++id) {
      const std::optional<TimePoint>& set = replicas_[i].timers[id];
      if (!set || *set >= earliest) continue;
      earliest = *set;
      replica = i;
      timer = id;
    }
  }
  if (earliest == TimePoint::max() || earliest > latest) return false;
  now_ = std::max(now_, earliest);
  replicas_[replica].timers[timer].reset();
  const Input input = input::TimerFired{TimerId(timer)};
  give(replica, std::span(&input, 1));
  return true;
}

void Loopback::give(uint32_t replica, std::span<const Input> inputs) {
  step(replica, inputs);
  // Answers cause effects that have answers.
  while (!replicas_[replica].answers.empty()) {
    std::swap(batch_, replicas_[replica].answers);
    step(replica, batch_);
    batch_.clear();
  }
}

void Loopback::step(uint32_t replica, std::span<const Input> inputs) {
  sink_.clear();
  if (observer_ != nullptr) observer_->before_step(replica);
  replicas_[replica].engine->step(now_, inputs, sink_);
  if (observer_ != nullptr) observer_->after_step(replica, std::as_const(sink_).effects());
  for (Effect& effect : sink_.effects()) {
    std::visit([&](auto& one) { carry_out(replica, one); }, effect);
  }
}

void Loopback::put_under_way(uint32_t from, uint32_t to, const MessageRef& message) {
  if (replicas_[from].cut_off || replicas_[to].cut_off) return;
  if (filter_ && !filter_(from, to, *message)) return;
  flights_.push_back({from, to, message});
}

void Loopback::carry_out(uint32_t replica, effect::Persist& persist) {
  if (options_.keeps_storage) {
    replicas_[replica].log.emplace_back(persist.ticket, std::move(persist.record));
    replicas_[replica].last_ticket = persist.ticket;
  }
  answer(replica, input::Persisted{persist.ticket});
}
void Loopback::carry_out(uint32_t replica, effect::Truncate& truncate) {
  auto& log = replicas_[replica].log;
  while (!log.empty() && log.front().first < truncate.before) log.pop_front();
}
void Loopback::carry_out(uint32_t replica, effect::Load& load) {
  input::Loaded loaded{load.token, {}};
  for (const StoredBlock& stored : replicas_[replica].blocks) {
    const Height next = load.first + loaded.blocks.size();
    if (stored.block->height == next && loaded.blocks.size() < load.count) {
      loaded.blocks.push_back(stored);
    }
  }
  answer(replica, std::move(loaded));
}
void Loopback::carry_out(uint32_t replica, effect::Send& send) {
  put_under_way(replica, send.to.value(), send.message);
}
void Loopback::carry_out(uint32_t replica, effect::Broadcast& broadcast) {
  for (uint32_t to = 0; to < replicas_.size(); ++to) {
    if (to != replica) put_under_way(replica, to, broadcast.message);
  }
}
void Loopback::carry_out(uint32_t replica, effect::SetTimer& set) {
  replicas_[replica].timers[set.timer.value()] = set.deadline;
}
void Loopback::carry_out(uint32_t replica, effect::CancelTimer& cancel) {
  replicas_[replica].timers[cancel.timer.value()].reset();
}
void Loopback::carry_out(uint32_t replica, effect::Verify& verify) {
  answer(replica, input::Verified{verify.token, true, verify.message});
}
void Loopback::carry_out(uint32_t replica, effect::VerifyClaims& verify) {
  answer(replica, input::Verified{verify.token, true, {}});
}
void Loopback::carry_out(uint32_t replica, effect::VerifyPayloads& verify) {
  answer(replica, input::Verified{verify.token, true, {}});
}
void Loopback::carry_out(uint32_t replica, effect::Sign& sign) {
  answer(replica, input::Signed{sign.token, Signature{}});
}
// The state is the last block's digest.
void Loopback::carry_out(uint32_t replica, effect::Execute& execute) {
  replicas_[replica].executed = execute.block->height;
  replicas_[replica].root = execute.block->digest;
  answer(replica, input::Executed{execute.block->height, execute.block->digest});
}
void Loopback::carry_out(uint32_t replica, effect::Commit& commit) {
  if (options_.keeps_storage) {
    auto& blocks = replicas_[replica].blocks;
    if (blocks.size() == kStoredBlocks) blocks.pop_front();
    blocks.push_back(StoredBlock{commit.block, commit.certificate});
  }
  if (replica != observed() || commit.block->height <= counted_) return;
  counted_ = commit.block->height;
  ++committed_;
  ordered_ += commit.block->payloads.size();
  transactions_ += commit.block->transactions();
}
void Loopback::carry_out(uint32_t replica, effect::CheckpointStable& stable) {
  replicas_[replica].checkpoint = stable.checkpoint;
}
void Loopback::carry_out(uint32_t replica, effect::FetchState& fetch) {
  answer(replica, input::SnapshotFetched{fetch.checkpoint.height, true});
}
void Loopback::carry_out(uint32_t replica, effect::InstallSnapshot& install) {
  Replica& one = replicas_[replica];
  one.blocks.clear();
  one.executed = install.checkpoint.height;
  one.root = install.checkpoint.state_root;
  answer(replica,
         input::SnapshotInstalled{install.checkpoint.height, install.checkpoint.state_root});
}

}  // namespace govchain::consensus::testing
