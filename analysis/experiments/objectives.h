#pragma once
// Objectives of a scenario: bounds on figures of its result, named by JSON pointer there. In a list
// whose elements have an id, the id may stand for the place: /chains/main/throughput_tps.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "consensus/result.h"
#include "scenarios/scenario.h"

namespace govchain::analysis {

struct CheckedObjective {
  scenarios::Objective objective;
  bool has_value = false;  // a latency of nothing has none
  double value = 0;
  bool met = false;
};

// Error: kInvalid at the first objective whose metric is not known, with the nearest that is.
[[nodiscard]] consensus::Status check_metrics(const std::vector<scenarios::Objective>& objectives,
                                              const std::vector<std::string>& known);

// The same for a scenario of either kind, before anything is simulated.
[[nodiscard]] consensus::Status check_objectives(const scenarios::Scenario& scenario);

// All numbers below `json`, as pointers that begin with `prefix`; `by_id` names elements of lists
// by their ids.
void collect_metrics(const nlohmann::ordered_json& json, const std::string& prefix, bool by_id,
                     std::vector<std::string>& out);

// False if no number is there.
[[nodiscard]] bool find_metric(const nlohmann::ordered_json& json, const std::string& metric,
                               double& value);

[[nodiscard]] CheckedObjective checked(const scenarios::Objective& objective,
                                       const nlohmann::ordered_json& json);

[[nodiscard]] nlohmann::ordered_json objectives_json(const std::vector<CheckedObjective>& all);
// A line each: ✓ or ✗, the bound, the value.
[[nodiscard]] std::string objectives_text(const std::vector<CheckedObjective>& all, bool colour);

}  // namespace govchain::analysis
