#pragma once
// From sized groups to what stands in each place.

#include <vector>

#include "models/deployment/infrastructure.h"
#include "models/sizing/outcome.h"

namespace govchain::models {

// Whole servers with over-specification, or shares of servers: rules in
// models/deployment/README.md. By place, the centre last. `needed` are the groups as found by the
// search; `utilised` the same groups as simulated (equal, or with procured hosts).
[[nodiscard]] std::vector<PlaceInfrastructure> infrastructure_of(
    const NationSpec& nation, const Demand& demand, const Configuration& configuration,
    const std::vector<ChainGroup>& needed, const std::vector<ChainGroup>& utilised,
    const std::vector<ChainOutcome>& outcomes);

}  // namespace govchain::models
