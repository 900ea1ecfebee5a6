#include "models/deployment/loads.h"

#include "models/services/workload.h"

namespace govchain::models {

namespace {

using Chains = Arrangement::Chains;

// A change in another chain is a request and a settlement at home and an execution there
// (models/services/gateway), beside the case's own writes.
constexpr double kPhasesAtProvider = 1;
constexpr double kPhasesAtHome = 2;

// What they cost beside the reference call: on a quiet chain each transaction comes under a
// checkpoint of its own, whose quorum of three signatures it must check.
constexpr double kQuorum = 3;
constexpr double kGatewayFactor =
    (kGatewayExecuteCostPerMille + kQuorum * kSignatureCostPerMille) / 1000.0;

// A call at the hub is a look-up in a database and an entry in its log, without a state tree: the
// reference call.
constexpr double kDatabaseCall = 1;

void add(std::vector<ChainLoad>& loads, const ServiceCase& service, size_t index, size_t origin,
         double per_second, double factor, bool call) {
  if (per_second <= 0) return;
  loads.push_back({.service = index,
                   .origin = origin,
                   .per_second = per_second,
                   .payload = service.payload,
                   .execution_factor = factor,
                   .call = call});
}

// Cases that are completed at all, on chain or by hand, leave their records on their own chain;
// machine calls that cannot be made leave nothing.
double recorded_share(const Arrangement& arrangement, double schema_failure, const Demand& demand,
                      const ServiceCase& service, size_t place) {
  const double fails = crossing_share(arrangement, demand, place) *
                       (connects_chains(arrangement) ? schema_failure : 1);
  const double on_chain = all_calls_succeed(service.calls, 1 - fails);
  return on_chain + (1 - on_chain) * service.person_share;
}

}  // namespace

std::vector<ChainLoad> provincial_loads(const Arrangement& arrangement, double schema_failure,
                                        const Demand& demand, size_t service, size_t place) {
  std::vector<ChainLoad> loads;
  const ServiceCase& wanted = demand.services()[service];
  const double cases = demand.peak_cases(service, place);
  add(loads, wanted, service, place,
      cases * recorded_share(arrangement, schema_failure, demand, wanted, place) *
          demand.own_writes(service),
      wanted.execution_factor, false);
  const bool separate = arrangement.chains == Chains::kPerService;
  if (separate && !connects_chains(arrangement)) return loads;
  const double made = 1 - schema_failure;
  const double crossing = crossing_share(arrangement, demand, place);
  const double record = 1 / demand.settings().records_per_root;
  const Demand::IncomingCalls local = demand.peak_incoming(service, place, true);
  const Demand::IncomingCalls remote = demand.peak_incoming(service, place, false);
  const double records =
      local.reading * record * (separate ? made : 1) + remote.reading * record * made;
  const double phases =
      (cases * wanted.calls * wanted.writing_call_share * crossing * kPhasesAtHome +
       (local.writing * (separate ? 1 : 0) + remote.writing) * kPhasesAtProvider) *
      made;
  add(loads, wanted, service, place, records, wanted.execution_factor, true);
  add(loads, wanted, service, place, phases, kGatewayFactor, true);
  return loads;
}

std::vector<ChainLoad> ministry_loads(const Arrangement& arrangement, double schema_failure,
                                      const Demand& demand, double share_of) {
  std::vector<ChainLoad> loads;
  if (!connects_chains(arrangement) || share_of <= 0) return loads;
  const double record = 1 / demand.settings().records_per_root;
  for (size_t place = 0; place < demand.places().size(); ++place) {
    for (size_t s = 0; s < demand.services().size(); ++s) {
      const ServiceCase& service = demand.services()[s];
      const double calls =
          demand.peak_cases(s, place) * service.calls * demand.ministry_call_share(place);
      const double made = (1 - schema_failure) / share_of;
      add(loads, service, s, place, calls * (1 - service.writing_call_share) * record * made,
          service.execution_factor, true);
      add(loads, service, s, place, calls * service.writing_call_share * kPhasesAtProvider * made,
          kGatewayFactor, true);
    }
  }
  return loads;
}

std::vector<ChainLoad> national_tier_loads(const Demand& demand) {
  std::vector<ChainLoad> loads;
  for (size_t place = 0; place < demand.places().size(); ++place) {
    const double to_other_places =
        1 - demand.local_call_share(place) - demand.ministry_call_share(place);
    for (size_t s = 0; s < demand.services().size(); ++s) {
      const ServiceCase& service = demand.services()[s];
      add(loads, service, s, place,
          demand.peak_cases(s, place) * service.calls * service.writing_call_share *
              to_other_places,
          kGatewayFactor, true);
    }
  }
  return loads;
}

std::vector<ChainLoad> hub_loads(const Demand& demand) {
  std::vector<ChainLoad> loads;
  for (size_t place = 0; place < demand.places().size(); ++place) {
    for (size_t s = 0; s < demand.services().size(); ++s) {
      const ServiceCase& service = demand.services()[s];
      add(loads, service, s, place, demand.peak_cases(s, place) * service.calls, kDatabaseCall,
          true);
    }
  }
  return loads;
}

}  // namespace govchain::models
