#pragma once
// Small worlds for tests: one place with free machines unless a test says otherwise.

#include <string>

#include <gtest/gtest.h>

#include "sim/world.h"

namespace govchain::sim::test {

inline WorldSpec small_world(consensus::Protocol protocol, uint32_t replicas,
                             Duration one_way = Duration::milliseconds(10)) {
  WorldSpec spec;
  spec.name = "test";
  spec.duration = Duration::seconds(10);
  spec.warmup = Duration::seconds(2);
  spec.network.places.push_back({"place", one_way, {}});
  spec.network.connection_setup_round_trips = 0;
  ChainSpec chain;
  chain.name = "chain";
  chain.protocol = protocol;
  chain.engine.batch_delay = Duration::zero();
  for (uint32_t i = 0; i < replicas; ++i) {
    HostSpec host;
    host.name = "host-" + std::to_string(i);
    host.profile = free_machine();
    spec.hosts.push_back(host);
    chain.replicas.push_back({i});
  }
  spec.chains.push_back(chain);
  spec.services.push_back("service");
  spec.classes.push_back({"transaction", 0, Bytes(256), 1});
  return spec;
}

inline LoadSpec& add_load(WorldSpec& spec, double per_second, ReplicaIndex ingress = 0) {
  LoadSpec load;
  load.ingress = ingress;
  load.rate.push_back({Duration::zero(), per_second});
  spec.loads.push_back(load);
  return spec.loads.back();
}

// A modest server with costs of the right order.
inline MachineProfile server() {
  MachineProfile profile;
  profile.id = "server";
  profile.cores = 16;
  profile.memory = Bytes(64ULL << 30U);
  profile.nic = Rate::bits_per_second(10'000'000'000);
  profile.costs.message_receive = Duration::microseconds(3);
  profile.costs.message_send = Duration::microseconds(2);
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

inline WorldResult run_or_fail(const WorldSpec& spec, const RunOptions& options = {}) {
  consensus::Result<WorldResult> result = run_world(spec, options);
  if (!result) {
    consensus::assertion_failed(result.error().message.c_str(), result.error().where.c_str(), 0);
  }
  return std::move(result).value();
}

inline void expect_clean(const WorldResult& result) {
  for (const Violation& violation : result.violations) {
    ADD_FAILURE() << violation.rule << ": " << violation.detail << " at "
                  << violation.at.since_start().to_seconds() << " s";
  }
  for (const ChainResult& chain : result.chains) {
    const TransactionCounts& counts = chain.transactions;
    EXPECT_EQ(counts.submitted,
              counts.committed + counts.refused + counts.timed_out + counts.in_flight);
    EXPECT_EQ(chain.latency.count(), counts.committed);
  }
}

}  // namespace govchain::sim::test
