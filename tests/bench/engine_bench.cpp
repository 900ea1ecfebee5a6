// Cost of an engine alone: replicas in one process hand each other messages from memory
// (tests/consensus/loopback.h). README.md says what is counted. Beside it the same number of
// messages is handed to an engine that drops them; the ratio of one run is what counts, because
// machines differ.
//
//   engine_bench                                  the cases that are published
//   engine_bench PROTOCOL REPLICAS [BLOCKS [PAYLOADS_PER_BLOCK [ENTRIES_PER_PAYLOAD]]]
//   engine_bench --count list                     the cases whose instructions are counted
//   engine_bench --count CASE                     that work, of which counted_blocks() is counted

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "consensus/engine.h"
#include "consensus/protocols.h"
#include "tests/consensus/loopback.h"

namespace govchain::consensus {
namespace {

using testing::Loopback;
using testing::LoopbackOptions;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
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

struct Work {
  std::string_view protocol;
  uint32_t replicas;
  uint64_t blocks;
  uint32_t payloads_per_block = 1;
  uint32_t entries_per_payload = 100;
};

// What is published. Entries alone, each a payload of its own, cost each replica a place in its
// tables; clients' batches share one.
constexpr Work kPublished[] = {
    {"raft", 5, 20'000}, {"raft", 5, 5'000, 10},  {"raft", 5, 1'000, 1'000, 1},
    {"pbft", 4, 10'000}, {"pbft", 64, 200},       {"tendermint", 4, 10'000},
    {"qbft", 4, 10'000}, {"hotstuff", 4, 10'000}, {"hotstuff", 64, 2'000},
};

LoopbackOptions options_of(const Work& work) {
  LoopbackOptions options;
  options.transactions_per_payload = work.entries_per_payload;
  options.payload_bytes = Bytes(uint64_t{128} * work.entries_per_payload);
  options.payloads_per_block = work.payloads_per_block;
  options.payloads_ahead = 16 * work.payloads_per_block;
  return options;
}

void must(bool progress) {
  if (progress) return;
  std::fputs("nothing is under way\n", stderr);
  std::exit(1);
}

void measure(const ProtocolTraits& protocol, const Work& work) {
  Loopback chain(protocol, work.replicas, options_of(work), Loopback::usual_config());
  must(chain.run(work.blocks / 4 + 64));  // tables have grown, leaders are elected
  const uint64_t delivered = chain.delivered();
  const uint64_t entries = chain.transactions();
  const double start = cpu_seconds();
  must(chain.run(work.blocks));
  const double seconds = cpu_seconds() - start;
  const auto messages = static_cast<double>(chain.delivered() - delivered);
  const auto ordered = static_cast<double>(chain.transactions() - entries);
  const auto blocks = static_cast<double>(work.blocks);
  const double idle = idle_seconds(chain.delivered() - delivered, work.replicas);
  std::printf(
      "%-11s n = %-3u %6.0f entries a block in payloads of %-4u %6.0f ns a message %7.1f messages "
      "a block %8.1f us a block %6.2f M entries a second of one core; %.1f times handing over\n",
      std::string(protocol.name).c_str(), work.replicas, ordered / blocks, work.entries_per_payload,
      seconds / messages * 1e9, messages / blocks, seconds / blocks * 1e6, ordered / seconds / 1e6,
      seconds / idle);
}

// --- Instructions

struct CountedWork {
  std::string_view name;
  Work work;  // its blocks are counted, after as many that are not
  uint64_t checkpoint_interval;
};

// Small, because valgrind runs fifty times slower; each holds at least one checkpoint.
constexpr CountedWork kCounted[] = {
    {"pbft-4", {"pbft", 4, 128, 10}, 64},
    {"pbft-64", {"pbft", 64, 8, 10}, 8},
    {"tendermint-4", {"tendermint", 4, 128, 10}, 64},
    {"qbft-4", {"qbft", 4, 128, 10}, 64},
    {"hotstuff-4", {"hotstuff", 4, 128, 10}, 64},
    {"hotstuff-64", {"hotstuff", 64, 32, 10}, 16},
    {"raft-5-batches", {"raft", 5, 256, 10}, 64},
};

}  // namespace

// Known to tests/bench/gate by this name.
__attribute__((noinline)) bool counted_blocks(testing::Loopback& chain, uint64_t blocks) {
  return chain.run(blocks);
}

namespace {

int count(std::string_view name) {
  for (const CountedWork& one : kCounted) {
    if (name == "list") std::printf("%s\n", std::string(one.name).c_str());
    if (name != one.name) continue;
    EngineConfig config = Loopback::usual_config();
    config.checkpoint_interval = one.checkpoint_interval;
    Loopback chain(*find_protocol(one.work.protocol), one.work.replicas, options_of(one.work),
                   config);
    must(chain.run(one.work.blocks));
    const uint64_t delivered = chain.delivered();
    must(counted_blocks(chain, one.work.blocks));
    std::printf("%llu decisions %llu messages\n", static_cast<unsigned long long>(one.work.blocks),
                static_cast<unsigned long long>(chain.delivered() - delivered));
    return 0;
  }
  return name == "list" ? 0 : 2;
}

uint64_t number(int argc, char** argv, int place, uint64_t otherwise) {
  return argc > place ? std::strtoull(argv[place], nullptr, 10) : otherwise;
}

int run(int argc, char** argv) {
  if (argc == 1) {
    for (const Work& work : kPublished) measure(*find_protocol(work.protocol), work);
    return 0;
  }
  if (argc == 3 && std::string_view(argv[1]) == "--count") return count(argv[2]);
  const ProtocolTraits* const protocol = find_protocol(std::string_view(argv[1]));
  const Work work{argv[1], static_cast<uint32_t>(number(argc, argv, 2, 0)),
                  number(argc, argv, 3, 1'000), static_cast<uint32_t>(number(argc, argv, 4, 1)),
                  static_cast<uint32_t>(number(argc, argv, 5, 100))};
  if (protocol == nullptr || work.replicas == 0 || work.blocks == 0 ||
      work.payloads_per_block == 0 || work.entries_per_payload == 0) {
    std::fputs(
        "usage: engine_bench [PROTOCOL REPLICAS [BLOCKS [PAYLOADS_PER_BLOCK "
        "[ENTRIES_PER_PAYLOAD]]]]\n       engine_bench --count list|CASE\n",
        stderr);
    return 2;
  }
  measure(*protocol, work);
  return 0;
}

}  // namespace
}  // namespace govchain::consensus

int main(int argc, char** argv) { return govchain::consensus::run(argc, argv); }
