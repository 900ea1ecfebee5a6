#pragma once
// The ledger as a node's application: who its departments are comes from the network's file, and
// what clients submit is checked against their keys.
//
//   "application": {"ledger": {
//     "validity_ms": 3600000,
//     "departments": [{"department": 1, "region": 1, "roles": ["portal"], "key": "…"}]}}

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "consensus/node/config/network_file.h"
#include "consensus/node/node.h"
#include "consensus/result.h"
#include "models/ledger/ledger.h"

namespace govchain::analysis {

// From a network's file. kInvalid with the place and what was expected.
[[nodiscard]] consensus::Result<models::LedgerConfig> read_ledger(
    const consensus::node::NetworkFile& network, const std::string& path);
// The section that read_ledger() reads.
[[nodiscard]] nlohmann::json encode_ledger(const std::vector<models::Department>& departments,
                                           int64_t validity);

// Whether every transaction that the payload counts decodes, is of this chain, and is signed by its
// department, alone or with the others of its batch. May be called on several threads.
[[nodiscard]] bool is_signed_by_departments(const models::LedgerConfig& config,
                                            const consensus::Payload& payload);

[[nodiscard]] consensus::node::NodeApplication ledger_application(
    std::shared_ptr<const models::LedgerConfig> config);

}  // namespace govchain::analysis
