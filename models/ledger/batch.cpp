#include "models/ledger/batch.h"

#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"

namespace govchain::models {

using consensus::Digest;
using consensus::HashAlgorithm;
using consensus::Reader;
using consensus::Writer;

bool is_batch(std::span<const uint8_t> payload) {
  Reader in(payload);
  return in.u16() == kBatchVersion;
}

std::optional<TransactionBatch> decode_batch(std::span<const uint8_t> payload) {
  Reader in(payload);
  if (in.u16() != kBatchVersion) in.fail();
  TransactionBatch batch;
  batch.chain = in.ordinal<consensus::ChainId>();
  batch.sender = in.ordinal<DepartmentId>();
  const uint32_t count = in.u32();
  batch.signature = in.signature();
  if (in.check_count(count, kMaxBatchTransactions, kCallOverhead) == 0) in.fail();
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    Transaction& transaction = batch.transactions.emplace_back();
    transaction.chain = batch.chain;
    transaction.sender = batch.sender;
    decode_call(in, transaction);
  }
  if (!in.finished()) return std::nullopt;
  return batch;
}

std::vector<Transaction> transactions_of(const consensus::Payload& payload) {
  if (is_batch(payload.bytes)) {
    std::optional<TransactionBatch> batch = decode_batch(payload.bytes);
    if (!batch || batch->transactions.size() != payload.transactions) return {};
    return std::move(batch->transactions);
  }
  std::vector<Transaction> found;
  Reader in(payload.bytes);
  while (found.size() < payload.transactions) {
    std::optional<Transaction> transaction = decode_transaction(in);
    if (!transaction) return found;
    found.push_back(std::move(*transaction));
  }
  if (!in.finished() && !found.empty()) found.pop_back();
  return found;
}

std::vector<Digest> transaction_ids(HashAlgorithm algorithm, const TransactionBatch& batch) {
  std::vector<Digest> ids;
  ids.reserve(batch.transactions.size());
  for (const Transaction& transaction : batch.transactions) {
    ids.push_back(transaction_id(algorithm, transaction));
  }
  return ids;
}

Digest batch_digest(HashAlgorithm algorithm, std::span<const Digest> ids) {
  std::vector<uint8_t> bytes;
  bytes.reserve(ids.size() * sizeof(Digest::bytes));
  Writer writer(bytes);
  for (const Digest& id : ids) writer.digest(id);
  return consensus::hash(algorithm, bytes);
}

consensus::Statement batch_statement(consensus::ChainId chain, const Digest& digest) {
  consensus::Statement statement;
  statement.chain = chain;
  statement.type = kBatchStatement;
  statement.digest = digest;
  return statement;
}

std::vector<uint8_t> sign_batch(HashAlgorithm algorithm, consensus::Signer& sender,
                                std::span<const Transaction> transactions) {
  GOVCHAIN_ASSERT(!transactions.empty() && transactions.size() <= kMaxBatchTransactions);
  const Transaction& first = transactions.front();
  std::vector<Digest> ids;
  ids.reserve(transactions.size());
  size_t size = kBatchOverhead;
  for (const Transaction& transaction : transactions) {
    GOVCHAIN_ASSERT(transaction.chain == first.chain && transaction.sender == first.sender);
    GOVCHAIN_ASSERT(transaction.arguments.size() <= kMaxArgumentBytes);
    ids.push_back(transaction_id(algorithm, transaction));
    size += kCallOverhead + transaction.arguments.size();
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(size);
  Writer writer(bytes);
  writer.u16(kBatchVersion);
  writer.ordinal(first.chain);
  writer.ordinal(first.sender);
  writer.u32(static_cast<uint32_t>(transactions.size()));
  writer.signature(sender.sign(batch_statement(first.chain, batch_digest(algorithm, ids))));
  for (const Transaction& transaction : transactions) encode_call(transaction, writer);
  GOVCHAIN_ASSERT(bytes.size() == size);
  return bytes;
}

}  // namespace govchain::models
