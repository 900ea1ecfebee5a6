#pragma once
// Many transactions of one department under one signature: the second layout of a payload.
//
//   u16 version (2) | chain | sender | u32 count | signature
//   count times: on_behalf_of | nonce | expiry | contract | method | arguments
//
// A transaction has the same identity in a batch as signed alone, so that it applies once however
// it travels and however often it is signed anew. A batch takes the whole payload, and holds as
// many transactions as the payload counts: one signature covers it, so anything wrong with its
// layout is wrong with all of it.
//
// Cost: kCallOverhead instead of kTransactionOverhead bytes a transaction, and one signature check
// a batch.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/crypto/crypto.h"
#include "consensus/crypto/hash.h"
#include "consensus/payload.h"
#include "consensus/types.h"
#include "models/ledger/identifiers.h"
#include "models/ledger/transaction.h"

namespace govchain::models {

inline constexpr uint16_t kBatchVersion = 2;
// Type of the statement that covers a batch, beside kTransactionStatement.
inline constexpr uint8_t kBatchStatement = 253;
inline constexpr uint32_t kMaxBatchTransactions = 65'536;
// Bytes that a batch takes besides its calls.
inline constexpr size_t kBatchOverhead = 2 + 8 + 8 + 4 + 64;

struct TransactionBatch {
  consensus::ChainId chain;
  DepartmentId sender;
  consensus::Signature signature;         // over batch_statement(), by the sender's key
  std::vector<Transaction> transactions;  // of this chain and sender; signatures of their own: none
  friend bool operator==(const TransactionBatch&, const TransactionBatch&) = default;
};

// Whether a payload's bytes claim to be a batch.
[[nodiscard]] bool is_batch(std::span<const uint8_t> payload);
// Nothing if malformed. What is reserved grows with the bytes that are there, not with the count.
[[nodiscard]] std::optional<TransactionBatch> decode_batch(std::span<const uint8_t> payload);

// What a payload holds in either layout, in order, up to the first that is malformed.
[[nodiscard]] std::vector<Transaction> transactions_of(const consensus::Payload& payload);

[[nodiscard]] std::vector<consensus::Digest> transaction_ids(consensus::HashAlgorithm algorithm,
                                                             const TransactionBatch& batch);
// Hash of the transactions' identities, in order: who shows one transaction and the identities of
// the others shows that it was signed.
[[nodiscard]] consensus::Digest batch_digest(consensus::HashAlgorithm algorithm,
                                             std::span<const consensus::Digest> ids);
// What the client signs.
[[nodiscard]] consensus::Statement batch_statement(consensus::ChainId chain,
                                                   const consensus::Digest& digest);

// A payload's bytes: these transactions, signed as one by their sender. They are 1 to
// kMaxBatchTransactions, of one chain and one sender; what signatures they have of their own is
// left out.
[[nodiscard]] std::vector<uint8_t> sign_batch(consensus::HashAlgorithm algorithm,
                                              consensus::Signer& sender,
                                              std::span<const Transaction> transactions);

}  // namespace govchain::models
