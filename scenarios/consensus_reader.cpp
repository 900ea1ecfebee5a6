#include "scenarios/consensus_reader.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "consensus/protocols.h"
#include "models/services/standard_chain.h"
#include "scenarios/data_loader.h"
#include "scenarios/nearest_name.h"
#include "scenarios/protocol_reader.h"

namespace govchain::scenarios {

namespace {

void read_run(const Reader& root, sim::WorldSpec& world) {
  world.name = root.text("id");
  root.integer("seed", world.seed);
  root.seconds("duration_seconds", world.duration);
  world.warmup = {};
  root.seconds("warmup_seconds", world.warmup);
  root.seconds("client_timeout_seconds", world.client_timeout);
  root.seconds("progress_within_seconds", world.progress_bound);
  if (root.has("client_timeout_seconds") && world.client_timeout >= world.duration) {
    root.warn("client_timeout_seconds", "has no effect: the run is over before");
  }
  if (world.duration < sim::Duration::nanoseconds(1)) {
    root.refuse("duration_seconds", "shorter than a nanosecond");
  }
  if (world.warmup >= world.duration) {
    root.refuse("warmup_seconds", fmt::format("nothing is left to measure; the run lasts {:g} s",
                                              world.duration.to_seconds()));
  }
  if (root.text("crypto", "modelled") == "real") world.crypto = sim::CryptoMode::kReal;
  if (root.text("load_mode", "exact") == "cohort") world.load_mode = sim::LoadMode::kCohort;
  root.milliseconds("cohort_interval_ms", world.cohort_interval);
  if (root.has("cohort_interval_ms") && world.load_mode == sim::LoadMode::kExact) {
    root.warn("cohort_interval_ms", "has no effect: load_mode is exact");
  }
}

// Hosts of a pool: [place * hosts_per_place + k] are indices into WorldSpec::hosts.
struct Pool {
  uint32_t hosts_per_place = 1;
  sim::HostIndex first = 0;
  std::map<size_t, uint32_t> next;  // by place: where the next chain begins
};

class ChainsReader {
 public:
  ChainsReader(const Reader& root, const MachineReader& machines, sim::WorldSpec& world)
      : root_(root), machines_(machines), world_(world) {
    base_ = machines_.read(root.object("machine", "machine"), sim::free_machine());
    // Only the scenario's own places hold hosts; a backbone's nodes come after them.
    for (const Reader& place : root.object("network", "network").objects("places", "place")) {
      places_.push_back(place.text("id"));
    }
  }

  void read() {
    read_pools();
    for (const Reader& chain : root_.objects("chains", "chain")) {
      read_chain(chain);
      if (root_.log().error) return;
    }
    for (const Reader& pool : root_.objects("pools", "pool")) {
      if (!used_pools_.contains(pool.text("id"))) {
        pool.refuse("id", "no chain uses this pool");
      }
    }
  }

 private:
  void read_pools() {
    for (const Reader& entry : root_.objects("pools", "pool")) {
      const std::string id = entry.text("id");
      if (pools_.contains(id)) entry.refuse("id", "a second pool with this id");
      Pool pool;
      entry.integer("hosts_per_place", pool.hosts_per_place);
      pool.first = static_cast<sim::HostIndex>(world_.hosts.size());
      const sim::MachineProfile profile = machines_.read(entry.object("machine", "machine"), base_);
      for (size_t place = 0; place < places_.size(); ++place) {
        for (uint32_t k = 0; k < pool.hosts_per_place; ++k) {
          world_.hosts.push_back({fmt::format("{}-{}-{}", id, places_[place], k),
                                  static_cast<sim::PlaceIndex>(place), profile});
        }
      }
      pools_[id] = pool;
    }
  }

  std::vector<size_t> places_of(const Reader& chain) {
    std::vector<size_t> out;
    for (const std::string& id : chain.texts("places")) {
      const auto found = std::find(places_.begin(), places_.end(), id);
      if (found == places_.end()) {
        const auto nearest = nearest_name(id, places_);
        chain.refuse("places", "no place \"" + id + "\" in this network",
                     nearest ? "did you mean \"" + *nearest + "\"?" : "");
        return {0};
      }
      out.push_back(static_cast<size_t>(found - places_.begin()));
    }
    if (out.empty()) {
      for (size_t i = 0; i < places_.size(); ++i) out.push_back(i);
    }
    return out;
  }

  void place_replicas(const Reader& chain, uint32_t replicas, sim::ChainSpec& spec) {
    const std::vector<size_t> places = places_of(chain);
    const std::string pool_id = chain.text("pool");
    const bool pooled = chain.has("pool");
    const sim::MachineProfile profile = machines_.read(chain.object("machine", "machine"), base_);
    if (pooled && chain.has("machine")) {
      chain.refuse("machine", "has no effect: the pool's hosts are used");
    }
    if (pooled && !pools_.contains(pool_id)) {
      std::vector<std::string> known;
      for (const auto& [id, pool] : pools_) known.push_back(id);
      const auto nearest = nearest_name(pool_id, known);
      chain.refuse("pool", "no pool \"" + pool_id + "\"",
                   nearest ? "did you mean \"" + *nearest + "\"?" : "");
      return;
    }
    used_pools_.insert(pool_id);
    bool one_machine = false;
    chain.boolean("one_machine", one_machine);
    if (one_machine && pooled) {
      chain.refuse("one_machine", "a pool has a host for each of a chain's replicas in a place");
      return;
    }
    const auto first = static_cast<sim::HostIndex>(world_.hosts.size());
    std::map<size_t, uint32_t> here;
    for (uint32_t i = 0; i < replicas; ++i) {
      const size_t place = places[i % places.size()];
      if (pooled) {
        Pool& pool = pools_[pool_id];
        if (++here[place] > pool.hosts_per_place) {
          chain.refuse("pool",
                       "two replicas of one chain would share a host: too few hosts_per_place");
          return;
        }
        const uint32_t k = pool.next[place]++ % pool.hosts_per_place;
        spec.replicas.push_back(
            {pool.first + static_cast<uint32_t>(place) * pool.hosts_per_place + k});
      } else {
        spec.replicas.push_back({static_cast<sim::HostIndex>(world_.hosts.size())});
        world_.hosts.push_back(
            {fmt::format("{}-{}", spec.name, i), static_cast<sim::PlaceIndex>(place), profile});
        // What goes from process to process meets no network card.
        if (one_machine) world_.hosts.back().profile.nic = sim::Rate::unlimited();
        if (one_machine && i > 0) world_.hosts.back().machine = first;
      }
    }
  }

  static void read_engine(const Reader& engine, consensus::EngineConfig& config) {
    engine.bytes("block_bytes", config.max_block_bytes);
    engine.integer("block_transactions", config.max_block_transactions);
    engine.milliseconds("batch_delay_ms", config.batch_delay);
    engine.integer("pipelining", config.max_in_flight);
    engine.milliseconds("timeout_ms", config.base_timeout);
    engine.milliseconds("max_timeout_ms", config.max_timeout);
    engine.integer("checkpoint_interval", config.checkpoint_interval);
    engine.integer("retained_blocks", config.retained_blocks);
    engine.bytes("mempool_bytes", config.mempool_limit);
    engine.boolean("replicas_verify_payloads", config.replicas_verify_payloads);
    const std::string bodies = engine.text("proposal_bodies", "carried");
    if (bodies == "by_digest") config.proposal_bodies = consensus::ProposalBodies::kByDigest;
    if (bodies == "certified") config.proposal_bodies = consensus::ProposalBodies::kCertified;
    if (config.proposal_bodies != consensus::ProposalBodies::kCarried) {
      config.genesis.version = consensus::kProposalsByDigestSince;
    }
    engine.milliseconds("wall_clock_tolerance_ms", config.wall_clock_tolerance);
    if (config.max_timeout < config.base_timeout) {
      if (engine.has("max_timeout_ms")) {
        engine.refuse("max_timeout_ms", "below timeout_ms");
      } else {
        config.max_timeout = config.base_timeout;
      }
    }
  }

  static void read_weights(const Reader& chain, uint32_t replicas, sim::ChainSpec& spec) {
    const JsonNode* weights = chain.find("weights");
    if (weights == nullptr) return;
    uint64_t total = 0;
    for (const JsonNode& weight : weights->elements) {
      spec.weights.push_back(weight.natural.value_or(0));
      if (spec.weights.back() > consensus::kMaxTotalWeight - total) {
        chain.refuse("weights",
                     fmt::format("members may weigh {} together", consensus::kMaxTotalWeight));
        return;
      }
      total += spec.weights.back();
    }
    if (spec.weights.size() != replicas) {
      chain.refuse("weights",
                   fmt::format("{} weights for {} replicas", spec.weights.size(), replicas));
    }
    if (total == 0) chain.refuse("weights", "nobody votes");
  }

  // Raft README, "Witnesses", rule 1.
  static void read_witnesses(const Reader& chain, uint32_t replicas, sim::ChainSpec& spec) {
    const JsonNode* witnesses = chain.find("witnesses");
    if (witnesses == nullptr) return;
    if (spec.protocol != consensus::Protocol::kRaft) {
      chain.refuse("witnesses", "only raft has witnesses");
      return;
    }
    const auto weight_of = [&](uint64_t replica) {
      return spec.weights.empty() ? 1 : spec.weights[replica];
    };
    uint64_t weight = 0;
    for (const JsonNode& witness : witnesses->elements) {
      const uint64_t replica = witness.natural.value_or(0);
      if (replica >= replicas) {
        chain.refuse("witnesses",
                     fmt::format("no replica {}; the chain has {}", replica, replicas));
        return;
      }
      if (weight_of(replica) == 0) {
        chain.refuse("witnesses", fmt::format("replica {} has no vote to give", replica));
      }
      weight += weight_of(replica);
      spec.witnesses.push_back(static_cast<sim::ReplicaIndex>(replica));
    }
    std::sort(spec.witnesses.begin(), spec.witnesses.end());
    const auto twice = std::adjacent_find(spec.witnesses.begin(), spec.witnesses.end());
    if (twice != spec.witnesses.end()) {
      chain.refuse("witnesses", fmt::format("replica {} is there twice", *twice));
    }
    uint64_t total = 0;
    for (uint64_t replica = 0; replica < replicas; ++replica) total += weight_of(replica);
    if (weight > total / 2) {
      chain.refuse("witnesses", fmt::format("they carry {} of {} votes, and at most {} are allowed",
                                            weight, total, total / 2));
    }
  }

  void read_application(const Reader& chain, sim::ChainIndex index, sim::ChainSpec& spec) {
    uint32_t departments = 10;
    chain.integer("departments", departments);
    const bool ledger = chain.text("application", "key_value") == "ledger";
    if (!ledger) {
      if (chain.has("departments")) {
        chain.warn("departments", "has no effect: the application is not the ledger");
      }
      return;
    }
    if (world_.load_mode == sim::LoadMode::kCohort) {
      chain.refuse("application", "the ledger executes calls; load_mode cohort has none");
    }
    models::LedgerConfig config =
        models::standard_chain(consensus::ChainId(uint64_t{index} + 1), departments, 1);
    config.hash = spec.engine.hash;
    config.proof_interval = spec.engine.checkpoint_interval;
    spec.application = [config = std::move(config)]() -> std::unique_ptr<consensus::Application> {
      return std::make_unique<models::Ledger>(config);
    };
  }

  void read_chain(const Reader& chain) {
    const auto index = static_cast<sim::ChainIndex>(world_.chains.size());
    sim::ChainSpec spec;
    spec.name = chain.text("id");
    for (const sim::ChainSpec& other : world_.chains) {
      if (other.name == spec.name) chain.refuse("id", "a second chain with this id");
    }
    spec.protocol = protocol_of(chain, spec.protocol);
    if (chain.text("signatures", "ed25519") == "sm2")
      spec.scheme = consensus::SignatureScheme::kSm2;
    if (chain.text("hash", "sha256") == "sm3") spec.engine.hash = consensus::HashAlgorithm::kSm3;
    uint32_t replicas = 0;
    chain.integer("replicas", replicas);
    const Reader engine = chain.object("engine", "engine");
    read_engine(engine, spec.engine);
    if (!consensus::supports(consensus::traits_of(spec.protocol), spec.engine.proposal_bodies)) {
      engine.refuse("proposal_bodies", "this protocol's proposals carry their transactions");
    }
    read_protocol_settings(chain, spec);
    read_weights(chain, replicas, spec);
    if (!root_.log().error) read_witnesses(chain, replicas, spec);
    read_application(chain, index, spec);
    place_replicas(chain, replicas, spec);
    world_.chains.push_back(std::move(spec));
    if (!root_.log().error) read_load(chain.object("load", "load"), chain, index, world_);
  }

  const Reader& root_;
  const MachineReader& machines_;
  sim::WorldSpec& world_;
  sim::MachineProfile base_;
  std::vector<std::string> places_;
  std::map<std::string, Pool> pools_;
  std::set<std::string> used_pools_;
};

}  // namespace

sim::MachineProfile MachineReader::read(const Reader& machine,
                                        const sim::MachineProfile& base) const {
  sim::MachineProfile profile = base;
  if (!profile_file.empty()) {
    const auto loaded = load_profile_file(profile_file);
    if (loaded) {
      profile = *loaded;
    } else {
      std::string where = loaded.error().where.empty() ? "" : loaded.error().where + ": ";
      if (!machine.log().error) {
        machine.log().error =
            Diagnostic{{}, {}, "--profile: " + where + loaded.error().message, {}, {}};
      }
    }
  }
  if (machine.has("profile") && profile_file.empty()) {
    const auto loaded = load_profile(home, machine.text("profile"));
    if (loaded) {
      profile = *loaded;
    } else {
      machine.refuse("profile", loaded.error().message);
    }
  }
  machine.integer("cores", profile.cores);
  machine.rate_mbps("nic_mbps", profile.nic);
  machine.microseconds("sync_us", profile.disk.sync);
  machine.rate_mbps("write_mbps", profile.disk.write_rate);
  machine.microseconds("execute_us", profile.costs.execute_transaction);
  return profile;
}

sim::WorldSpec read_consensus(const Reader& root, const std::string& home,
                              const std::string& profile) {
  sim::WorldSpec world;
  read_run(root, world);
  world.network = read_network(root.object("network", "network"), home);
  if (root.log().error) return world;
  const MachineReader machines{home, profile};
  ChainsReader(root, machines, world).read();
  if (root.log().error) return world;
  read_events(root, world);
  return world;
}

}  // namespace govchain::scenarios
