#include "analysis/service/signed_call.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "analysis/service/service_methods.h"
#include "consensus/crypto/crypto.h"

namespace govchain::analysis {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

Result<models::Department> department_of(const models::LedgerConfig& ledger,
                                         const consensus::node::ReplicaKey& key) {
  if (key.scheme != ledger.scheme) {
    return Error{ErrorCode::kInvalid,
                 "the network signs with " + std::string(consensus::node::name_of(ledger.scheme)) +
                     ", the key is for " + std::string(consensus::node::name_of(key.scheme)),
                 {}};
  }
  const consensus::PublicKey own = consensus::make_signer(key.scheme, key.seed)->public_key();
  const auto found =
      std::find_if(ledger.departments.begin(), ledger.departments.end(),
                   [&](const models::Department& department) { return department.key == own; });
  if (found == ledger.departments.end()) {
    return Error{ErrorCode::kInvalid, "no department of the network has this key", {}};
  }
  return *found;
}

Result<models::Transaction> sign_call(const models::LedgerConfig& ledger,
                                      const consensus::node::ReplicaKey& key,
                                      const CallRequest& request) {
  const Result<const ServiceMethod*> method = find_method(request.method);
  if (!method) return method.error();
  Result<std::vector<uint8_t>> arguments = (*method)->encode(request.arguments);
  if (!arguments) return arguments.error();
  const Result<models::Department> sender = department_of(ledger, key);
  if (!sender) return sender.error();
  models::Transaction transaction;
  transaction.chain = ledger.chain;
  transaction.sender = sender->id;
  transaction.on_behalf_of = request.on_behalf_of;
  transaction.nonce = request.nonce;
  transaction.expiry = request.expiry;
  transaction.contract = (*method)->contract;
  transaction.method = (*method)->method;
  transaction.arguments = std::move(*arguments);
  const auto signer = consensus::make_signer(key.scheme, key.seed);
  transaction.signature = signer->sign(models::transaction_statement(
      ledger.chain, models::transaction_id(ledger.hash, transaction)));
  return transaction;
}

}  // namespace govchain::analysis
