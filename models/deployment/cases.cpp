// What becomes of the cases: rules in README.md, derived from each case's calls and from what the
// arrangement connects.

#include <algorithm>
#include <cmath>

#include "models/deployment/configuration.h"

namespace govchain::models {

namespace {

using Connection = Arrangement::Connection;
using Chains = Arrangement::Chains;

// Under the hub every case is completed without a ledger. A clerk confirms those whose outcome
// rests on a change in another department's system, and, where a service makes no calls to speak
// of, those that somebody opens later (an item of evidence is worth what its proof is worth).
CaseCounts classify_central(const ServiceCase& service, const DeploymentSettings& settings,
                            double cases) {
  const double writing_calls = service.calls * service.writing_call_share;
  const double confirmations =
      service.calls < 1 ? std::max(writing_calls, service.reads) : writing_calls;
  CaseCounts counts;
  counts.by_hand = cases;
  counts.centrally = cases * (1 - std::min(1.0, confirmations) * service.person_share);
  counts.calls_by_hand =
      cases * confirmations * service.person_share * settings.assisted_minutes_share;
  counts.minutes_by_hand =
      counts.calls_by_hand * service.minutes_by_hand * settings.clerk_minutes_scale;
  return counts;
}

}  // namespace

CaseCounts& CaseCounts::operator+=(const CaseCounts& other) {
  on_chain += other.on_chain;
  by_hand += other.by_hand;
  unserved += other.unserved;
  centrally += other.centrally;
  calls_by_hand += other.calls_by_hand;
  minutes_by_hand += other.minutes_by_hand;
  return *this;
}

bool connects_chains(const Arrangement& arrangement) {
  return arrangement.connection != Connection::kNone;
}

double crossing_share(const Arrangement& arrangement, const Demand& demand, size_t place) {
  switch (arrangement.chains) {
    case Chains::kCentral:
      return 0;
    case Chains::kPerService:
      return 1;
    case Chains::kPerPlace:
    case Chains::kTwoTier:
      return 1 - demand.local_call_share(place);
  }
  return 1;
}

double all_calls_succeed(double calls, double each) {
  const double whole = std::floor(calls);
  double all = 1 - (calls - whole) * (1 - each);
  for (double call = 0; call < whole; ++call) all *= each;
  return all;
}

CaseCounts classify(const Configuration& configuration, const Demand& demand,
                    const DeploymentSettings& settings, size_t service, size_t place) {
  const Arrangement& arrangement = configuration.arrangement;
  const ServiceCase& wanted = demand.services()[service];
  const double cases = demand.cases_per_year(service, place);
  if (arrangement.chains == Chains::kCentral) return classify_central(wanted, settings, cases);
  const double crossing = crossing_share(arrangement, demand, place);
  const double crossing_succeeds =
      connects_chains(arrangement) ? 1 - configuration.schema_failure : 0;
  const double each = 1 - crossing * (1 - crossing_succeeds);
  CaseCounts counts;
  counts.on_chain = cases * all_calls_succeed(wanted.calls, each);
  const double blocked = cases - counts.on_chain;
  counts.by_hand = blocked * wanted.person_share;
  counts.unserved = blocked - counts.by_hand;
  counts.calls_by_hand = cases * wanted.calls * (1 - each) * wanted.person_share;
  counts.minutes_by_hand =
      counts.calls_by_hand * wanted.minutes_by_hand * settings.clerk_minutes_scale;
  return counts;
}

}  // namespace govchain::models
