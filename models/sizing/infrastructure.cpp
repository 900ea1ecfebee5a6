#include "models/sizing/infrastructure.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace govchain::models {

namespace {

using Chains = Arrangement::Chains;

constexpr double kSecondsPerYear = 365.0 * 86'400.0;
constexpr double kMegabit = 1e6;
// A proof that goes with a call between chains: checkpoint, certificate and path
// (models/interconnect).
constexpr double kProofBytes = 2'048;
constexpr double kReplicasPerGateway = 2;

class Counter {
 public:
  Counter(const NationSpec& nation, const Demand& demand, const Configuration& configuration)
      : nation_(nation),
        demand_(demand),
        configuration_(configuration),
        settings_(nation.deployment),
        pooled_(configuration.arrangement.tenancy == Tenancy::kPooled),
        procured_(configuration.arrangement.as_procured),
        at_(nation.places.size() + 1) {}

  void add_group(const ChainGroup& needed, const ChainGroup& utilised,
                 const std::vector<ChainOutcome>& outcomes) {
    const double times = multiplicity(configuration_, needed);
    const double per_room = needed.hosts.hosts_per_room;
    std::vector<std::pair<size_t, uint32_t>> rooms = rooms_of(needed);
    const double server_cores = nation_.hardware.profile.cores;
    double servers = times * per_room * needed.hosts.cores / server_cores;
    if (procured_) servers = procured_servers(needed, times, static_cast<double>(rooms.size()));
    for (const auto& [place, room] : rooms) {
      PlaceInfrastructure& at = at_[place];
      const double here = procured_ ? servers / static_cast<double>(rooms.size()) : servers;
      at.servers += here;
      at.cores += here * server_cores;
      // Pairs of switches and cipher machines: by chain where hosts are, by room where they are
      // shared.
      if (!procured_) at.switches += 2 * here / settings_.servers_per_switch;
      if (procured_ && pooled_) {
        at.switches += std::max(2.0, std::ceil(2 * here / settings_.servers_per_switch));
      }
      if (pooled_ && !is_wide(needed)) at.cipher_machines += settings_.cipher_machines_per_room;
    }
    add_chains(needed, utilised, outcomes, times, rooms);
  }

  void add_gateways() {
    const double server_cores = nation_.hardware.profile.cores;
    const double each = procured_ ? 1 : settings_.minimum_cores / server_cores;
    for (size_t place = 0; place < at_.size(); ++place) {
      const Spread& gateways = configuration_.gateways;
      const double here = place + 1 == at_.size() ? gateways.centre : gateways.each_place;
      at_[place].servers += here * kReplicasPerGateway * each;
      at_[place].cores += here * kReplicasPerGateway * each * server_cores;
    }
  }

  // Requests and answers of calls that leave the place, with a proof for each chain they touch.
  void add_calls() {
    if (!connects_chains(configuration_.arrangement)) return;
    const bool central = configuration_.arrangement.chains == Chains::kCentral;
    for (size_t place = 0; place < nation_.places.size(); ++place) {
      const double away = central ? 1 : 1 - demand_.local_call_share(place);
      double bytes = 0;
      for (size_t s = 0; s < nation_.services.size(); ++s) {
        const ServiceCase& service = nation_.services[s];
        const double calls = demand_.peak_cases(s, place) * service.calls * away;
        const double proofs = central ? 0 : 1 + 2 * service.writing_call_share;
        bytes += calls * (2 * static_cast<double>(service.payload.count()) + proofs * kProofBytes);
      }
      const double bits = bytes * 8 * settings_.access_line_headroom;
      const double bought = line(bits, 1);
      at_[place].wide_line_bps += bought;
      if (central) at_.back().wide_line_bps += bought;
    }
  }

  [[nodiscard]] std::vector<PlaceInfrastructure> take() {
    const sim::MachineProfile& server = nation_.hardware.profile;
    for (PlaceInfrastructure& at : at_) {
      at.memory_bytes =
          at.cores * static_cast<double>(server.memory.count()) / static_cast<double>(server.cores);
      at.racks = at.servers / settings_.servers_per_rack;
      const double busy_mean =
          at.cores > 0 ? std::min(1.0, at.busy_cores_peak / at.cores / demand_.peak_factor()) : 0;
      at.average_watts =
          at.servers * (nation_.hardware.idle_watts +
                        (nation_.hardware.busy_watts - nation_.hardware.idle_watts) * busy_mean);
    }
    return std::move(at_);
  }

 private:
  [[nodiscard]] bool is_wide(const ChainGroup& group) const {
    return configuration_.chains[group.chains.front()].wide;
  }

  [[nodiscard]] std::vector<std::pair<size_t, uint32_t>> rooms_of(const ChainGroup& group) const {
    std::set<std::pair<size_t, uint32_t>> rooms;
    for (const size_t index : group.chains) {
      const PlannedChain& chain = configuration_.chains[index];
      for (uint32_t replica = 0; replica < chain.replicas; ++replica) {
        rooms.emplace(chain.replica_places[replica], chain.replica_rooms[replica]);
      }
    }
    return {rooms.begin(), rooms.end()};
  }

  // Whole servers for the over-specified need, and no project without its minimum.
  [[nodiscard]] double procured_servers(const ChainGroup& group, double times, double rooms) const {
    const double over = std::max(1.0, settings_.utilisation_limit / settings_.audited_utilisation);
    const double per_host = std::ceil(group.hosts.cores * over / nation_.hardware.profile.cores);
    const PlannedChain& first = configuration_.chains[group.chains.front()];
    const double projects = pooled_ ? 1 : first.copies;
    const double minimum = first.wide && configuration_.arrangement.chains == Chains::kTwoTier
                               ? 0  // part of the platform's own project
                               : settings_.minimum_servers_per_project;
    return std::max(times * rooms * group.hosts.hosts_per_room * per_host, minimum * projects);
  }

  void add_chains(const ChainGroup& needed, const ChainGroup& utilised,
                  const std::vector<ChainOutcome>& outcomes, double times,
                  const std::vector<std::pair<size_t, uint32_t>>& rooms) {
    for (const size_t index : needed.chains) {
      const PlannedChain& chain = configuration_.chains[index];
      const ChainOutcome& outcome = outcomes[index];
      const bool repeated = chain.copies > 1 && times == 1;
      const double chains = repeated ? chain.copies : times;
      const double storage = storage_per_replica(chain, outcome, needed.shards) * chains;
      const double lines = outcome.network_bps / chain.replicas * settings_.access_line_headroom;
      for (uint32_t replica = 0; replica < chain.replicas; ++replica) {
        PlaceInfrastructure& at = at_[chain.replica_places[replica]];
        at.storage_bytes += storage;
        (chain.wide && chain.replica_places.front() != chain.replica_places.back()
             ? at.wide_line_bps
             : at.local_line_bps) += line(lines, 1) * chains;
      }
      if (!pooled_) {
        at_[chain.place].cipher_machines += settings_.cipher_machines_per_chain * chain.copies;
        if (procured_) {
          at_[chain.place].switches += settings_.switches_per_chain * chain.copies;
        }
      } else if (chain.wide) {
        for (const size_t place : chain.replica_places) {
          at_[place].cipher_machines += settings_.cipher_machines_per_room;
        }
      }
    }
    add_busy_cores(utilised, outcomes, times, rooms);
  }

  // Cores at work at the offered rate: the simulated share of the simulated hosts, scaled back from
  // the simulated rate.
  void add_busy_cores(const ChainGroup& group, const std::vector<ChainOutcome>& outcomes,
                      double times, const std::vector<std::pair<size_t, uint32_t>>& rooms) {
    if (group.result == nullptr) return;
    double share = 0;
    double weight = 0;
    for (const size_t index : group.chains) {
      share += outcomes[index].demand_per_second;
      if (outcomes[index].simulated_share > 0) {
        weight += outcomes[index].demand_per_second / outcomes[index].simulated_share;
      }
    }
    const double scale = weight > 0 ? share / weight : 0;
    double busy = 0;
    double hosts = 0;
    for (const sim::ResourceUse& use : group.result->resources) {
      if (!use.name.ends_with("cpu")) continue;
      busy += use.utilisation;
      hosts += 1;
    }
    if (hosts <= 0) return;
    const double cores = busy / hosts * group.hosts.cores * group.hosts.hosts_per_room * scale;
    for (const auto& [place, room] : rooms) at_[place].busy_cores_peak += cores * times;
  }

  // Raw bytes of one shard over the horizon: blocks with their certificates, and the transactions.
  [[nodiscard]] double storage_per_replica(const PlannedChain& chain, const ChainOutcome& outcome,
                                           uint32_t shards) const {
    double transactions = 0;
    for (const ChainLoad& load : chain.loads) {
      transactions += load.per_second * static_cast<double>(load.payload.count() +
                                                            settings_.transaction_overhead_bytes);
    }
    const double bytes_per_second =
        outcome.blocks_per_second * static_cast<double>(settings_.block_overhead_bytes) +
        transactions / shards;
    const double years = nation_.years;
    return bytes_per_second / demand_.peak_factor() * kSecondsPerYear * years *
           settings_.storage_copies / (procured_ ? settings_.audited_storage_utilisation : 1);
  }

  // As procured a line is a whole number of lots.
  [[nodiscard]] double line(double bits_per_second, double lines) const {
    if (!procured_) return bits_per_second;
    const double lot = settings_.line_lot_megabits * kMegabit;
    return std::max(lines, std::ceil(bits_per_second / lot)) * lot;
  }

  const NationSpec& nation_;
  const Demand& demand_;
  const Configuration& configuration_;
  const DeploymentSettings& settings_;
  bool pooled_;
  bool procured_;
  std::vector<PlaceInfrastructure> at_;
};

}  // namespace

std::vector<PlaceInfrastructure> infrastructure_of(const NationSpec& nation, const Demand& demand,
                                                   const Configuration& configuration,
                                                   const std::vector<ChainGroup>& needed,
                                                   const std::vector<ChainGroup>& utilised,
                                                   const std::vector<ChainOutcome>& outcomes) {
  Counter counter(nation, demand, configuration);
  for (size_t group = 0; group < needed.size(); ++group) {
    counter.add_group(needed[group], utilised[group], outcomes);
  }
  counter.add_gateways();
  counter.add_calls();
  return counter.take();
}

}  // namespace govchain::models
