// Cost of an engine alone: replicas in one process hand each other messages from memory; every
// signature is good, every write durable and every block executed at once. What is left is the
// engine: its steps, its effects, its objects. Beside it the same number of messages is handed to
// an engine that drops them; the ratio of one run is what counts, because machines differ.
//
//   engine_bench [PROTOCOL REPLICAS [BLOCKS]]     without arguments: the cases that are published
//
// For counting instructions: run with two numbers of blocks, the difference is the steady state.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "consensus/protocols.h"

namespace govchain::consensus {
namespace {

constexpr uint32_t kTransactionsPerPayload = 100;  // a client's batch under one signature
constexpr uint32_t kPayloadsPerBlock = 10;
constexpr uint64_t kPayloadBytes = 12'800;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Unique, and without bytes: hashing what clients sent is not the engine's work.
PayloadRef make_batch(uint64_t number) {
  Ref<Payload> payload = Ref<Payload>::make();
  payload->digest = {};
  // Spread like a hash: tables are keyed by digests.
  uint64_t state = number;
  for (size_t word = 0; word < 4; ++word) {
    state += 0x9E3779B97F4A7C15U;
    uint64_t mixed = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    std::memcpy(payload->digest.bytes.data() + 8 * word, &mixed, sizeof(mixed));
  }
  payload->size = Bytes(kPayloadBytes);
  payload->transactions = kTransactionsPerPayload;
  payload->bytes.clear();
  return PayloadRef(std::move(payload));
}

// Drops everything.
class IdleEngine final : public Engine {
 public:
  void step(TimePoint /*now*/, std::span<const Input> inputs, EffectSink& /*sink*/) override {
    counters_.accepted += inputs.size();
  }
  [[nodiscard]] Bytes credit() const override { return Bytes(0); }
  [[nodiscard]] EngineStatus status() const override { return {}; }
  [[nodiscard]] const EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override {
    return std::make_unique<IdleEngine>(*this);
  }
  [[nodiscard]] Digest fingerprint() const override { return {}; }
  [[nodiscard]] Bytes memory() const override { return Bytes(0); }

 private:
  EngineCounters counters_;
};

// The replicas and what is under way between them.
class Loopback {
 public:
  Loopback(const ProtocolTraits& protocol, uint32_t replicas) {
    EngineConfig config;
    config.chain = ChainId(1);
    for (uint32_t i = 0; i < replicas; ++i) {
      Member member;
      member.id = ReplicaId(i);
      config.genesis.members.push_back(member);
    }
    config.batch_delay = Duration::zero();
    config.max_block_transactions = kTransactionsPerPayload * kPayloadsPerBlock;
    config.max_block_bytes = Bytes(kPayloadBytes * kPayloadsPerBlock);
    config.mempool_limit = Bytes(64U << 20U);
    config.base_timeout = Duration::seconds(10);
    replicas_.resize(replicas);
    for (uint32_t i = 0; i < replicas; ++i) {
      config.self = ReplicaId(i);
      config.seed = i + 1;
      replicas_[i].engine = protocol.make(config, ProtocolSettings{}, RecoveredState{});
      step(i, {});
    }
  }

  // Until replica 0 has committed so many blocks more.
  void run(uint64_t blocks) {
    const uint64_t goal = committed_ + blocks;
    while (committed_ < goal) {
      feed();
      if (deliver_one()) continue;
      fire_next_timer();
    }
  }
  [[nodiscard]] uint64_t delivered() const { return delivered_; }
  [[nodiscard]] uint64_t transactions() const { return transactions_; }

 private:
  struct Flight {
    uint32_t from = 0;
    uint32_t to = 0;
    MessageRef message;
  };
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::vector<Input> answers;
    std::optional<TimePoint> timers[32];
  };

  // Keeps two blocks' worth waiting at whoever leads.
  void feed() {
    const EngineStatus status = replicas_[0].engine->status();
    const uint32_t leader = status.leader_known ? status.leader.value() : 0;
    const uint64_t ahead = uint64_t{kPayloadsPerBlock} * 16;
    if (proposed_ >= ordered_ + ahead) return;
    for (uint32_t i = 0; i < kPayloadsPerBlock; ++i) {
      give(leader, input::Propose{make_batch(++proposed_)});
    }
  }

  bool deliver_one() {
    if (flights_.empty()) return false;
    Flight flight = std::move(flights_.front());
    flights_.pop_front();
    ++delivered_;
    give(flight.to, input::MessageReceived{ReplicaId(flight.from), std::move(flight.message)});
    return true;
  }

  void fire_next_timer() {
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
    if (earliest == TimePoint::max()) {
      std::fputs("nothing is under way\n", stderr);
      std::exit(1);
    }
    now_ = std::max(now_, earliest);
    replicas_[replica].timers[timer].reset();
    give(replica, input::TimerFired{TimerId(timer)});
  }

  void give(uint32_t replica, Input input) {
    step(replica, std::span(&input, 1));
    // Answers cause effects that have answers.
    while (!replicas_[replica].answers.empty()) {
      std::swap(batch_, replicas_[replica].answers);
      step(replica, batch_);
      batch_.clear();
    }
  }

  void step(uint32_t replica, std::span<const Input> inputs) {
    sink_.clear();
    replicas_[replica].engine->step(now_, inputs, sink_);
    for (Effect& effect : sink_.effects()) {
      std::visit([&](auto& one) { carry_out(replica, one); }, effect);
    }
  }

  void answer(uint32_t replica, Input input) {
    replicas_[replica].answers.push_back(std::move(input));
  }
  void carry_out(uint32_t replica, effect::Persist& persist) {
    answer(replica, input::Persisted{persist.ticket});
  }
  void carry_out(uint32_t replica, effect::Send& send) {
    flights_.push_back({replica, send.to.value(), send.message});
  }
  void carry_out(uint32_t replica, effect::Broadcast& broadcast) {
    for (uint32_t to = 0; to < replicas_.size(); ++to) {
      if (to != replica) flights_.push_back({replica, to, broadcast.message});
    }
  }
  void carry_out(uint32_t replica, effect::Verify& verify) {
    answer(replica, input::Verified{verify.token, true, verify.message});
  }
  void carry_out(uint32_t replica, effect::VerifyClaims& verify) {
    answer(replica, input::Verified{verify.token, true, {}});
  }
  void carry_out(uint32_t replica, effect::VerifyPayloads& verify) {
    answer(replica, input::Verified{verify.token, true, {}});
  }
  void carry_out(uint32_t replica, effect::Sign& sign) {
    answer(replica, input::Signed{sign.token, Signature{}});
  }
  void carry_out(uint32_t replica, effect::Execute& execute) {
    answer(replica, input::Executed{execute.block->height, execute.block->digest});
  }
  void carry_out(uint32_t replica, effect::Commit& commit) {
    if (replica != 0) return;
    ++committed_;
    ordered_ += commit.block->payloads.size();
    transactions_ += commit.block->transactions();
  }
  void carry_out(uint32_t replica, effect::Load& load) {
    answer(replica, input::Loaded{load.token, {}});
  }
  void carry_out(uint32_t replica, effect::SetTimer& set) {
    replicas_[replica].timers[set.timer.value()] = set.deadline;
  }
  void carry_out(uint32_t replica, effect::CancelTimer& cancel) {
    replicas_[replica].timers[cancel.timer.value()].reset();
  }
  template <typename Other>
  void carry_out(uint32_t /*replica*/, Other& /*effect*/) {}

  std::vector<Replica> replicas_;
  std::deque<Flight> flights_;
  std::vector<Input> batch_;
  EffectSink sink_;
  TimePoint now_;
  uint64_t proposed_ = 0;
  uint64_t ordered_ = 0;
  uint64_t committed_ = 0;
  uint64_t delivered_ = 0;
  uint64_t transactions_ = 0;
};

// The same messages' worth of handing over, without an engine.
double idle_seconds(uint64_t messages, uint32_t replicas) {
  std::vector<std::unique_ptr<Engine>> engines;
  for (uint32_t i = 0; i < replicas; ++i) engines.push_back(std::make_unique<IdleEngine>());
  std::deque<std::pair<uint32_t, MessageRef>> flights;
  EffectSink sink;
  const double start = cpu_seconds();
  for (uint64_t sent = 0; sent < messages;) {
    const MessageRef message(Ref<Message>::make());
    for (uint32_t to = 1; to < replicas && sent < messages; ++to, ++sent) {
      flights.emplace_back(to, message);
    }
    while (!flights.empty()) {
      const Input input = input::MessageReceived{ReplicaId(0), std::move(flights.front().second)};
      engines[flights.front().first]->step({}, std::span(&input, 1), sink);
      flights.pop_front();
    }
  }
  return cpu_seconds() - start;
}

void measure(const ProtocolTraits& protocol, uint32_t replicas, uint64_t blocks) {
  Loopback chain(protocol, replicas);
  chain.run(blocks / 4 + 64);  // tables have grown, leaders are elected
  const uint64_t delivered = chain.delivered();
  const uint64_t transactions = chain.transactions();
  const double start = cpu_seconds();
  chain.run(blocks);
  const double seconds = cpu_seconds() - start;
  const auto messages = static_cast<double>(chain.delivered() - delivered);
  const auto ordered = static_cast<double>(chain.transactions() - transactions);
  const double idle = idle_seconds(chain.delivered() - delivered, replicas);
  std::printf(
      "%-11s n = %-3u %7.0f ns a message %7.1f messages a block %8.1f us a block %6.2f M "
      "transactions a second of one core; %.1f times handing them over\n",
      std::string(protocol.name).c_str(), replicas, seconds / messages * 1e9,
      messages / static_cast<double>(blocks), seconds / static_cast<double>(blocks) * 1e6,
      ordered / seconds / 1e6, seconds / idle);
}

int run(int argc, char** argv) {
  if (argc == 1) {
    struct Case {
      const char* protocol;
      uint32_t replicas;
      uint64_t blocks;
    };
    constexpr Case kCases[] = {{"raft", 5, 20'000},    {"pbft", 4, 10'000},
                               {"pbft", 64, 200},      {"tendermint", 4, 10'000},
                               {"qbft", 4, 10'000},    {"hotstuff", 4, 10'000},
                               {"hotstuff", 64, 2'000}};
    for (const Case& one : kCases) {
      const ProtocolTraits* const protocol = find_protocol(std::string_view(one.protocol));
      if (protocol != nullptr) measure(*protocol, one.replicas, one.blocks);
    }
    return 0;
  }
  const ProtocolTraits* const protocol = find_protocol(std::string_view(argv[1]));
  const uint32_t replicas =
      argc > 2 ? static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 0;
  const uint64_t blocks = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1'000;
  if (protocol == nullptr || replicas == 0 || blocks == 0) {
    std::fputs("usage: engine_bench [PROTOCOL REPLICAS [BLOCKS]]\n", stderr);
    return 2;
  }
  measure(*protocol, replicas, blocks);
  return 0;
}

}  // namespace
}  // namespace govchain::consensus

int main(int argc, char** argv) { return govchain::consensus::run(argc, argv); }
