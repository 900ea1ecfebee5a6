#pragma once
// A chain as deployments use it: all contracts, and departments with the usual division of roles.

#include <cstdint>
#include <vector>

#include "models/ledger/ledger.h"

namespace govchain::models {

// The contracts of this folder; one object each for the whole process.
[[nodiscard]] const std::vector<const Contract*>& standard_contracts();

// `count` departments with ids from 1 on, dealt to regions 1 … `regions` in turn. Within a region
// they take the roles portal, licence authority and regulator, tax authority, reimbursing unit and
// gateway in turn, and hold the roles that nobody else of the region would; so every region can
// handle every matter from one department on.
[[nodiscard]] std::vector<Department> standard_departments(uint32_t count, uint32_t regions);

// Contracts and departments as above; the rest as LedgerConfig has it.
[[nodiscard]] LedgerConfig standard_chain(consensus::ChainId chain, uint32_t departments,
                                          uint32_t regions);

}  // namespace govchain::models
