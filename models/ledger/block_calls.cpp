#include "models/ledger/block_calls.h"

#include <utility>

#include "consensus/codec.h"
#include "models/ledger/batch.h"

namespace govchain::models {
namespace {

using consensus::Digest;

BlockCall without_bytes(BlockCall::Kind kind, uint32_t transactions) {
  BlockCall call;
  call.kind = kind;
  call.transactions = transactions;
  return call;
}

void decode_batch_calls(consensus::HashAlgorithm algorithm, consensus::ChainId chain,
                        bool with_statements, const consensus::Payload& payload, BlockCalls& out) {
  std::optional<TransactionBatch> batch = decode_batch(payload.bytes);
  // One signature covers all of it, so it is whole or nothing.
  if (!batch || batch->transactions.size() != payload.transactions) {
    out.calls.push_back(without_bytes(BlockCall::Kind::kMalformed, payload.transactions));
    return;
  }
  const std::vector<Digest> ids = transaction_ids(algorithm, *batch);
  SignatureClaim claim{.statement = {}, .signature = batch->signature, .holds = {}};
  if (with_statements) claim.statement = batch_statement(chain, batch_digest(algorithm, ids));
  out.claims.push_back(claim);
  for (size_t i = 0; i < ids.size(); ++i) {
    BlockCall call;
    call.transaction = std::move(batch->transactions[i]);
    call.id = ids[i];
    call.overhead = kCallOverhead;
    call.claim = out.claims.size() - 1;
    out.calls.push_back(std::move(call));
  }
}

void decode_single_calls(consensus::HashAlgorithm algorithm, consensus::ChainId chain,
                         bool with_statements, const consensus::Payload& payload, BlockCalls& out) {
  consensus::Reader in(payload.bytes);
  for (uint32_t i = 0; i < payload.transactions; ++i) {
    const bool last = i + 1 == payload.transactions;
    std::optional<Transaction> transaction = decode_transaction(in);
    // Bytes after the last transaction are malformed: an encoding is an identity.
    if (!transaction || (last && !in.finished())) {
      out.calls.push_back(without_bytes(BlockCall::Kind::kMalformed, 1));
      continue;
    }
    BlockCall call;
    call.id = transaction_id(algorithm, *transaction);
    call.overhead = kTransactionOverhead;
    call.claim = out.claims.size();
    SignatureClaim claim{.statement = {}, .signature = transaction->signature, .holds = {}};
    if (with_statements) claim.statement = transaction_statement(chain, call.id);
    out.claims.push_back(claim);
    call.transaction = *std::move(transaction);
    out.calls.push_back(std::move(call));
  }
}

}  // namespace

void decode_calls(consensus::HashAlgorithm algorithm, consensus::ChainId chain,
                  bool with_statements, const consensus::Block& block, BlockCalls& out) {
  out.calls.clear();
  out.claims.clear();
  for (const consensus::PayloadRef& payload : block.payloads) {
    if (payload->bytes.empty()) {
      out.calls.push_back(without_bytes(BlockCall::Kind::kCohort, payload->transactions));
    } else if (is_batch(payload->bytes)) {
      decode_batch_calls(algorithm, chain, with_statements, *payload, out);
    } else {
      decode_single_calls(algorithm, chain, with_statements, *payload, out);
    }
  }
}

}  // namespace govchain::models
