#pragma once
// What clients can read of the contracts' records by names that people write:
//
//   {"query": "sharing.resource", "resource": 7}
//
// answers {"record": {…} or null, "key": the record's key}; with the key, {"query": "record"} gives
// the proof. Logs answer {"entries": […], "size": how many there are in all}.

#include <span>
#include <string_view>

#include <nlohmann/json.hpp>

#include "consensus/result.h"
#include "models/ledger/call_state.h"

namespace govchain::analysis {

struct ServiceQuery {
  std::string_view name;                     // contract.record
  std::span<const std::string_view> fields;  // of its arguments
  consensus::Result<nlohmann::json> (*answer)(const models::StateReader& state,
                                              const nlohmann::json& arguments);
};

[[nodiscard]] std::span<const ServiceQuery> service_queries();
// `arguments` without the query's name. kInvalid with the JSON pointer, or with the nearest name.
[[nodiscard]] consensus::Result<nlohmann::json> answer_service_query(
    std::string_view name, const models::StateReader& state, const nlohmann::json& arguments);

}  // namespace govchain::analysis
