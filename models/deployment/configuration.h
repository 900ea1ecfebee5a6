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
  size_t origin = 0;      // place whose people it comes from
  double per_second = 0;  // ledger transactions in the peak hour
  sim::Bytes payload;     // of one
  double execution_factor = 1;
  bool call = false;  // part of a call: a record with the provider, a phase of a two-phase change
};

struct PlannedChain {
  std::string name;   // "CN-GD/invoice", "CN-GD", "CN", "national"
  size_t place = 0;   // index into places; places.size() for the ministries and the national tier
  bool wide = false;  // clients of all places use it: the national tier, the hub
  std::vector<size_t> services;  // empty: a ministry's register
  uint32_t vendor = 0;
  consensus::Protocol protocol = consensus::Protocol::kPbft;
  uint32_t replicas = 4;
  std::vector<size_t> replica_places;   // one per replica; all equal but for the national tier
  std::vector<uint32_t> replica_rooms;  // room within its place
  std::vector<ChainLoad> loads;
  uint32_t copies = 1;  // equal chains that this one stands for (the ministries')
};

// How the parts are arranged. The deployments are six such arrangements, and the counterfactual
// steps change one member after the other.
struct Arrangement {
  enum class Chains : uint8_t {
    kCentral,     // the hub's replicated database
    kPerService,  // one per service and place, one per ministry
    kPerPlace,    // one per place, one for the ministries
    kTwoTier,     // one per place, and a national tier over several provinces
  };
  enum class Builds : uint8_t { kPerChain, kPerPlace, kOne, kHub };
  enum class Connection : uint8_t { kNone, kInterface, kAdapters, kGateways, kShared, kCentral };
  enum class Operation : uint8_t { kPerChain, kPerPlace, kOne };
  Chains chains = Chains::kPerService;
  Tenancy tenancy = Tenancy::kDedicated;
  Builds builds = Builds::kPerChain;
  Connection connection = Connection::kNone;
  Operation operation = Operation::kPerChain;
  bool as_procured = false;  // lot sizes and over-specification
  friend bool operator==(const Arrangement&, const Arrangement&) = default;
};
[[nodiscard]] Arrangement arrangement_of(DeploymentKind kind, bool as_procured);

// A number of things: so many in each place, so many at the centre.
struct Spread {
  double each_place = 0;
  double centre = 0;
  [[nodiscard]] double total(size_t places) const {
    return each_place * static_cast<double>(places) + centre;
  }
  friend bool operator==(const Spread&, const Spread&) = default;
};

// Everything about a configuration that is not a size.
struct Configuration {
  std::string id;  // "interconnected", "pooling", …
  Arrangement arrangement;
  std::vector<PlannedChain> chains;
  // Built.
  Spread project_builds;   // separate chain projects
  Spread platform_builds;  // shared platforms
  Spread service_builds;   // a service's contracts on a shared platform
  Spread onboardings;      // a service configured in a place where it was not built
  Spread hub_builds;
  Spread interface_builds;  // conformance to a mandated interface
  Spread adapters;
  Spread gateway_builds;
  // Run.
  Spread gateways;
  Spread operations;         // teams with a round-the-clock desk
  Spread supported_systems;  // with application support of their own
  Spread people_on_site;     // places with people under a central operation
  Spread graded_systems;     // security assessments a year
  Spread members;            // organisations trained, over all platforms
  Spread networks;           // platform licences
  // Calls.
  double schema_failure = 0;  // of calls that cross chains
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

[[nodiscard]] Configuration configure(const NationSpec& nation, const Demand& demand,
                                      const Arrangement& arrangement, std::string id);

// Do calls between two chains happen on chain at all?
[[nodiscard]] bool connects_chains(const Arrangement& arrangement);
// Share of the calls of cases in `place` that leave the chain they start from.
[[nodiscard]] double crossing_share(const Arrangement& arrangement, const Demand& demand,
                                    size_t place);

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
