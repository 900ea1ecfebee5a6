#include "models/sizing/peak_world.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <span>

#include "models/ledger/ledger.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"

namespace govchain::models {

namespace {

constexpr std::array<double, 10> kR10 = {1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8};
constexpr std::array<double, 20> kR20 = {1,    1.12, 1.25, 1.4, 1.6, 1.8, 2,   2.24, 2.5, 2.8,
                                         3.15, 3.55, 4,    4.5, 5,   5.6, 6.3, 7.1,  8,   9};

// A quiet stream is simulated at this rate, so that its 99th percentile has observations; more load
// than there is errs on the safe side, and utilisation is scaled back.
constexpr double kFewestPerSecond = 10;

// Sums that the loads of one stream add up to.
struct Sums {
  double rate = 0;
  double bytes = 0;
  double work = 0;
  double delay = 0;  // nanoseconds times rate
};

// The replica nearest to `origin`; ties to the lower index.
uint32_t nearest_replica(const NationalNetwork& network, const PlannedChain& chain, size_t origin) {
  uint32_t best = 0;
  for (uint32_t replica = 1; replica < chain.replicas; ++replica) {
    if (network.delay(origin, chain.replica_places[replica]) <
        network.delay(origin, chain.replica_places[best])) {
      best = replica;
    }
  }
  return best;
}

sim::Duration access_of(const NationalNetwork& network, const PlannedChain& chain, size_t origin,
                        uint32_t ingress) {
  const size_t site = chain.replica_places[ingress];
  return origin == site ? network.access_delay() : network.delay(origin, site);
}

// Hosts by (place, room), made when first asked for.
class HostMap {
 public:
  HostMap(const NationSpec& nation, const HostPlan& plan, sim::WorldSpec& world,
          const std::map<size_t, sim::PlaceIndex>& place_index)
      : nation_(nation), plan_(plan), world_(world), place_index_(place_index) {}

  sim::HostIndex host(size_t place, uint32_t room, uint32_t ordinal) {
    const uint32_t which = ordinal % plan_.hosts_per_room;
    const auto key = std::pair(place, room * plan_.hosts_per_room + which);
    const auto found = index_.find(key);
    if (found != index_.end()) return found->second;
    const auto index = static_cast<sim::HostIndex>(world_.hosts.size());
    const sim::PlaceIndex place_index = place_index_.at(place);
    world_.hosts.push_back({world_.network.places[place_index].name + "-" +
                                std::to_string(room + 1) + "-" + std::to_string(which + 1),
                            place_index, slice_of(nation_.hardware.profile, plan_.cores)});
    index_.emplace(key, index);
    return index;
  }

 private:
  const NationSpec& nation_;
  const HostPlan& plan_;
  sim::WorldSpec& world_;
  const std::map<size_t, sim::PlaceIndex>& place_index_;
  std::map<std::pair<size_t, uint32_t>, sim::HostIndex> index_;
};

// In exact runs every chain keeps a real ledger, and every stream makes real calls.
constexpr uint32_t kDepartments = 10;

LedgerConfig exact_ledger(sim::ChainIndex chain) {
  return standard_chain(consensus::ChainId(uint64_t{chain} + 1), kDepartments, 1);
}

// Services with a contract of their own call it; the others leave records of what they look at and
// grant, as the sharing contract does.
sim::TransactionMaker exact_maker(const std::string& service, const LedgerConfig& ledger,
                                  uint32_t source) {
  const WorkloadConfig config{.chain = ledger.chain,
                              .source = source,
                              .departments = ledger.departments,
                              .validity = 1'800'000'000'000,
                              .refused_per_thousand = 0};
  if (service.find("licence") != std::string::npos) return licence_workload(config);
  if (service.find("invoice") != std::string::npos) return invoice_workload(config);
  return sharing_workload(config);
}

void add_streams(const NationSpec& nation, const NationalNetwork& network, const ChainPart& part,
                 sim::ChainIndex chain, sim::WorldSpec& world) {
  for (const Stream& stream : streams_of(nation, network, *part.chain, part.shards)) {
    const auto service = static_cast<sim::ServiceIndex>(world.services.size());
    const auto transaction_class = static_cast<uint32_t>(world.classes.size());
    world.services.push_back(stream.name);
    world.classes.push_back({stream.name, service, stream.payload, stream.execution_factor});
    sim::LoadSpec load;
    load.chain = chain;
    load.ingress = stream.ingress;
    load.transaction_class = transaction_class;
    load.rate = {{sim::Duration::zero(), stream.simulated}};
    load.access_delay = stream.access_delay;
    if (nation.exact_transactions) {
      load.maker = exact_maker(stream.name, exact_ledger(chain), service);
    }
    world.loads.push_back(std::move(load));
  }
}

// Contract costs in quarters of the reference call, upwards: mixtures that hardly differ are then
// one world.
double rounded_factor(double factor) {
  const auto quarters = static_cast<int64_t>(factor * 4);
  return static_cast<double>(quarters + (static_cast<double>(quarters) < factor * 4 ? 1 : 0)) / 4;
}

}  // namespace

sim::MachineProfile slice_of(const sim::MachineProfile& server, uint32_t cores) {
  sim::MachineProfile slice = server;
  slice.cores = cores;
  const uint64_t part = std::min(cores, server.cores);
  slice.memory = sim::Bytes(server.memory.count() / server.cores * part);
  slice.nic = sim::Rate::bits_per_second(server.nic.bits_per_second() / server.cores * part);
  return slice;
}

sim::ChainSpec chain_settings(const NationSpec& nation, const Arrangement& arrangement,
                              const PlannedChain& chain) {
  sim::ChainSpec spec;
  spec.name = chain.name;
  spec.protocol = chain.protocol;
  spec.scheme = nation.signatures;
  spec.engine.batch_delay = nation.deployment.batch_delay;
  spec.engine.max_block_transactions = nation.deployment.max_block_transactions;
  spec.engine.max_block_bytes = consensus::Bytes(8U << 20U);
  spec.engine.checkpoint_interval = checkpoint_interval(arrangement);
  return spec;
}

double round_up_preferred(double value, uint32_t steps_per_decade) {
  if (steps_per_decade == 0 || value <= 0) return value;
  const std::span<const double> steps =
      steps_per_decade == 10 ? std::span<const double>(kR10) : std::span<const double>(kR20);
  // Decades by exact powers of ten, so that the rungs are the same numbers however they are
  // reached.
  double decade = 1e-6;
  for (const double power :
       {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}) {
    if (power <= value) decade = power;
  }
  for (const double step : steps) {
    if (decade * step >= value) return decade * step;
  }
  return decade * 10;
}

uint64_t checkpoint_interval(const Arrangement& arrangement) {
  const bool proven = arrangement.connection != Arrangement::Connection::kNone &&
                      arrangement.connection != Arrangement::Connection::kCentral;
  return proven ? 1 : consensus::EngineConfig{}.checkpoint_interval;
}

std::vector<Stream> streams_of(const NationSpec& nation, const NationalNetwork& network,
                               const PlannedChain& chain, uint32_t shards) {
  // A chain of one place is offered its services apart; one that all use, the places apart; a
  // ministry's register is one stream.
  const bool by_place = chain.wide;
  std::map<size_t, Sums> sums;
  for (const ChainLoad& load : chain.loads) {
    const bool register_of_ministry = !chain.wide && chain.services.empty();
    const size_t subject = by_place ? load.origin : register_of_ministry ? 0 : load.service;
    Sums& sum = sums[subject];
    sum.rate += load.per_second;
    sum.bytes += load.per_second * static_cast<double>(load.payload.count());
    sum.work += load.per_second * load.execution_factor;
    if (register_of_ministry) {
      sum.delay += load.per_second *
                   static_cast<double>(network.delay(load.origin, chain.place).nanoseconds());
    }
  }
  std::vector<Stream> streams;
  for (const auto& [subject, sum] : sums) {
    Stream stream;
    stream.subject = subject;
    stream.per_second = sum.rate / shards;
    stream.simulated = round_up_preferred(std::max(stream.per_second, kFewestPerSecond),
                                          nation.deployment.load_steps_per_decade);
    stream.payload = sim::Bytes(static_cast<uint64_t>(sum.bytes / sum.rate + 0.5));
    stream.execution_factor = rounded_factor(sum.work / sum.rate);
    if (by_place) {
      stream.name = nation.places[subject].id;
      stream.ingress = nearest_replica(network, chain, subject);
      stream.access_delay = access_of(network, chain, subject, stream.ingress);
    } else if (chain.services.empty()) {
      stream.name = "registers";
      stream.access_delay =
          sim::Duration::microseconds(static_cast<int64_t>(sum.delay / sum.rate / 1000 + 0.5));
    } else {
      stream.name = nation.services[subject].id;
      stream.ingress = static_cast<uint32_t>(streams.size() % chain.replicas);
      stream.access_delay = network.access_delay();
    }
    streams.push_back(std::move(stream));
  }
  return streams;
}

sim::WorldSpec make_world(const NationSpec& nation, const NationalNetwork& network,
                          const Arrangement& arrangement, const std::vector<ChainPart>& parts,
                          const HostPlan& hosts) {
  sim::WorldSpec world;
  world.seed = nation.seed;
  world.duration = nation.deployment.peak_duration;
  world.warmup = nation.deployment.peak_warmup;
  world.load_mode = nation.exact_transactions ? sim::LoadMode::kExact : sim::LoadMode::kCohort;
  world.cohort_interval = nation.deployment.cohort_interval;
  std::vector<size_t> places;
  for (const ChainPart& part : parts) {
    for (const size_t place : part.chain->replica_places) {
      if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
    }
  }
  std::sort(places.begin(), places.end());
  world.network = network.network_for(places);
  // A world within one place is the same world wherever the place is.
  const bool local = places.size() == 1;
  if (local) world.network.places.front().name = "place";
  std::map<size_t, sim::PlaceIndex> place_index;
  for (size_t i = 0; i < places.size(); ++i) {
    place_index[places[i]] = static_cast<sim::PlaceIndex>(i);
  }
  HostMap host_map(nation, hosts, world, place_index);
  uint32_t ordinal = 0;
  for (const ChainPart& part : parts) {
    for (uint32_t shard = 0; shard < part.simulated; ++shard, ++ordinal) {
      const size_t slash = part.chain->name.find('/');
      std::string name = !local                       ? part.chain->name
                         : slash == std::string::npos ? "platform"
                                                      : part.chain->name.substr(slash + 1);
      if (part.simulated > 1) name += "#" + std::to_string(shard);
      sim::ChainSpec chain = chain_settings(nation, arrangement, *part.chain);
      chain.name = name;
      for (uint32_t replica = 0; replica < part.chain->replicas; ++replica) {
        chain.replicas.push_back({host_map.host(part.chain->replica_places[replica],
                                                part.chain->replica_rooms[replica], ordinal)});
      }
      const auto index = static_cast<sim::ChainIndex>(world.chains.size());
      if (nation.exact_transactions) {
        chain.application = [config = exact_ledger(index)] {
          return std::make_unique<Ledger>(config);
        };
      }
      world.chains.push_back(std::move(chain));
      add_streams(nation, network, part, index, world);
    }
  }
  world.name = world.chains.empty() ? "" : world.chains.front().name;
  return world;
}

}  // namespace govchain::models
