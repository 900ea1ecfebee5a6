#pragma once
// A scenario: what is run or planned, as plain descriptions for sim/ and models/, and where every
// part of it stands in its file.

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consensus/result.h"
#include "models/cost/price.h"
#include "models/deployment/nation.h"
#include "sim/world_spec.h"

namespace govchain::scenarios {

enum class ScenarioKind : uint8_t { kConsensus, kNational };
[[nodiscard]] const char* name_of(ScenarioKind kind);

enum class Comparison : uint8_t { kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
[[nodiscard]] const char* name_of(Comparison comparison);
[[nodiscard]] bool holds(double value, Comparison comparison, double bound);

// A bound on one figure of the result, named by its JSON pointer there.
struct Objective {
  std::string metric;
  Comparison comparison = Comparison::kLessOrEqual;
  double value = 0;
  std::string where;  // file:line:column
};

// One input of a plan, as a reviewer wants to see it.
struct Figure {
  std::string id;
  std::string what;
  double value = 0;
  std::optional<double> low;
  std::optional<double> high;
  std::string unit;
  std::string source;
  std::string quality;
  std::string origin;  // file and JSON pointer
};

// What a plan needs.
struct NationalScenario {
  models::NationSpec nation;
  int first_year = 2026;
  std::vector<models::Price> prices;
  models::Price discount_rate;
  models::PriceBase base;
  models::ExchangeRates exchange_rates;
  models::Deflator deflator;
  std::vector<std::string> uncertain;
  uint32_t draws = 2'000;
  std::vector<Figure> figures;  // prices, settings, demand, service levels
};

struct Scenario {
  std::string path;  // as given
  std::string id;
  std::string summary;
  ScenarioKind kind = ScenarioKind::kConsensus;
  std::string hash;                   // SHA-256 (hex) of the resolved document's canonical text
  std::string resolved;               // the document after extends, set and options, as JSON
  std::vector<std::string> warnings;  // finished lines, each with its place
  std::vector<Objective> objectives;
  sim::WorldSpec world;  // kConsensus
  std::optional<NationalScenario> national;
};

struct LoadOptions {
  // Folder that holds scenarios/data; if it does not, the scenario file's own surroundings count.
  std::string home = ".";
  std::vector<std::string> overrides;  // POINTER=VALUE, applied in order
  // Options of the command line that have a name of their own: {"--seed", "7"}. Known: --seed,
  // --crypto, --load.
  std::vector<std::pair<std::string, std::string>> named;
  std::string profile;  // file of a machine profile for every host; empty: as stated
  // For tests: every key that the loader asked for, as "definition.key" of the schema.
  std::set<std::string>* keys_asked = nullptr;
};

// Errors: finished diagnostics; every one is the author's to correct.
[[nodiscard]] consensus::Result<Scenario> load_scenario(const std::string& path,
                                                        const LoadOptions& options);

struct ScenarioEntry {
  std::string id;
  std::string path;  // relative to home
  std::string summary;
  std::string kind;
};
// Every scenario below home/scenarios, by path. What is no scenario (data, profiles, schema) is
// left out; one that does not parse is an error.
[[nodiscard]] consensus::Result<std::vector<ScenarioEntry>> list_scenarios(const std::string& home);

}  // namespace govchain::scenarios
