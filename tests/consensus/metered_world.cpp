#include "tests/consensus/metered_world.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "consensus/assert.h"
#include "consensus/codec.h"

namespace govchain::consensus::testing {
namespace {

constexpr uint64_t kSeed = 1;
constexpr ChainId kChain(7);

PayloadRef payload_of(uint64_t number) {
  std::array<uint8_t, 16> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(number >> (8U * i));
  return make_payload(HashAlgorithm::kSha256, bytes, 1);
}

}  // namespace

uint64_t Meter::total() const {
  uint64_t sum = 0;
  for (const auto& [name, count] : messages) sum += count;
  return sum;
}

MeteredWorld::MeteredWorld(const ProtocolTraits& protocol, const MeteredOptions& options)
    : protocol_(protocol), options_(options), replicas_(options.replicas) {
  EngineConfig config;
  config.chain = kChain;
  config.batch_delay = Duration::zero();
  config.base_timeout = options.timeout;
  config.max_timeout = options.timeout * 1'000;
  config.checkpoint_interval = options.checkpoint_interval;
  for (uint32_t i = 0; i < size(); ++i) {
    replicas_[i].signer = make_signer(SignatureScheme::kModelled, kSeed, kChain, ReplicaId(i));
    config.genesis.members.push_back(Member{ReplicaId(i), 1, replicas_[i].signer->public_key()});
  }
  // Repetitions are for messages that were lost.
  ProtocolSettings settings = options.settings;
  const Duration never = options.timeout * 1'000;
  settings.pbft.status_interval = settings.pbft.idle_status_interval = never;
  settings.qbft.status_interval = settings.qbft.idle_status_interval = never;
  settings.tendermint.status_interval = settings.tendermint.idle_status_interval = never;
  settings.hotstuff.status_interval = settings.hotstuff.idle_status_interval = never;
  for (uint32_t i = 0; i < size(); ++i) {
    config.self = ReplicaId(i);
    config.seed = kSeed + i;
    replicas_[i].engine = protocol.make(config, settings, RecoveredState{});
    step(i, {});
  }
}

void MeteredWorld::schedule(Duration delay, uint32_t replica, std::function<void()> act) {
  events_[{now_ + delay, sequence_++}] = [this, replica, held = std::move(act)] {
    if (is_up(replica)) held();
  };
}

void MeteredWorld::run_until(TimePoint end) {
  while (!events_.empty() && events_.begin()->first.first <= end) {
    now_ = events_.begin()->first.first;
    const std::function<void()> act = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    act();
  }
  now_ = end;
}

void MeteredWorld::propose(uint32_t replica, uint64_t number) {
  input(replica, input::Propose{payload_of(number)});
}

std::optional<TimePoint> MeteredWorld::committed_at(uint32_t replica, uint64_t number) const {
  const auto& times = replicas_[replica].committed_at;
  const auto found = times.find(payload_of(number)->digest);
  if (found == times.end()) return std::nullopt;
  return found->second;
}

std::optional<TimePoint> MeteredWorld::first_sent(const std::string& name) const {
  const auto found = first_sent_.find(name);
  if (found == first_sent_.end()) return std::nullopt;
  return found->second;
}

void MeteredWorld::input(uint32_t replica, Input input) {
  step(replica, std::span<const Input>(&input, 1));
}

void MeteredWorld::answer(uint32_t replica, Input input) {
  schedule(Duration::zero(), replica,
           [this, replica, held = std::move(input)] { this->input(replica, held); });
}

void MeteredWorld::step(uint32_t replica, std::span<const Input> inputs) {
  EffectSink sink;
  replicas_[replica].engine->step(now_, inputs, sink);
  for (Effect& effect : sink.effects()) {
    std::visit([&](auto& one) { carry_out(replica, one); }, effect);
  }
}

void MeteredWorld::gate(uint32_t replica, Ticket after, std::function<void()> act) {
  if (after <= replicas_[replica].durable) return act();
  replicas_[replica].gated.push_back({after, std::move(act)});
}

void MeteredWorld::note_wait(uint32_t replica, const std::string& what, Ticket after) {
  std::set<uint8_t>& records = waits_[what];
  if (after == Ticket()) return;
  GOVCHAIN_ASSERT(after.value() <= replicas_[replica].log.size());
  records.insert(replicas_[replica].log[after.value() - 1]);
}

void MeteredWorld::transmit(uint32_t from, uint32_t to, const MessageRef& message) {
  const std::string name = name_of(message);
  ++meter_.messages[name];
  meter_.bytes += message->wire_size.count();
  first_sent_.emplace(name, now_);
  if (filter_ && !filter_(*message)) return;
  schedule(options_.delay, to, [this, from, to, message] {
    input(to, input::MessageReceived{ReplicaId(from), message});
  });
}

void MeteredWorld::carry_out(uint32_t replica, effect::Persist& persist) {
  Replica& self = replicas_[replica];
  self.log.push_back(persist.record->type);
  GOVCHAIN_ASSERT(persist.ticket.value() == self.log.size());
  ++meter_.records;
  meter_.logged_bytes += persist.record->size().count();
  schedule(options_.sync, replica, [this, replica, ticket = persist.ticket] {
    Replica& synced = replicas_[replica];
    synced.durable = ticket;
    for (Gated& gated : std::exchange(synced.gated, {})) {
      gate(replica, gated.after, std::move(gated.act));
    }
    input(replica, input::Persisted{ticket});
  });
}

void MeteredWorld::carry_out(uint32_t replica, effect::Send& send) {
  note_wait(replica, name_of(send.message), send.after);
  gate(replica, send.after,
       [this, replica, sent = send] { transmit(replica, sent.to.value(), sent.message); });
}

void MeteredWorld::carry_out(uint32_t replica, effect::Broadcast& broadcast) {
  note_wait(replica, name_of(broadcast.message), broadcast.after);
  gate(replica, broadcast.after, [this, replica, message = broadcast.message] {
    for (uint32_t to = 0; to < size(); ++to) {
      if (to != replica) transmit(replica, to, message);
    }
  });
}

void MeteredWorld::carry_out(uint32_t replica, effect::SetTimer& set) {
  const uint64_t timer = set.timer.value();
  replicas_[replica].timers[timer] = set.deadline;
  schedule(std::max(set.deadline - now_, Duration::zero()), replica,
           [this, replica, timer, deadline = set.deadline] {
             auto& timers = replicas_[replica].timers;
             const auto found = timers.find(timer);
             if (found == timers.end() || found->second != deadline) return;
             timers.erase(found);
             input(replica, input::TimerFired{TimerId(timer)});
           });
}

void MeteredWorld::carry_out(uint32_t replica, effect::CancelTimer& cancel) {
  replicas_[replica].timers.erase(cancel.timer.value());
}

void MeteredWorld::carry_out(uint32_t replica, effect::Verify& verify) {
  ++meter_.verifications;
  answer(replica, input::Verified{verify.token, true, verify.message});
}

void MeteredWorld::carry_out(uint32_t replica, effect::VerifyClaims& verify) {
  meter_.verifications += verify.claims->claims.size();
  answer(replica, input::Verified{verify.token, true, {}});
}

void MeteredWorld::carry_out(uint32_t replica, effect::Sign& sign) {
  ++meter_.signatures;
  answer(replica, input::Signed{sign.token, replicas_[replica].signer->sign(sign.statement)});
}

void MeteredWorld::carry_out(uint32_t replica, effect::Execute& execute) {
  Digest& root = replicas_[replica].root;
  root = hash_pair(HashAlgorithm::kSha256, root, execute.block->digest);
  answer(replica, input::Executed{execute.block->height, root});
}

void MeteredWorld::carry_out(uint32_t replica, effect::Commit& commit) {
  note_wait(replica, kAnswer, commit.after);
  gate(replica, commit.after, [this, replica, block = commit.block] {
    for (const PayloadRef& payload : block->payloads) {
      replicas_[replica].committed_at.emplace(payload->digest, now_);
    }
  });
}

}  // namespace govchain::consensus::testing
