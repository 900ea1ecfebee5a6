#pragma once
// Who and what a ledger speaks of. Each is its own type: a department does not convert to a party.

#include <cstdint>

#include "consensus/types.h"

namespace govchain::models {

// A government department that takes part in a chain: it submits transactions and answers for them.
using DepartmentId = consensus::Ordinal<struct DepartmentTag>;
// A citizen or a firm, pseudonymous. 0 = nobody: the department acts for itself.
using PartyId = consensus::Ordinal<struct PartyTag>;
// A legal region (province). 0 = the whole nation.
using RegionId = consensus::Ordinal<struct RegionTag>;

inline constexpr RegionId kNationwide{0};
inline constexpr PartyId kNobody{0};

}  // namespace govchain::models
