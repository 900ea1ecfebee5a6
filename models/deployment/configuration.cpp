#include "models/deployment/configuration.h"

#include <algorithm>
#include <limits>

#include "consensus/protocols.h"
#include "models/deployment/loads.h"

namespace govchain::models {

namespace {

using Builds = Arrangement::Builds;
using Chains = Arrangement::Chains;
using Connection = Arrangement::Connection;
using Operation = Arrangement::Operation;

// Each replica stands in a room of its own, so a room lost is a replica lost, and the larger of the
// two numbers of failures decides: n = 3f + 1 where a replica may lie, n = 2f + 1 where it may only
// stop. With every committed block on a quorum, nothing is lost (recovery point zero).
uint32_t replicas_for(const NationSpec& nation, const std::vector<size_t>& services,
                      consensus::Protocol protocol) {
  uint32_t failures = 0;
  const auto cover = [&](const ServiceLevel& level) {
    failures = std::max({failures, level.replica_failures, level.site_failures});
  };
  for (const size_t service : services) cover(nation.levels[service]);
  if (services.empty()) {
    for (const ServiceLevel& level : nation.levels) cover(level);
  }
  return static_cast<uint32_t>(
      consensus::members_for(consensus::traits_of(protocol).faults, failures));
}

void place_replicas(PlannedChain& chain) {
  chain.replica_places.assign(chain.replicas, chain.place);
  chain.replica_rooms.resize(chain.replicas);
  for (uint32_t replica = 0; replica < chain.replicas; ++replica) {
    chain.replica_rooms[replica] = replica;
  }
}

// Greedy k-median: the next site is the one that brings the people's distance to their nearest site
// down most; ties by index.
std::vector<size_t> national_sites(const std::vector<Place>& places, size_t count) {
  std::vector<size_t> sites;
  std::vector<double> nearest(places.size(), std::numeric_limits<double>::max());
  while (sites.size() < std::min(count, places.size())) {
    size_t best = places.size();
    double best_sum = std::numeric_limits<double>::max();
    for (size_t candidate = 0; candidate < places.size(); ++candidate) {
      if (std::find(sites.begin(), sites.end(), candidate) != sites.end()) continue;
      double sum = 0;
      for (size_t p = 0; p < places.size(); ++p) {
        sum +=
            static_cast<double>(places[p].population) *
            std::min(nearest[p], great_circle_kilometres(places[p].seat, places[candidate].seat));
      }
      if (sum < best_sum) {
        best_sum = sum;
        best = candidate;
      }
    }
    sites.push_back(best);
    for (size_t p = 0; p < places.size(); ++p) {
      nearest[p] = std::min(nearest[p], great_circle_kilometres(places[p].seat, places[best].seat));
    }
  }
  return sites;
}

class Configurator {
 public:
  Configurator(const NationSpec& nation, const Demand& demand, Configuration& configuration)
      : nation_(nation), demand_(demand), configuration_(configuration) {}

  void fill() {
    configuration_.schema_failure = schema_failure();
    switch (configuration_.arrangement.chains) {
      case Chains::kCentral:
        add_hub();
        break;
      case Chains::kPerService:
        add_chains_per_service();
        break;
      case Chains::kPerPlace:
        add_chains_per_place();
        add_ministry_platform();
        break;
      case Chains::kTwoTier:
        add_chains_per_place();
        add_national_tier();
        break;
    }
    count_builds();
    count_connections();
    count_operation();
  }

 private:
  [[nodiscard]] double schema_failure() const {
    const DeploymentSettings& settings = nation_.deployment;
    switch (configuration_.arrangement.connection) {
      case Connection::kInterface:
        return settings.schema_failure_standardised;
      case Connection::kAdapters:
        return settings.schema_failure_interconnected;
      case Connection::kGateways:
        return settings.schema_failure_provincial;
      case Connection::kNone:
      case Connection::kShared:
      case Connection::kCentral:
        return 0;
    }
    return 0;
  }

  PlannedChain& add_chain(std::string name, size_t place, std::vector<size_t> services) {
    PlannedChain chain;
    chain.name = std::move(name);
    chain.place = place;
    chain.services = std::move(services);
    chain.protocol = nation_.deployment.protocol;
    chain.replicas = replicas_for(nation_, chain.services, chain.protocol);
    chain.vendor = static_cast<uint32_t>(configuration_.chains.size() % nation_.deployment.vendors);
    place_replicas(chain);
    return configuration_.chains.emplace_back(std::move(chain));
  }

  void add_chains_per_service() {
    for (size_t p = 0; p < places(); ++p) {
      for (size_t s = 0; s < services(); ++s) {
        PlannedChain& chain =
            add_chain(nation_.places[p].id + "/" + nation_.services[s].id, p, {s});
        chain.loads = provincial_loads(configuration_.arrangement, configuration_.schema_failure,
                                       demand_, s, p);
      }
    }
    if (nation_.deployment.ministries == 0) return;
    PlannedChain& chain = add_chain("CN/ministry", places(), {});
    chain.copies = nation_.deployment.ministries;
    chain.loads = ministry_loads(configuration_.arrangement, configuration_.schema_failure, demand_,
                                 nation_.deployment.ministries);
  }

  void add_chains_per_place() {
    std::vector<size_t> all(services());
    for (size_t s = 0; s < services(); ++s) all[s] = s;
    for (size_t p = 0; p < places(); ++p) {
      PlannedChain& chain = add_chain(nation_.places[p].id, p, all);
      for (size_t s = 0; s < services(); ++s) {
        const auto loads = provincial_loads(configuration_.arrangement,
                                            configuration_.schema_failure, demand_, s, p);
        chain.loads.insert(chain.loads.end(), loads.begin(), loads.end());
      }
    }
  }

  void add_ministry_platform() {
    PlannedChain& chain = add_chain("CN", places(), {});
    chain.loads =
        ministry_loads(configuration_.arrangement, configuration_.schema_failure, demand_, 1);
  }

  void add_national_tier() {
    PlannedChain& chain = add_chain("national", places(), {});
    const std::vector<size_t> sites =
        national_sites(nation_.places, nation_.deployment.national_sites);
    chain.wide = true;
    chain.replicas = std::max(chain.replicas, static_cast<uint32_t>(sites.size()));
    place_replicas(chain);
    for (uint32_t replica = 0; replica < chain.replicas; ++replica) {
      chain.replica_places[replica] = sites[replica % sites.size()];
      chain.replica_rooms[replica] = static_cast<uint32_t>(replica / sites.size());
    }
    chain.loads = ministry_loads(configuration_.arrangement, 0, demand_, 1);
    const auto spanning = national_tier_loads(demand_);
    chain.loads.insert(chain.loads.end(), spanning.begin(), spanning.end());
  }

  // A replicated database at one place: the crash-fault protocol, since one operator trusts itself.
  void add_hub() {
    PlannedChain& chain = add_chain("hub", places(), {});
    chain.wide = true;
    chain.protocol = consensus::Protocol::kRaft;
    chain.replicas = replicas_for(nation_, {}, chain.protocol);
    place_replicas(chain);
    chain.loads = hub_loads(demand_);
  }

  void count_builds() {
    const Spread one_each{1, 1};
    const auto per_place = static_cast<double>(services());
    const double members = nation_.deployment.members_per_platform;
    Configuration& c = configuration_;
    switch (c.arrangement.builds) {
      case Builds::kPerChain: {
        const double replicas = replicas_for(nation_, {}, nation_.deployment.protocol);
        c.project_builds = separate_chains();
        c.networks = separate_chains();
        c.graded_systems = separate_chains();
        c.members = {separate_chains().each_place * replicas, separate_chains().centre * replicas};
        break;
      }
      case Builds::kPerPlace:
        c.platform_builds = one_each;
        c.service_builds = {per_place, 0};
        c.networks = one_each;
        c.graded_systems = one_each;
        c.members = {members, members};
        break;
      case Builds::kOne:
        c.platform_builds = {0, 1};
        c.service_builds = {0, per_place};
        // Every place but the one where it was built and tried first.
        c.onboardings = {per_place, -per_place};
        c.networks = {0, 1};
        c.graded_systems = one_each;
        c.members = {members, members};
        break;
      case Builds::kHub:
        c.hub_builds = {0, 1};
        c.onboardings = {per_place, 0};
        c.graded_systems = {0, 1};
        c.members = {1, 0};
        break;
    }
  }

  void count_connections() {
    const DeploymentSettings& settings = nation_.deployment;
    Configuration& c = configuration_;
    switch (c.arrangement.connection) {
      case Connection::kInterface:
        c.interface_builds = separate_chains();
        c.gateways = {1, 1};
        break;
      case Connection::kAdapters: {
        const auto chains = static_cast<uint32_t>(services());
        // Between the chains of a place; from each vendor's chains there to the place's gateway;
        // and one for every ministry.
        c.adapters = {
            static_cast<double>(adapters_needed(chains, settings.vendors, settings.adapters) +
                                std::min(chains, settings.vendors)),
            static_cast<double>(settings.ministries)};
        c.gateways = {1, 1};
        break;
      }
      case Connection::kGateways: {
        const auto platforms = static_cast<uint32_t>(places() + 1);
        const double share = adapters_needed(platforms, settings.vendors, settings.adapters) /
                             static_cast<double>(platforms);
        c.adapters = {share, share};
        c.gateways = {1, 1};
        break;
      }
      case Connection::kNone:
      case Connection::kShared:
      case Connection::kCentral:
        break;
    }
    c.gateway_builds = c.gateways;
  }

  void count_operation() {
    Configuration& c = configuration_;
    switch (c.arrangement.operation) {
      case Operation::kPerChain:
        c.operations = separate_chains();
        c.supported_systems = separate_chains();
        break;
      case Operation::kPerPlace:
        c.operations = {1, 1};
        c.supported_systems = {1, 1};
        break;
      case Operation::kOne:
        c.operations = {0, 1};
        c.supported_systems = {0, static_cast<double>(services())};
        c.people_on_site = {c.arrangement.chains == Chains::kCentral ? 0.0 : 1.0, 0};
        break;
    }
  }

  [[nodiscard]] size_t places() const { return nation_.places.size(); }
  [[nodiscard]] size_t services() const { return nation_.services.size(); }
  [[nodiscard]] Spread separate_chains() const {
    return {static_cast<double>(services()), static_cast<double>(nation_.deployment.ministries)};
  }

  const NationSpec& nation_;
  const Demand& demand_;
  Configuration& configuration_;
};

}  // namespace

Arrangement arrangement_of(DeploymentKind kind, bool as_procured) {
  Arrangement a;
  a.as_procured = as_procured;
  switch (kind) {
    case DeploymentKind::kHub:
      a.chains = Chains::kCentral;
      a.tenancy = Tenancy::kPooled;
      a.builds = Builds::kHub;
      a.connection = Connection::kCentral;
      a.operation = Operation::kOne;
      break;
    case DeploymentKind::kIsolated:
      break;
    case DeploymentKind::kStandardised:
      a.connection = Connection::kInterface;
      break;
    case DeploymentKind::kInterconnected:
      a.connection = Connection::kAdapters;
      break;
    case DeploymentKind::kProvincial:
      a.chains = Chains::kPerPlace;
      a.tenancy = Tenancy::kPooled;
      a.builds = Builds::kPerPlace;
      a.connection = Connection::kGateways;
      a.operation = Operation::kPerPlace;
      break;
    case DeploymentKind::kNational:
      a.chains = Chains::kTwoTier;
      a.tenancy = Tenancy::kPooled;
      a.builds = Builds::kOne;
      a.connection = Connection::kShared;
      a.operation = Operation::kOne;
      break;
  }
  return a;
}

uint32_t adapters_needed(uint32_t chains, uint32_t vendors, AdapterTopology topology) {
  if (topology == AdapterTopology::kHub) return chains;
  uint32_t pairs = chains * (chains > 0 ? chains - 1 : 0) / 2;
  for (uint32_t vendor = 0; vendor < vendors; ++vendor) {
    const uint32_t own = chains / vendors + (vendor < chains % vendors ? 1 : 0);
    pairs -= own * (own > 0 ? own - 1 : 0) / 2;
  }
  return pairs;
}

Configuration configure(const NationSpec& nation, const Demand& demand,
                        const Arrangement& arrangement, std::string id) {
  Configuration configuration;
  configuration.id = std::move(id);
  configuration.arrangement = arrangement;
  Configurator(nation, demand, configuration).fill();
  return configuration;
}

consensus::Result<Configuration> configure(const NationSpec& nation, const Demand& demand,
                                           DeploymentKind kind, bool as_procured) {
  if (auto checked = check_nation(nation); !checked) return checked.error();
  return configure(nation, demand, arrangement_of(kind, as_procured), name_of(kind));
}

consensus::Result<std::vector<CounterfactualStep>> counterfactuals(const NationSpec& nation,
                                                                   const Demand& demand,
                                                                   DeploymentKind from,
                                                                   DeploymentKind against) {
  if (auto checked = check_nation(nation); !checked) return checked.error();
  const Arrangement end = arrangement_of(against, false);
  Arrangement now = arrangement_of(from, true);
  std::vector<CounterfactualStep> steps;
  steps.push_back({"", configure(nation, demand, now, name_of(from))});
  const auto step = [&](const char* id) {
    steps.push_back({id, configure(nation, demand, now, id)});
  };
  now.as_procured = false;
  step("idle_capacity");
  now.tenancy = end.tenancy;
  step("pooling");
  now.builds = end.builds;
  step("duplicate_builds");
  now.connection = end.connection;
  now.chains = end.chains;
  step("adapters");
  now.operation = end.operation;
  step("operations");
  return steps;
}

}  // namespace govchain::models
