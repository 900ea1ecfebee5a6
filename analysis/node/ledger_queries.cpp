#include "analysis/node/ledger_queries.h"

#include <string>
#include <vector>

#include "analysis/service/service_queries.h"
#include "consensus/node/client/bytes_text.h"
#include "models/ledger/batch.h"
#include "models/ledger/ledger.h"
#include "models/ledger/receipt_proof.h"

namespace govchain::analysis {

namespace {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::node::from_hex;
using consensus::node::to_hex;
using models::Ledger;
using nlohmann::json;

Error invalid(const std::string& message) { return Error{ErrorCode::kInvalid, message, {}}; }

std::string text_of(const json& request, const char* name) {
  const auto found = request.find(name);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json describe_chain(const Ledger& ledger, consensus::Height height) {
  return {{"chain", ledger.chain().value()},
          {"height", height.value()},
          {"block_time", ledger.block_time()},
          {"transactions", ledger.transactions()},
          {"state_root", to_hex(ledger.state_root().bytes)}};
}

Result<json> describe_department(const Ledger& ledger, const json& request) {
  const auto number = request.find("department");
  if (number == request.end() || !number->is_number_unsigned()) {
    return invalid("expected \"department\" with a number");
  }
  for (const models::Department& department : ledger.config().departments) {
    if (department.id.value() != number->get<uint64_t>()) continue;
    return json{{"department", department.id.value()},
                {"region", department.region.value()},
                {"roles", department.roles},
                {"key", to_hex(department.key.bytes)}};
  }
  return Error{ErrorCode::kNotFound, "no such department", {}};
}

// The proof shows the value, or that there is none, to whoever trusts the state root.
Result<json> prove_record(const Ledger& ledger, const json& request) {
  const std::optional<std::vector<uint8_t>> key =
      consensus::node::from_hex(text_of(request, "key"));
  if (!key || key->empty() || key->size() > models::StateKey::kMaxBytes) {
    return invalid("expected \"key\" with 2 to " + std::to_string(2 * models::StateKey::kMaxBytes) +
                   " hexadecimal digits in small letters");
  }
  const std::optional<std::span<const uint8_t>> value = ledger.tree().find(*key);
  std::vector<uint8_t> proof;
  models::encode_proof(ledger.tree().prove(*key), proof);
  return json{{"value", value ? json(to_hex(*value)) : json()},
              {"proof", to_hex(proof)},
              {"state_root", to_hex(ledger.state_root().bytes)}};
}

Result<json> find_receipt(const Ledger& ledger, const json& request) {
  const std::optional<consensus::Digest> id =
      consensus::node::digest_from_hex(text_of(request, "id"));
  const auto expiry = request.find("expiry");
  if (!id || expiry == request.end() || !expiry->is_number_integer()) {
    return invalid("expected \"id\" with 64 hexadecimal digits and \"expiry\" in nanoseconds");
  }
  const std::optional<consensus::Receipt> receipt = ledger.receipt_of(*id, expiry->get<int64_t>());
  if (!receipt) {
    return Error{ErrorCode::kNotFound, "no such transaction is remembered until its expiry", {}};
  }
  return json{{"code", receipt->code},
              {"contract", receipt->contract},
              {"text", ledger.describe(*receipt)}};
}

// Under the checkpoint's root, as this replica had it at that height.
bool has_state_of(const Ledger& ledger, const consensus::Checkpoint& checkpoint) {
  const models::StateTree* const tree = ledger.tree_at(checkpoint.height);
  return checkpoint.certificate && tree != nullptr && tree->root() == checkpoint.state_root;
}

Result<json> prove_transaction(const Ledger& ledger, const consensus::node::ProofWanted& wanted) {
  const std::vector<models::Transaction> held = models::transactions_of(*wanted.payload);
  if (wanted.transaction >= held.size()) {
    return invalid("the payload has " + std::to_string(held.size()) + " transactions that decode");
  }
  const models::Transaction& transaction = held[wanted.transaction];
  const consensus::Digest id = models::transaction_id(ledger.config().hash, transaction);
  json proof = {{"transaction",
                 {{"id", to_hex(id.bytes)},
                  {"expiry_minute", models::ReplayWindow::bucket_of(transaction.expiry)}}}};
  if (!has_state_of(ledger, wanted.checkpoint)) return proof;
  const std::optional<models::ReceiptProof> receipt =
      ledger.prove_receipt(wanted.checkpoint.height, id, transaction.expiry);
  if (!receipt) return proof;
  std::vector<uint8_t> bytes;
  models::encode_receipt_proof(*receipt, bytes);
  proof["receipt"] = to_hex(bytes);
  return proof;
}

Result<json> prove_certified_record(const Ledger& ledger,
                                    const consensus::node::ProofWanted& wanted) {
  if (wanted.key.size() > models::StateKey::kMaxBytes) {
    return invalid("expected a key of at most " + std::to_string(models::StateKey::kMaxBytes) +
                   " bytes");
  }
  if (!has_state_of(ledger, wanted.checkpoint)) {
    return Error{ErrorCode::kExhausted, "the checkpoint's state is not here", {}};
  }
  const models::StateTree& tree = *ledger.tree_at(wanted.checkpoint.height);
  const std::optional<std::span<const uint8_t>> value = tree.find(wanted.key);
  std::vector<uint8_t> proof;
  models::encode_proof(tree.prove(wanted.key), proof);
  return json{{"record",
               {{"key", to_hex(wanted.key)},
                {"value", value ? json(to_hex(*value)) : json()},
                {"proof", to_hex(proof)}}}};
}

}  // namespace

Result<json> LedgerQueries::prove(const consensus::Application& state,
                                  const consensus::node::ProofWanted& wanted) {
  const auto& ledger = dynamic_cast<const Ledger&>(state);
  return wanted.payload ? prove_transaction(ledger, wanted)
                        : prove_certified_record(ledger, wanted);
}

Result<json> LedgerQueries::answer(const consensus::Application& state, consensus::Height height,
                                   const json& request) {
  const auto& ledger = dynamic_cast<const Ledger&>(state);
  const std::string query = request.is_object() ? text_of(request, "query") : std::string();
  if (query == "chain") return describe_chain(ledger, height);
  if (query == "department") return describe_department(ledger, request);
  if (query == "record") return prove_record(ledger, request);
  if (query == "transaction") return find_receipt(ledger, request);
  if (query.empty()) return invalid("expected \"query\" with the name of what to read");
  json arguments = request;
  arguments.erase("query");
  Result<json> answer = answer_service_query(query, models::StateReader(ledger.tree()), arguments);
  if (!answer) return invalid(answer.error().where + ": " + answer.error().message);
  return answer;
}

}  // namespace govchain::analysis
