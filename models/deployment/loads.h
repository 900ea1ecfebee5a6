#pragma once
// Ledger transactions per second that each chain of an arrangement carries in the peak hour. Rules
// in README.md.

#include <vector>

#include "models/deployment/configuration.h"

namespace govchain::models {

// Own cases of (service, place), their second phases, and the records and phases of incoming calls.
[[nodiscard]] std::vector<ChainLoad> provincial_loads(const Arrangement& arrangement,
                                                      double schema_failure, const Demand& demand,
                                                      size_t service, size_t place);
// Calls into the ministries, by the place they come from, divided by `share_of` registers.
[[nodiscard]] std::vector<ChainLoad> ministry_loads(const Arrangement& arrangement,
                                                    double schema_failure, const Demand& demand,
                                                    double share_of);
// Changes that span two places, ordered by the national tier.
[[nodiscard]] std::vector<ChainLoad> national_tier_loads(const Demand& demand);
// Calls served by the hub.
[[nodiscard]] std::vector<ChainLoad> hub_loads(const Demand& demand);

}  // namespace govchain::models
