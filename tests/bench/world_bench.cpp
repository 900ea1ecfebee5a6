// Delivered messages per CPU second of a whole world: production engines on modelled cores, disks
// and network, modelled signatures, all checkers on. The world is that of
// scenarios/bench/pbft-128.json: one data centre, 0.25 ms one way with jitter, about one block per
// 50 ms.
//
//   world_bench [protocol] [replicas] [simulated seconds] [--require MESSAGES_PER_SECOND]
//               [--memory MEGABYTES]

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "consensus/protocols.h"
#include "sim/world.h"

namespace govchain::sim {
namespace {

MachineProfile server() {
  MachineProfile profile;
  profile.id = "server";
  profile.cores = 16;
  profile.memory = Bytes(64ULL << 30U);
  profile.nic = Rate::bits_per_second(10'000'000'000);
  profile.costs.message_receive = Duration::microseconds(2);
  profile.costs.message_send = Duration::microseconds(1);
  profile.costs.per_kilobyte_network = Duration::nanoseconds(400);
  profile.costs.sign = Duration::microseconds(15);
  profile.costs.verify = Duration::microseconds(46);
  profile.costs.hash_per_kilobyte = Duration::nanoseconds(700);
  profile.costs.execute_transaction = Duration::microseconds(20);
  profile.costs.admit_transaction = Duration::microseconds(5);
  profile.costs.client_verify = Duration::microseconds(46);
  profile.disk.sync = Duration::microseconds(266);
  profile.disk.write_rate = Rate::bits_per_second(8'000'000'000);
  profile.disk.read_rate = Rate::bits_per_second(16'000'000'000);
  return profile;
}

WorldSpec make_world(consensus::Protocol protocol, uint32_t replicas, int64_t seconds) {
  WorldSpec spec;
  spec.name = "bench";
  spec.duration = Duration::seconds(seconds);
  spec.warmup = Duration::zero();
  const Jitter jitter{Jitter::Kind::kExponential, Duration::microseconds(50), 0};
  spec.network.places.push_back({"data centre", Duration::microseconds(250), jitter});
  ChainSpec chain;
  chain.name = "chain";
  chain.protocol = protocol;
  chain.engine.batch_delay = Duration::milliseconds(50);
  chain.engine.max_in_flight = 1;
  for (uint32_t i = 0; i < replicas; ++i) {
    spec.hosts.push_back({"host-" + std::to_string(i), 0, server()});
    chain.replicas.push_back({i});
  }
  spec.chains.push_back(chain);
  spec.services.push_back("service");
  spec.classes.push_back({"transaction", 0, Bytes(256), 1});
  LoadSpec load;
  load.rate.push_back({Duration::zero(), 1'000});
  spec.loads.push_back(load);
  spec.load_mode = LoadMode::kCohort;
  return spec;
}

int run(int argc, char** argv) {
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint64_t numbers[2] = {128, 4};
  size_t given = 0;
  double required = 0;
  double megabytes = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--require") == 0 && i + 1 < argc) {
      required = std::strtod(argv[++i], nullptr);
    } else if (std::strcmp(argv[i], "--memory") == 0 && i + 1 < argc) {
      megabytes = std::strtod(argv[++i], nullptr);
    } else if (const auto* known = consensus::find_protocol(std::string_view(argv[i]))) {
      protocol = known->protocol;
    } else if (given < 2) {
      numbers[given++] = std::strtoull(argv[i], nullptr, 10);
    }
  }
  const consensus::Result<WorldResult> run = run_world(
      make_world(protocol, static_cast<uint32_t>(numbers[0]), static_cast<int64_t>(numbers[1])));
  if (!run) {
    std::fprintf(stderr, "world_bench: %s (%s)\n", run.error().message.c_str(),
                 run.error().where.c_str());
    return 1;
  }
  const WorldResult& result = *run;
  const WorkDone& work = result.work;
  const ChainResult& chain = result.chains[0];
  const auto messages = static_cast<double>(work.messages);
  const double per_second = messages / work.cpu_seconds;
  const double memory = static_cast<double>(work.peak_memory_bytes) / (1 << 20U);
  std::printf("%s, %u replicas, %.0f simulated seconds\n", chain.protocol.c_str(), chain.replicas,
              static_cast<double>(numbers[1]));
  std::printf("blocks %lu, committed %lu of %lu, views %lu, p50 %.3f ms, violations %zu\n",
              static_cast<unsigned long>(chain.blocks),
              static_cast<unsigned long>(chain.transactions.committed),
              static_cast<unsigned long>(chain.transactions.submitted),
              static_cast<unsigned long>(chain.view_changes),
              chain.latency.quantile(0.5).to_milliseconds(), result.violations.size());
  std::printf("%.0f messages, %.2f events each, %.2f CPU seconds\n", messages,
              static_cast<double>(work.events) / messages, work.cpu_seconds);
  std::printf("%.2f million messages per CPU second, %.0f MB\n", per_second * 1e-6, memory);
  const bool clean = result.violations.empty() && chain.transactions.committed > 0;
  const bool small = megabytes == 0 || memory <= megabytes;
  return clean && small && per_second >= required ? 0 : 1;
}

}  // namespace
}  // namespace govchain::sim

int main(int argc, char** argv) { return govchain::sim::run(argc, argv); }
