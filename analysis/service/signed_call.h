#pragma once
// A call of a service as what a department submits: one signed transaction.

#include <cstdint>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "consensus/node/files/key_file.h"
#include "consensus/result.h"
#include "models/ledger/ledger.h"
#include "models/ledger/transaction.h"

namespace govchain::analysis {

struct CallRequest {
  std::string_view method;   // contract.method
  nlohmann::json arguments;  // of the method, by name
  models::PartyId on_behalf_of;
  uint64_t nonce = 0;
  int64_t expiry = 0;  // nanoseconds since 1970
};

// The department whose key this is. kInvalid if the ledger has none such.
[[nodiscard]] consensus::Result<models::Department> department_of(
    const models::LedgerConfig& ledger, const consensus::node::ReplicaKey& key);

// kInvalid: the method or its arguments (JSON pointer), or the key is no department's.
[[nodiscard]] consensus::Result<models::Transaction> sign_call(
    const models::LedgerConfig& ledger, const consensus::node::ReplicaKey& key,
    const CallRequest& request);

}  // namespace govchain::analysis
