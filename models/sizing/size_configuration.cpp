#include <algorithm>
#include <array>
#include <memory>

#include "models/sizing/gateway_world.h"
#include "models/sizing/infrastructure.h"
#include "models/sizing/sizing.h"

namespace govchain::models {

namespace {

using consensus::Status;

// Shares of a service's p99 that its own chain may take, tried in turn: a case with calls waits for
// several commits, so its chain must be faster than the level says.
constexpr std::array<double, 4> kBudgets = {1, 0.5, 0.33, 0.25};

// Two view changes at the engines' base timeout: what a failed leader costs before service goes on.
sim::Duration failover_time() { return consensus::EngineConfig{}.base_timeout * 2; }

class ConfigurationSizer {
 public:
  ConfigurationSizer(const NationSpec& nation, const Demand& demand, const NationalNetwork& network,
                     const Configuration& configuration, WorldRunner& runner)
      : nation_(nation),
        demand_(demand),
        network_(network),
        configuration_(configuration),
        runner_(runner) {}

  Status size() {
    std::vector<ChainGroup> first;
    for (const double budget : kBudgets) {
      groups_ = group_chains(configuration_);
      if (auto found = find_smallest(nation_, network_, configuration_, groups_, budget, runner_);
          !found) {
        return found;
      }
      if (auto evaluated = evaluate(groups_); !evaluated) return evaluated;
      if (budget == kBudgets.front()) first = groups_;
      if (latencies_met()) break;
      const bool stuck =
          std::any_of(groups_.begin(), groups_.end(), [](const auto& g) { return !g.holds; });
      if (stuck || budget == kBudgets.back()) {
        // Faster chains do not save it: the smallest that hold their own share, and the miss is
        // reported.
        groups_ = first;
        break;
      }
    }
    utilised_ = groups_;
    if (configuration_.arrangement.as_procured) {
      if (auto simulated = simulate_procured(); !simulated) return simulated;
    }
    return evaluate(utilised_);
  }

  SizedConfiguration take() {
    SizedConfiguration sized;
    sized.configuration = configuration_;
    const auto infrastructure =
        infrastructure_of(nation_, demand_, configuration_, groups_, utilised_, chains_);
    fill_totals(infrastructure, sized);
    fill_services(sized);
    fill_places(infrastructure, sized);
    name_binding_resource(sized);
    std::vector<PlaceService> service;
    for (size_t place = 0; place < nation_.places.size(); ++place) {
      service.push_back({outcome_->cases_of_place(place), outcome_->availability_of_place(place)});
    }
    service.emplace_back();
    sized.bill = make_bill(nation_, configuration_, infrastructure, service);
    return sized;
  }

 private:
  Status evaluate(const std::vector<ChainGroup>& groups) {
    auto change = change_between_chains(groups);
    if (!change) return change.error();
    chains_ = chain_outcomes(nation_, network_, configuration_, groups);
    outcome_ = std::make_unique<NationOutcome>(nation_, demand_, network_, configuration_, chains_,
                                               change.value());
    return consensus::success();
  }

  // Of chains like those of the first place, on the smallest hosts found.
  consensus::Result<LatencyDistribution> change_between_chains(
      const std::vector<ChainGroup>& groups) {
    const Arrangement& arrangement = configuration_.arrangement;
    if (arrangement.chains == Arrangement::Chains::kCentral || !connects_chains(arrangement)) {
      return LatencyDistribution();
    }
    uint32_t cores = nation_.hardware.profile.cores;
    for (const ChainGroup& group : groups) cores = std::min(cores, group.hosts.cores);
    auto result =
        runner_.run({gateway_world(nation_, arrangement, configuration_.chains.front(), cores)});
    if (!result) return result.error();
    const sim::Histogram& calls = result.value().front()->services[kCallService].latency;
    calls_complete_ = calls.count() > 0;
    return LatencyDistribution::of(calls).plus(
        LatencyDistribution::constant(network_.access_delay() * 2));
  }

  [[nodiscard]] bool latencies_met() const {
    for (size_t service = 0; service < nation_.services.size(); ++service) {
      if (!latency_met(service)) return false;
    }
    return true;
  }
  [[nodiscard]] bool latency_met(size_t service) const {
    const sim::Histogram latency = outcome_->latency_of_service(service).histogram();
    return latency.count() == 0 || latency.quantile(0.99) <= nation_.levels[service].latency_p99;
  }

  // The same chains on whole servers.
  Status simulate_procured() {
    std::vector<sim::WorldSpec> worlds;
    std::vector<size_t> of_group;
    for (size_t group = 0; group < utilised_.size(); ++group) {
      utilised_[group].hosts.cores = nation_.hardware.profile.cores;
      if (utilised_[group].result == nullptr) continue;
      worlds.push_back(world_of(nation_, network_, configuration_, utilised_[group]));
      of_group.push_back(group);
    }
    auto results = runner_.run(worlds);
    if (!results) return results.error();
    for (size_t i = 0; i < of_group.size(); ++i) {
      utilised_[of_group[i]].result = results.value()[i];
    }
    return consensus::success();
  }

  void fill_totals(const std::vector<PlaceInfrastructure>& infrastructure,
                   SizedConfiguration& sized) const {
    double busy = 0;
    for (const PlaceInfrastructure& at : infrastructure) {
      sized.cores += at.cores;
      sized.memory_bytes += at.memory_bytes;
      sized.storage_bytes += at.storage_bytes;
      sized.network_bps += at.wide_line_bps + at.local_line_bps;
      busy += at.busy_cores_peak;
      if (configuration_.arrangement.as_procured) sized.nodes += at.servers;
    }
    if (!configuration_.arrangement.as_procured) {
      for (size_t place = 0; place <= nation_.places.size(); ++place) {
        sized.nodes += needed_hosts(place);
      }
    }
    sized.utilisation_peak = sized.cores > 0 ? std::min(1.0, busy / sized.cores) : 0;
    sized.utilisation = sized.utilisation_peak / demand_.peak_factor();
    for (const ChainOutcome& chain : chains_) {
      sized.throughput_per_second += chain.throughput_per_second;
      sized.demand_per_second += chain.demand_per_second;
    }
    sized.latency = outcome_->latency_of_all().histogram();
    sized.availability = outcome_->availability_of_all();
  }

  // Hosts that the level needs in a place: one per replica and shard, or per pooled room; and those
  // of the gateways.
  [[nodiscard]] double needed_hosts(size_t place) const {
    double hosts = 0;
    for (const ChainGroup& group : groups_) {
      uint32_t rooms = 0;
      for (const size_t index : group.chains) {
        const PlannedChain& chain = configuration_.chains[index];
        const auto here = static_cast<uint32_t>(
            std::count(chain.replica_places.begin(), chain.replica_places.end(), place));
        rooms = std::max(rooms, here);
      }
      hosts += rooms * static_cast<double>(group.hosts.hosts_per_room) *
               multiplicity(configuration_, group);
    }
    const Spread& gateways = configuration_.gateways;
    return hosts + 2 * (place == nation_.places.size() ? gateways.centre : gateways.each_place);
  }

  void fill_services(SizedConfiguration& sized) const {
    for (size_t s = 0; s < nation_.services.size(); ++s) {
      const ServiceLevel& level = nation_.levels[s];
      ServiceOutcome service;
      service.id = nation_.services[s].id;
      service.cases = outcome_->cases_of_service(s);
      service.latency = outcome_->latency_of_service(s).histogram();
      service.availability = outcome_->availability_of_service(s);
      service.meets_latency = latency_met(s);
      service.meets_availability = service.availability >= level.availability;
      service.throughput_per_second = throughput_of(s);
      if (!service.meets_latency) {
        service.missed =
            "p99 is " + std::to_string(service.latency.quantile(0.99).nanoseconds() / 1'000'000) +
            " ms, " + std::to_string(level.latency_p99.nanoseconds() / 1'000'000) + " ms wanted";
      } else if (!service.meets_availability) {
        service.missed = "availability falls short of the level";
      } else if (level.recovery_time < failover_time()) {
        service.missed = "a failed leader is replaced within " +
                         std::to_string(failover_time().nanoseconds() / 1'000'000) +
                         " ms, less is wanted";
      }
      if (!service.missed.empty()) sized.missed.push_back(service.id + ": " + service.missed);
      sized.cases += service.cases;
      sized.services.push_back(std::move(service));
    }
    for (const ChainGroup& group : groups_) {
      if (group.holds) continue;
      sized.missed.push_back(configuration_.chains[group.chains.front()].name + ": " +
                             group.problem);
    }
    if (!calls_complete_) sized.missed.emplace_back("calls between chains: none completed");
    sized.holds_service_level = sized.missed.empty();
  }

  // What the service's own streams commit; chains that all places share are not split by service.
  [[nodiscard]] double throughput_of(size_t service) const {
    double sum = 0;
    for (size_t i = 0; i < chains_.size(); ++i) {
      const PlannedChain& planned = configuration_.chains[i];
      double own = 0;
      double all = 0;
      for (const ChainLoad& load : planned.loads) {
        all += load.per_second;
        if (load.service == service) own += load.per_second;
      }
      if (all > 0) sum += chains_[i].throughput_per_second * own / all;
    }
    return sum;
  }

  void fill_places(const std::vector<PlaceInfrastructure>& infrastructure,
                   SizedConfiguration& sized) const {
    for (size_t p = 0; p <= nation_.places.size(); ++p) {
      const bool centre = p == nation_.places.size();
      PlaceOutcome place;
      place.id = centre ? "CN" : nation_.places[p].id;
      place.nodes =
          configuration_.arrangement.as_procured ? infrastructure[p].servers : needed_hosts(p);
      place.cores = infrastructure[p].cores;
      for (size_t i = 0; i < chains_.size(); ++i) {
        if (configuration_.chains[i].place == p) {
          place.throughput_per_second += chains_[i].throughput_per_second;
        }
      }
      if (!centre) {
        place.latency = outcome_->latency_of_place(p).histogram();
        place.availability = outcome_->availability_of_place(p);
        place.cases = outcome_->cases_of_place(p);
      } else if (!chains_.empty()) {
        place.latency = chains_.back().latency.histogram();
        place.availability = chains_.back().availability;
      }
      sized.places.push_back(std::move(place));
    }
  }

  // What prevents the level, or else what would go first if demand grew: the busiest resource.
  void name_binding_resource(SizedConfiguration& sized) const {
    const ChainGroup* busiest = nullptr;
    double most = -1;
    for (const ChainGroup& group : groups_) {
      if (!group.holds) {
        sized.binding_resource =
            configuration_.chains[group.chains.front()].name + ": " + group.problem;
        return;
      }
      if (group.result == nullptr || group.result->resources.empty()) continue;
      if (group.result->resources.front().utilisation > most) {
        most = group.result->resources.front().utilisation;
        busiest = &group;
      }
    }
    if (!sized.missed.empty()) {
      sized.binding_resource = sized.missed.front();
    } else if (busiest != nullptr) {
      sized.binding_resource = configuration_.chains[busiest->chains.front()].name + ": " +
                               busiest->result->resources.front().name;
    }
  }

  const NationSpec& nation_;
  const Demand& demand_;
  const NationalNetwork& network_;
  const Configuration& configuration_;
  WorldRunner& runner_;
  std::vector<ChainGroup> groups_;    // as needed
  std::vector<ChainGroup> utilised_;  // as simulated last: needed, or procured
  std::vector<ChainOutcome> chains_;
  std::unique_ptr<NationOutcome> outcome_;
  bool calls_complete_ = true;
};

}  // namespace

consensus::Result<SizedConfiguration> size_configuration(const NationSpec& nation,
                                                         const Demand& demand,
                                                         const NationalNetwork& network,
                                                         const Configuration& configuration,
                                                         WorldRunner& runner) {
  ConfigurationSizer sizer(nation, demand, network, configuration, runner);
  if (auto sized = sizer.size(); !sized) return sized.error();
  return sizer.take();
}

}  // namespace govchain::models
