#include "models/sizing/outcome.h"

#include <algorithm>

#include "models/deployment/availability.h"

namespace govchain::models {

namespace {

using Chains = Arrangement::Chains;

// Index of the chain that keeps (service, place)'s records.
size_t own_chain(const Configuration& configuration, size_t services, size_t service,
                 size_t place) {
  switch (configuration.arrangement.chains) {
    case Chains::kCentral:
      return 0;
    case Chains::kPerService:
      return place * services + service;
    case Chains::kPerPlace:
    case Chains::kTwoTier:
      return place;
  }
  return 0;
}

// Where the streams of a group's chains begin among the services of its world.
struct Cursor {
  size_t chain = 0;
  size_t service = 0;
};

ChainOutcome outcome_of(const NationSpec& nation, const NationalNetwork& network,
                        const Configuration& configuration, const ChainGroup& group, size_t index,
                        double copies, Cursor& cursor) {
  const PlannedChain& chain = configuration.chains[index];
  ChainOutcome outcome;
  outcome.availability =
      chain_availability(chain, configuration.arrangement.tenancy, nation.reliability);
  const auto streams = streams_of(nation, network, chain, group.shards);
  if (group.result == nullptr) return outcome;
  const double window =
      (nation.deployment.peak_duration - nation.deployment.peak_warmup).to_seconds();
  const bool repeated = chain.copies > 1 && copies == 1;  // all copies are in the world
  const uint32_t worlds_chains = repeated ? chain.copies : 1;
  double offered = 0;
  double simulated = 0;
  uint64_t committed = 0;
  uint64_t submitted = 0;
  for (const Stream& stream : streams) {
    offered += stream.per_second;
    simulated += stream.simulated;
    const sim::ServiceResult& observed = group.result->services[cursor.service++];
    outcome.subjects.push_back(stream.subject);
    outcome.latencies.push_back(LatencyDistribution::of(observed.latency));
    outcome.latency.mix(outcome.latencies.back(), stream.per_second);
  }
  cursor.service += streams.size() * (worlds_chains - 1);
  const sim::ChainResult& observed = group.result->chains[cursor.chain];
  cursor.chain += worlds_chains;
  committed = observed.transactions.committed;
  submitted = observed.transactions.submitted - observed.transactions.in_flight;
  outcome.simulated_share = simulated > 0 ? offered / simulated : 0;
  outcome.demand_per_second = offered * (repeated ? chain.copies : copies);
  outcome.throughput_per_second =
      outcome.demand_per_second * (submitted > 0 ? std::min(1.0, static_cast<double>(committed) /
                                                                     static_cast<double>(submitted))
                                                 : 0);
  outcome.blocks_per_second =
      static_cast<double>(observed.blocks) / window * outcome.simulated_share;
  outcome.network_bps =
      static_cast<double>(observed.network_bytes.count()) * 8 / window * outcome.simulated_share;
  return outcome;
}

}  // namespace

const LatencyDistribution& ChainOutcome::latency_of(size_t subject) const {
  for (size_t i = 0; i < subjects.size(); ++i) {
    if (subjects[i] == subject && !latencies[i].empty()) return latencies[i];
  }
  return latency;
}

std::vector<ChainOutcome> chain_outcomes(const NationSpec& nation, const NationalNetwork& network,
                                         const Configuration& configuration,
                                         const std::vector<ChainGroup>& groups) {
  std::vector<ChainOutcome> outcomes(configuration.chains.size());
  for (size_t g = 0; g < groups.size(); ++g) {
    Cursor cursor;
    for (const size_t chain : groups[g].chains) {
      outcomes[chain] = outcome_of(nation, network, configuration, groups[g], chain,
                                   multiplicity(configuration, groups[g]), cursor);
      outcomes[chain].group = g;
    }
  }
  return outcomes;
}

NationOutcome::NationOutcome(const NationSpec& nation, const Demand& demand,
                             const NationalNetwork& network, const Configuration& configuration,
                             const std::vector<ChainOutcome>& chains,
                             const LatencyDistribution& change)
    : nation_(nation),
      demand_(demand),
      network_(network),
      configuration_(configuration),
      chains_(chains),
      change_(change) {
  const size_t places = nation.places.size();
  const size_t services = nation.services.size();
  double weights = 0;
  double available = 0;
  for (size_t i = 0; i < chains.size(); ++i) {
    if (configuration.chains[i].wide || chains[i].latency.empty()) continue;
    available += chains[i].availability * chains[i].demand_per_second;
    weights += chains[i].demand_per_second;
  }
  if (weights > 0) provider_availability_ = available / weights;
  for (size_t p = 0; p < places; ++p) {
    waits_.push_back(route_wait(p));
    routes_up_.push_back(route_availability(network, nation.reliability, p, places));
  }
  latency_.resize(places * services);
  availability_.resize(places * services);
  cases_.resize(places * services);
  for (size_t s = 0; s < services; ++s) {
    for (size_t p = 0; p < places; ++p) fill(s, p);
  }
}

// There and back to the providers of a place's crossing calls, each as often as it is called.
LatencyDistribution NationOutcome::route_wait(size_t place) const {
  LatencyDistribution wait;
  const size_t places = nation_.places.size();
  const double* row = &demand_.calls().province[place * (places + 1)];
  for (size_t to = 0; to <= places; ++to) {
    if (to == place) {
      // Another chain of the same place: two access networks each way, as between its rooms.
      if (configuration_.arrangement.chains != Chains::kPerService) continue;
      wait.mix(LatencyDistribution::constant(network_.access_delay() * 4), row[to]);
    } else {
      wait.mix(LatencyDistribution::constant(network_.delay(place, to) * 2), row[to]);
    }
  }
  return wait;
}

// A case is final when its own write is (no crossing call), when the answer of the reading call has
// come (there and back) and been written, or when a changing call is settled: request, proof and
// decision of the gateways, and the way there and back. Calls of one case run in parallel. In two
// tiers the national tier orders the change in between.
void NationOutcome::fill(size_t service, size_t place) {
  const ServiceCase& wanted = nation_.services[service];
  const Arrangement& arrangement = configuration_.arrangement;
  const size_t index = own_chain(configuration_, nation_.services.size(), service, place);
  const ChainOutcome& own = chains_[index];
  const size_t at = cell(service, place);
  cases_[at] = classify(configuration_, demand_, nation_.deployment, service, place);
  const bool central = arrangement.chains == Chains::kCentral;
  const LatencyDistribution& base = own.latency_of(central ? place : service);
  latency_[at] = LatencyDistribution();
  availability_[at] = own.availability * (central ? routes_up_[place] : 1);
  const double crossing = crossing_share(arrangement, demand_, place);
  if (central || !connects_chains(arrangement) || crossing <= 0) {
    latency_[at].mix(base, 1);
    return;
  }
  const double writing_calls = wanted.calls * wanted.writing_call_share;
  const double reading_calls = wanted.calls - writing_calls;
  const double writes = 1 - all_calls_succeed(writing_calls, 1 - crossing);
  const double reads = (1 - writes) * (1 - all_calls_succeed(reading_calls, 1 - crossing));
  latency_[at].mix(base, 1 - writes - reads);
  latency_[at].mix(base.plus(waits_[place]), reads);
  if (writes > 0) {
    LatencyDistribution change = change_.plus(waits_[place]);
    if (arrangement.chains == Chains::kTwoTier) {
      change = change.plus(chains_.back().latency_of(place));
    }
    latency_[at].mix(change, writes);
  }
  const double tier = arrangement.chains == Chains::kTwoTier ? chains_.back().availability : 1;
  const double away = 1 - demand_.local_call_share(place);
  availability_[at] *=
      1 - (writes + reads) * (1 - provider_availability_ * tier) -  // the provider, if called
      (1 - all_calls_succeed(wanted.calls, 1 - away)) * (1 - routes_up_[place]);
}

size_t NationOutcome::cell(size_t service, size_t place) const {
  return service * nation_.places.size() + place;
}

double NationOutcome::weight(size_t service, size_t place) const {
  const CaseCounts& counts = cases_[cell(service, place)];
  return counts.on_chain + counts.by_hand;
}

const LatencyDistribution& NationOutcome::latency(size_t service, size_t place) const {
  return latency_[cell(service, place)];
}
double NationOutcome::availability(size_t service, size_t place) const {
  return availability_[cell(service, place)];
}
const CaseCounts& NationOutcome::cases(size_t service, size_t place) const {
  return cases_[cell(service, place)];
}

LatencyDistribution NationOutcome::latency_of_service(size_t service) const {
  LatencyDistribution mean;
  for (size_t p = 0; p < nation_.places.size(); ++p) {
    mean.mix(latency(service, p), weight(service, p));
  }
  return mean;
}

LatencyDistribution NationOutcome::latency_of_place(size_t place) const {
  LatencyDistribution mean;
  for (size_t s = 0; s < nation_.services.size(); ++s)
    mean.mix(latency(s, place), weight(s, place));
  return mean;
}

LatencyDistribution NationOutcome::latency_of_all() const {
  LatencyDistribution mean;
  for (size_t s = 0; s < nation_.services.size(); ++s) {
    for (size_t p = 0; p < nation_.places.size(); ++p) mean.mix(latency(s, p), weight(s, p));
  }
  return mean;
}

double NationOutcome::availability_of_service(size_t service) const {
  double sum = 0;
  double weights = 0;
  for (size_t p = 0; p < nation_.places.size(); ++p) {
    sum += availability(service, p) * weight(service, p);
    weights += weight(service, p);
  }
  return weights > 0 ? sum / weights : 1;
}

double NationOutcome::availability_of_place(size_t place) const {
  double sum = 0;
  double weights = 0;
  for (size_t s = 0; s < nation_.services.size(); ++s) {
    sum += availability(s, place) * weight(s, place);
    weights += weight(s, place);
  }
  return weights > 0 ? sum / weights : 1;
}

double NationOutcome::availability_of_all() const {
  double sum = 0;
  double weights = 0;
  for (size_t s = 0; s < nation_.services.size(); ++s) {
    for (size_t p = 0; p < nation_.places.size(); ++p) {
      sum += availability(s, p) * weight(s, p);
      weights += weight(s, p);
    }
  }
  return weights > 0 ? sum / weights : 1;
}

CaseCounts NationOutcome::cases_of_service(size_t service) const {
  CaseCounts sum;
  for (size_t p = 0; p < nation_.places.size(); ++p) sum += cases(service, p);
  return sum;
}

CaseCounts NationOutcome::cases_of_place(size_t place) const {
  CaseCounts sum;
  for (size_t s = 0; s < nation_.services.size(); ++s) sum += cases(s, place);
  return sum;
}

}  // namespace govchain::models
