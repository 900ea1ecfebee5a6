#pragma once
// A change in another chain, played out: two chains with real ledgers and a real gateway between
// them (models/interconnect), every message and proof of it simulated. What it takes, without the
// way between the two places, is added to the ways of the plan.

#include "models/deployment/configuration.h"
#include "sim/world_spec.h"

namespace govchain::models {

// Both chains like `chain`, on hosts of `cores`, in places no distance apart. The call's latency,
// from the request's submission to its settlement, is that of service kCallService.
inline constexpr sim::ServiceIndex kCallService = 1;
[[nodiscard]] sim::WorldSpec gateway_world(const NationSpec& nation, const Arrangement& arrangement,
                                           const PlannedChain& chain, uint32_t cores);

}  // namespace govchain::models
