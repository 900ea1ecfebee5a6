#pragma once
// One way of building it, as countable things: chains with their places, replicas and hosts; what
// connects them; who builds and who runs them. The counterfactual steps of the redundancy cost are
// configurations like the deployments themselves.

#include <cstdint>
#include <string>
#include <vector>

#include "models/deployment/nation.h"

namespace govchain::models {

// Where the replicas of a chain run.
enum class Tenancy : uint8_t {
  kDedicated,  // hosts of their own
  kPooled,     // hosts shared by all chains of the place
};

// What of the demand a chain carries.
struct ChainLoad {
  size_t service = 0;
  size_t origin = 0;          // place whose people it comes from
  double per_second = 0;      // ledger transactions in the peak hour
  bool second_phase = false;  // part of somebody else's case (a call), not a case of its own
};

struct PlannedChain {
  std::string name;  // "CN-GD/invoice", "CN-GD", "CN", "national"
  size_t place = 0;  // index into places; places.size() for the ministries and the national tier
  bool national_tier = false;
  std::vector<size_t> services;  // empty: a ministry's register
  uint32_t vendor = 0;
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint32_t replicas = 4;
  std::vector<size_t> replica_places;   // one per replica; all equal but for the national tier
  std::vector<uint32_t> replica_rooms;  // room within its place
  Tenancy tenancy = Tenancy::kDedicated;
  std::vector<ChainLoad> loads;
  uint32_t copies = 1;  // equal chains that this one stands for (the ministries')
};

// Everything about a configuration that is not a size.
struct Configuration {
  std::string id;  // "interconnected", "pooling", …
  DeploymentKind kind = DeploymentKind::kIsolated;
  std::vector<PlannedChain> chains;
  bool as_procured = false;         // lot sizes and over-specification
  uint32_t adapters = 0;            // built, one per pair or per chain
  uint32_t gateways = 0;            // run: hosts between chains
  uint32_t project_builds = 0;      // separate chain projects
  uint32_t platform_builds = 0;     // shared platforms
  uint32_t onboardings = 0;         // services configured on a shared platform
  uint32_t interface_builds = 0;    // conformance to a mandated interface
  uint32_t operations = 0;          // teams with a round-the-clock desk
  uint32_t places_on_site = 0;      // places with people on site under a central operation
  bool calls_connected = false;     // calls between chains are made on chain
  double schema_failure = 0;        // of calls that cross chains
  bool calls_inside_place = false;  // departments of one place share a ledger
  bool calls_everywhere = false;    // all do
};

// Cases per year; the three add up to the demand, whatever the kind.
struct CaseCounts {
  double on_chain = 0;
  double by_hand = 0;  // a person completes them without the chain's guarantee; the hub's are here
  double unserved = 0;
  double centrally = 0;        // the part of by_hand that the central hub's calls carry
  double calls_by_hand = 0;    // calls that a clerk makes in their stead
  double minutes_by_hand = 0;  // of clerks
  [[nodiscard]] double total() const { return on_chain + by_hand + unserved; }
  CaseCounts& operator+=(const CaseCounts& other);
};

// What happens to the cases of one service in one place, derived from its calls and from what the
// configuration connects. Rules in models/deployment/README.md.
[[nodiscard]] CaseCounts classify(const Configuration& configuration, const Demand& demand,
                                  const DeploymentSettings& settings, size_t service, size_t place);

// Probability that all calls of a case succeed if each does with `each`: floor(calls) of them, and
// one more with the fractional part as its probability.
[[nodiscard]] double all_calls_succeed(double calls, double each);

// Pairs of chains of different vendors (kPairs) or chains (kHub), chains dealt to vendors in turn.
[[nodiscard]] uint32_t adapters_needed(uint32_t chains, uint32_t vendors, AdapterTopology topology);

// Errors: kInvalid as check_nation.
[[nodiscard]] consensus::Result<Configuration> configure(const NationSpec& nation,
                                                         const Demand& demand, DeploymentKind kind,
                                                         bool as_procured);

// The chain of counterfactuals from one deployment to another, first and last included: ids
// "idle_capacity", "pooling", "duplicate_builds", "adapters", "operations" lead from
// `interconnected` as procured to `national` as needed. Other ends take the steps that apply
// (README.md); a step that changes nothing is still there.
struct CounterfactualStep {
  std::string id;  // of the change that leads here; empty for the first end
  Configuration configuration;
};
[[nodiscard]] consensus::Result<std::vector<CounterfactualStep>> counterfactuals(
    const NationSpec& nation, const Demand& demand, DeploymentKind from, DeploymentKind against);

}  // namespace govchain::models
