#include "models/ledger/transaction.h"

namespace govchain::models {
namespace {

void encode_unsigned(const Transaction& transaction, std::vector<uint8_t>& out) {
  consensus::Writer writer(out);
  writer.u16(kTransactionVersion);
  writer.ordinal(transaction.chain);
  writer.ordinal(transaction.sender);
  encode_call(transaction, writer);
}

}  // namespace

void encode_call(const Transaction& transaction, consensus::Writer& out) {
  out.ordinal(transaction.on_behalf_of);
  out.u64(transaction.nonce);
  out.i64(transaction.expiry);
  out.u32(transaction.contract);
  out.u16(transaction.method);
  out.blob(transaction.arguments);
}

void decode_call(consensus::Reader& in, Transaction& transaction) {
  transaction.on_behalf_of = in.ordinal<PartyId>();
  transaction.nonce = in.u64();
  transaction.expiry = in.i64();
  transaction.contract = in.u32();
  transaction.method = in.u16();
  const std::span<const uint8_t> arguments = in.blob(kMaxArgumentBytes);
  transaction.arguments.assign(arguments.begin(), arguments.end());
}

void encode_transaction(const Transaction& transaction, std::vector<uint8_t>& out) {
  encode_unsigned(transaction, out);
  consensus::Writer(out).signature(transaction.signature);
}

std::optional<Transaction> decode_transaction(consensus::Reader& in) {
  Transaction transaction;
  if (in.u16() != kTransactionVersion) in.fail();
  transaction.chain = in.ordinal<consensus::ChainId>();
  transaction.sender = in.ordinal<DepartmentId>();
  decode_call(in, transaction);
  transaction.signature = in.signature();
  if (!in.ok()) return std::nullopt;
  return transaction;
}

consensus::Digest transaction_id(consensus::HashAlgorithm algorithm,
                                 const Transaction& transaction) {
  std::vector<uint8_t> bytes;
  bytes.reserve(kTransactionOverhead + transaction.arguments.size());
  encode_unsigned(transaction, bytes);
  return consensus::hash(algorithm, bytes);
}

consensus::Statement transaction_statement(consensus::ChainId chain, const consensus::Digest& id) {
  consensus::Statement statement;
  statement.chain = chain;
  statement.type = kTransactionStatement;
  statement.digest = id;
  return statement;
}

}  // namespace govchain::models
