// Engines alone: all replicas of a chain on one core, messages handed from memory, every effect
// answered at once, signatures modelled. What is left is the protocol's own work.
//
//   engine_bench [scale] [--require-entries PER_SECOND]     exit 1 if the first case is below
//
// Prints per case nanoseconds per message and transactions per second that are committed and
// executed at every replica. Machines differ and are busy, so each case also says how many of its
// messages fit into the time of one SHA-256 of a kilobyte, taken in the same run.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/pbft/engine.h"
#include "consensus/raft/engine.h"

namespace govchain::consensus {
namespace {

constexpr ChainId kChain{1};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct BenchCase {
  const char* name;
  Protocol protocol;
  uint32_t replicas;
  uint32_t block_transactions;
  uint32_t payload_transactions;  // a client's own batch
  uint32_t blocks;
};

class Chain {
 public:
  explicit Chain(const BenchCase& settings) : settings_(settings), replicas_(settings.replicas) {
    EngineConfig config;
    config.chain = kChain;
    config.batch_delay = Duration::zero();
    config.max_block_transactions = settings.block_transactions;
    config.mempool_limit = Bytes(1U << 30U);
    for (uint32_t i = 0; i < settings.replicas; ++i) {
      replicas_[i].signer = make_signer(SignatureScheme::kModelled, 1, kChain, ReplicaId(i));
      config.genesis.members.push_back(Member{ReplicaId(i), 1, replicas_[i].signer->public_key()});
    }
    for (uint32_t i = 0; i < settings.replicas; ++i) {
      config.self = ReplicaId(i);
      config.seed = i;
      replicas_[i].engine = settings.protocol == Protocol::kRaft
                                ? raft::make_raft(config, {}, RecoveredState{})
                                : pbft::make_pbft(config, {}, RecoveredState{});
    }
    settle();
    if (settings.protocol == Protocol::kRaft) elect();
  }

  void propose(const PayloadRef& payload) { give(0, input::Propose{payload}); }

  // Until nobody has anything to do.
  void settle() {
    bool busy = true;
    for (bool first = true; busy || first; first = false) {
      busy = false;
      for (uint32_t i = 0; i < replicas_.size(); ++i) busy = step(i) || busy;
    }
  }

  [[nodiscard]] uint64_t messages() const { return messages_; }
  [[nodiscard]] Height executed_everywhere() const {
    Height lowest = replicas_.front().engine->status().executed;
    for (const Replica& replica : replicas_) {
      lowest = std::min(lowest, replica.engine->status().executed);
    }
    return lowest;
  }

 private:
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Signer> signer;
    EffectSink sink;
    std::vector<Input> next;
    std::vector<Input> taken;
    bool started = false;
  };

  void elect() {
    now_ += Duration::seconds(5);
    give(0, input::TimerFired{TimerId(1)});
    settle();
    if (replicas_.front().engine->status().is_leader) return;
    std::fprintf(stderr, "engine_bench: nobody leads\n");
    std::exit(1);
  }

  void give(uint32_t to, Input input) { replicas_[to].next.push_back(std::move(input)); }

  bool step(uint32_t index) {
    Replica& replica = replicas_[index];
    if (replica.next.empty() && replica.started) return false;
    replica.started = true;
    replica.taken.swap(replica.next);
    replica.engine->step(now_, replica.taken, replica.sink);
    replica.taken.clear();
    for (Effect& effect : replica.sink.effects()) {
      std::visit([&](auto& one) { on(index, one); }, effect);
    }
    replica.sink.clear();
    return true;
  }

  void hand_over(uint32_t from, uint32_t to, const MessageRef& message) {
    ++messages_;
    give(to, input::MessageReceived{ReplicaId(from), message});
  }
  void on(uint32_t self, effect::Persist& effect) { give(self, input::Persisted{effect.ticket}); }
  void on(uint32_t self, effect::Send& effect) {
    hand_over(self, effect.to.value(), effect.message);
  }
  void on(uint32_t self, effect::Broadcast& effect) {
    for (uint32_t to = 0; to < replicas_.size(); ++to) {
      if (to != self) hand_over(self, to, effect.message);
    }
  }
  void on(uint32_t self, effect::Verify& effect) {
    give(self, input::Verified{effect.token, true, std::move(effect.message)});
  }
  void on(uint32_t self, effect::VerifyClaims& effect) {
    give(self, input::Verified{effect.token, true, {}});
  }
  void on(uint32_t self, effect::VerifyPayloads& effect) {
    give(self, input::Verified{effect.token, true, {}});
  }
  void on(uint32_t self, effect::Sign& effect) {
    give(self, input::Signed{effect.token, replicas_[self].signer->sign(effect.statement)});
  }
  void on(uint32_t self, effect::Execute& effect) {
    give(self, input::Executed{effect.block->height, effect.block->digest});
  }
  template <typename Other>
  void on(uint32_t /*self*/, Other& /*effect*/) {}  // nothing here depends on it

  BenchCase settings_;
  std::vector<Replica> replicas_;
  TimePoint now_;
  uint64_t messages_ = 0;
};

std::vector<PayloadRef> make_payloads(const BenchCase& settings) {
  const uint64_t count =
      uint64_t{settings.blocks} * settings.block_transactions / settings.payload_transactions;
  std::vector<PayloadRef> payloads;
  payloads.reserve(count);
  std::vector<uint8_t> bytes(64);
  for (uint64_t number = 0; number < count; ++number) {
    std::memcpy(bytes.data(), &number, sizeof number);
    payloads.push_back(make_payload(HashAlgorithm::kSha256, bytes, settings.payload_transactions));
  }
  return payloads;
}

double hash_seconds() {
  constexpr int kHashes = 20'000;
  std::vector<uint8_t> kilobyte(1'024);
  const double start = cpu_seconds();
  for (int i = 0; i < kHashes; ++i) {
    const Digest digest = hash(HashAlgorithm::kSha256, kilobyte);
    std::memcpy(kilobyte.data(), &digest, sizeof digest);
  }
  return (cpu_seconds() - start) / kHashes;
}

// Transactions per second.
double measure(const BenchCase& settings, double hash_time) {
  double best = 1e9;
  uint64_t messages = 0;
  // The best of three: other programs on the machine only ever make it slower.
  for (int repetition = 0; repetition < 3; ++repetition) {
    Chain chain(settings);
    const std::vector<PayloadRef> payloads = make_payloads(settings);
    const Height before = chain.executed_everywhere();
    const uint64_t messages_before = chain.messages();
    const size_t per_block = settings.block_transactions / settings.payload_transactions;
    const double start = cpu_seconds();
    for (size_t first = 0; first < payloads.size(); first += per_block) {
      for (size_t i = first; i < first + per_block; ++i) chain.propose(payloads[i]);
      chain.settle();
    }
    best = std::min(best, cpu_seconds() - start);
    messages = chain.messages() - messages_before;
    if (chain.executed_everywhere() < before + settings.blocks) {
      std::fprintf(stderr, "engine_bench: %s did not order everything\n", settings.name);
      std::exit(1);
    }
  }
  const double transactions = double{1} * settings.blocks * settings.block_transactions;
  const double each = best / static_cast<double>(messages);
  std::printf("%-35s %8.0f ns per message %7.2f M transactions/s %7.2f messages per hash\n",
              settings.name, each * 1e9, transactions / best * 1e-6, hash_time / each);
  return transactions / best;
}

int run(int argc, char** argv) {
  uint32_t scale = 1;
  double required = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--require-entries") == 0 && i + 1 < argc) {
      required = std::strtod(argv[++i], nullptr);
    } else {
      scale = static_cast<uint32_t>(std::max(1L, std::strtol(argv[i], nullptr, 10)));
    }
  }
  const double hash_time = hash_seconds();
  std::printf("SHA-256 of a kilobyte: %.0f ns\n", hash_time * 1e9);
  const double entries = measure(
      {"raft n=5, 1000 in clients' hundreds", Protocol::kRaft, 5, 1'000, 100, 2'000 * scale},
      hash_time);
  measure({"raft n=5, 1000 in clients' tens", Protocol::kRaft, 5, 1'000, 10, 500 * scale},
          hash_time);
  measure({"raft n=5, 1000 one by one", Protocol::kRaft, 5, 1'000, 1, 100 * scale}, hash_time);
  measure({"raft n=5, 1 a block", Protocol::kRaft, 5, 1, 1, 20'000 * scale}, hash_time);
  measure({"pbft n=4, 1000 in clients' tens", Protocol::kPbft, 4, 1'000, 10, 500 * scale},
          hash_time);
  measure({"pbft n=4, 1 a block", Protocol::kPbft, 4, 1, 1, 5'000 * scale}, hash_time);
  measure({"pbft n=64, 1 a block", Protocol::kPbft, 64, 1, 1, 50 * scale}, hash_time);
  return entries < required ? 1 : 0;
}

}  // namespace
}  // namespace govchain::consensus

int main(int argc, char** argv) { return govchain::consensus::run(argc, argv); }
