#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

#include "models/sizing/sizing.h"

namespace govchain::models {

namespace {

// Appends fields as text; doubles in hexadecimal, so that equal text means equal value.
class KeyWriter {
 public:
  void field(uint64_t value) { text_ += std::to_string(value) + ","; }
  void field(sim::Duration value) { text_ += std::to_string(value.nanoseconds()) + ","; }
  void field(sim::Rate value) { field(value.bits_per_second()); }
  void field(sim::Bytes value) { field(value.count()); }
  void field(double value) {
    char buffer[40];
    const int length = std::snprintf(buffer, sizeof buffer, "%a,", value);
    text_.append(buffer, static_cast<size_t>(length));
  }
  void field(const sim::Jitter& jitter) {
    field(static_cast<uint64_t>(jitter.kind));
    field(jitter.spread);
    field(jitter.shape);
  }
  void field(const std::string& value) { text_ += value + ","; }
  void section(char mark) { text_ += mark; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void write_network(KeyWriter& key, const sim::NetworkSpec& network) {
  key.section('N');
  for (const sim::PlaceSpec& place : network.places) {
    key.field(place.local_delay);
    key.field(place.local_jitter);
  }
  for (const sim::TrunkSpec& trunk : network.trunks) {
    key.section('t');
    key.field(uint64_t{trunk.a});
    key.field(uint64_t{trunk.b});
    key.field(trunk.rate);
    key.field(trunk.delay);
    key.field(trunk.loss);
  }
  for (const auto& route : network.routes) {
    key.section('r');
    for (const sim::TrunkIndex trunk : route) key.field(uint64_t{trunk});
  }
  key.field(network.jitter);
  key.field(network.retransmission_timeout);
  key.field(uint64_t{network.connection_setup_round_trips});
  key.field(static_cast<uint64_t>(network.model));
}

void write_host(KeyWriter& key, const sim::HostSpec& host) {
  key.section('H');
  key.field(uint64_t{host.place});
  const sim::MachineProfile& profile = host.profile;
  key.field(profile.id);
  key.field(uint64_t{profile.cores});
  key.field(profile.memory);
  key.field(profile.nic);
  const sim::OperationCosts& costs = profile.costs;
  for (const sim::Duration cost :
       {costs.message_receive, costs.message_send, costs.per_kilobyte_network, costs.sign,
        costs.verify, costs.hash_per_kilobyte, costs.execute_transaction, costs.admit_transaction,
        costs.client_verify}) {
    key.field(cost);
  }
  key.field(profile.disk.sync);
  key.field(profile.disk.write_rate);
  key.field(profile.disk.read_rate);
}

void write_chain(KeyWriter& key, const sim::ChainSpec& chain) {
  key.section('C');
  key.field(static_cast<uint64_t>(chain.protocol));
  key.field(static_cast<uint64_t>(chain.scheme));
  const consensus::EngineConfig& engine = chain.engine;
  key.field(static_cast<uint64_t>(engine.hash));
  key.field(engine.max_block_bytes);
  key.field(uint64_t{engine.max_block_transactions});
  key.field(engine.batch_delay);
  key.field(uint64_t{engine.max_in_flight});
  key.field(engine.base_timeout);
  key.field(engine.max_timeout);
  key.field(engine.checkpoint_interval);
  key.field(engine.retained_blocks);
  key.field(engine.mempool_limit);
  key.field(uint64_t{engine.replicas_verify_payloads});
  key.field(static_cast<uint64_t>(engine.proposal_bodies));
  for (const sim::ReplicaSpec& replica : chain.replicas) key.field(uint64_t{replica.host});
  for (const uint64_t weight : chain.weights) key.field(weight);
  for (const sim::ReplicaIndex witness : chain.witnesses) key.field(uint64_t{witness});
  key.field(uint64_t{static_cast<bool>(chain.application)});
}

void write_load(KeyWriter& key, const sim::LoadSpec& load) {
  key.section('L');
  key.field(uint64_t{load.chain});
  key.field(uint64_t{load.ingress});
  key.field(uint64_t{load.transaction_class});
  key.field(static_cast<uint64_t>(load.arrivals));
  for (const sim::RateStep& step : load.rate) {
    key.field(step.from);
    key.field(step.per_second);
  }
  key.field(load.until);
  key.field(uint64_t{load.clients});
  key.field(load.access_delay);
  key.field(uint64_t{static_cast<bool>(load.maker)});
}

}  // namespace

std::string world_key(const sim::WorldSpec& spec) {
  KeyWriter key;
  key.field(spec.seed);
  key.field(spec.duration);
  key.field(spec.warmup);
  write_network(key, spec.network);
  for (const sim::HostSpec& host : spec.hosts) write_host(key, host);
  for (const sim::ChainSpec& chain : spec.chains) write_chain(key, chain);
  for (const sim::TransactionClass& one : spec.classes) {
    // With real contracts the service decides which one is called; in cohorts its name is a label.
    key.section('T');
    if (spec.load_mode == sim::LoadMode::kExact) key.field(one.name);
    key.field(uint64_t{one.service});
    key.field(one.payload);
    key.field(one.execution_factor);
  }
  for (const sim::LoadSpec& load : spec.loads) write_load(key, load);
  key.field(uint64_t{spec.faults.size()});
  key.field(uint64_t{spec.adversaries.size()});
  key.field(uint64_t{spec.agents.size()});
  key.field(static_cast<uint64_t>(spec.crypto));
  key.field(static_cast<uint64_t>(spec.load_mode));
  key.field(spec.cohort_interval);
  key.field(spec.client_timeout);
  key.field(spec.progress_bound);
  return key.take();
}

WorldRunner::WorldRunner(Simulator simulator, uint32_t threads)
    : simulator_(std::move(simulator)), threads_(std::max(1U, threads)) {}

consensus::Result<std::vector<const sim::WorldResult*>> WorldRunner::run(
    const std::vector<sim::WorldSpec>& worlds) {
  std::vector<std::string> keys;
  std::vector<size_t> fresh;  // first of each key that is not known yet
  std::set<std::string> queued;
  for (size_t i = 0; i < worlds.size(); ++i) {
    keys.push_back(world_key(worlds[i]));
    const bool known = known_.contains(keys[i]) || !queued.insert(keys[i]).second;
    if (known) {
      ++reused_;
    } else {
      fresh.push_back(i);
    }
  }
  std::vector<std::optional<consensus::Result<sim::WorldResult>>> outcomes(fresh.size());
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  const auto work = [&] {
    for (size_t job = next++; job < fresh.size(); job = next++) {
      outcomes[job] = simulator_(worlds[fresh[job]]);
      const std::lock_guard lock(mutex);
      ++simulated_;
      if (progress) progress(simulated_);
    }
  };
  std::vector<std::thread> helpers;
  const size_t threads = std::min<size_t>(threads_, fresh.size());
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  for (size_t job = 0; job < fresh.size(); ++job) {
    if (!outcomes[job]->ok()) return outcomes[job]->error();
    sim::WorldResult& result = outcomes[job]->value();
    work_.events += result.work.events;
    work_.messages += result.work.messages;
    work_.cpu_seconds += result.work.cpu_seconds;
    work_.peak_memory_bytes = std::max(work_.peak_memory_bytes, result.work.peak_memory_bytes);
    violations_.insert(violations_.end(), result.violations.begin(), result.violations.end());
    known_.emplace(keys[fresh[job]], std::move(result));
  }
  std::vector<const sim::WorldResult*> results;
  results.reserve(worlds.size());
  for (const std::string& key : keys) results.push_back(&known_.at(key));
  return results;
}

std::vector<std::string> WorldRunner::digests() const {
  std::vector<std::string> digests;
  for (const auto& [key, result] : known_) digests.push_back(result.digest);
  return digests;
}

}  // namespace govchain::models
