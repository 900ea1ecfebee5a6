#include "models/deployment/loads.h"

namespace govchain::models {

namespace {

using Chains = Arrangement::Chains;

// A change in another chain takes a prepare and a commit there, and a commit at home (two-phase
// commit; "start, each step and commit are separate transactions", costs.json WeCross).
constexpr double kPhasesAtProvider = 2;
constexpr double kPhasesAtHome = 1;

void add(std::vector<ChainLoad>& loads, const ServiceCase& service, size_t index, size_t origin,
         double per_second, bool call) {
  if (per_second <= 0) return;
  loads.push_back({.service = index,
                   .origin = origin,
                   .per_second = per_second,
                   .payload = service.payload,
                   .execution_factor = service.execution_factor,
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
      false);
  const bool separate = arrangement.chains == Chains::kPerService;
  if (separate && !connects_chains(arrangement)) return loads;
  const double made = 1 - schema_failure;
  const double crossing = crossing_share(arrangement, demand, place);
  const double record = 1 / demand.settings().records_per_root;
  const Demand::IncomingCalls local = demand.peak_incoming(service, place, true);
  const Demand::IncomingCalls remote = demand.peak_incoming(service, place, false);
  const double calls =
      cases * wanted.calls * wanted.writing_call_share * crossing * kPhasesAtHome * made +
      local.reading * record * (separate ? made : 1) +
      local.writing * (separate ? kPhasesAtProvider * made : 0) +
      (remote.reading * record + remote.writing * kPhasesAtProvider) * made;
  add(loads, wanted, service, place, calls, true);
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
      const double phases = service.writing_call_share * kPhasesAtProvider +
                            (1 - service.writing_call_share) * record;
      add(loads, service, s, place, calls * phases * (1 - schema_failure) / share_of, true);
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
          true);
    }
  }
  return loads;
}

std::vector<ChainLoad> hub_loads(const Demand& demand) {
  std::vector<ChainLoad> loads;
  for (size_t place = 0; place < demand.places().size(); ++place) {
    for (size_t s = 0; s < demand.services().size(); ++s) {
      const ServiceCase& service = demand.services()[s];
      add(loads, service, s, place, demand.peak_cases(s, place) * service.calls, true);
    }
  }
  return loads;
}

}  // namespace govchain::models
