#pragma once
// What a node answers to those who read its ledger (POST /v1/query):
//
//   {"query": "chain"}                                height, block time, transactions, state root
//   {"query": "department", "department": 1}          region and roles
//   {"query": "record", "key": "hex"}                 value with a proof under the state root
//   {"query": "transaction", "id": "hex", "expiry": nanoseconds since 1970}   its receipt
//   {"query": "sharing.resource", "resource": 7}      see service/service_queries.h

#include <nlohmann/json.hpp>

#include "consensus/node/client/query_service.h"

namespace govchain::analysis {

class LedgerQueries final : public consensus::node::QueryService {
 public:
  [[nodiscard]] consensus::Result<nlohmann::json> answer(const consensus::Application& state,
                                                         consensus::Height height,
                                                         const nlohmann::json& request) override;
  // Receipts and records, for GET /v1/proofs/.
  [[nodiscard]] consensus::Result<nlohmann::json> prove(
      const consensus::Application& state, const consensus::node::ProofWanted& wanted) override;
};

}  // namespace govchain::analysis
