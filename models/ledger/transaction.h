#pragma once
// A transaction: one department's call of one method of one contract.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/types.h"
#include "models/ledger/identifiers.h"

namespace govchain::models {

inline constexpr uint16_t kTransactionVersion = 1;
inline constexpr uint32_t kMaxArgumentBytes = 256U << 10U;
// Type of the statement that a client signs (Statement::type), beside the engines' own.
inline constexpr uint8_t kTransactionStatement = 254;

struct Transaction {
  consensus::ChainId chain;
  DepartmentId sender;
  // The citizen or firm in whose name a portal acts; kNobody if the department acts for itself.
  PartyId on_behalf_of;
  uint64_t nonce = 0;  // any number; two transactions that differ in it alone are two transactions
  int64_t expiry = 0;  // last block time, in nanoseconds since 1970, at which it may be applied
  uint32_t contract = 0;
  uint16_t method = 0;
  std::vector<uint8_t> arguments;
  consensus::Signature signature;  // over transaction_statement(), by the sender's key
  friend bool operator==(const Transaction&, const Transaction&) = default;
};

// Bytes that a transaction takes besides its arguments: in encode_call(), and signed alone.
inline constexpr size_t kCallOverhead = 8 + 8 + 8 + 4 + 2 + 4;
inline constexpr size_t kTransactionOverhead = 2 + 8 + 8 + kCallOverhead + 64;

void encode_transaction(const Transaction& transaction, std::vector<uint8_t>& out);
// Reads one transaction; nothing if malformed. A payload holds as many as it counts, back to back,
// or a batch (batch.h).
[[nodiscard]] std::optional<Transaction> decode_transaction(consensus::Reader& in);
// The fields that the two layouts of a payload share: all between sender and signature.
void encode_call(const Transaction& transaction, consensus::Writer& out);
void decode_call(consensus::Reader& in, Transaction& transaction);  // check in.ok()

// The identity that exactly-once goes by: hash of everything but the signature, so that nobody can
// make a second transaction out of a first by re-signing it.
[[nodiscard]] consensus::Digest transaction_id(consensus::HashAlgorithm algorithm,
                                               const Transaction& transaction);
// What the client signs. The protocol field is fixed, because a client does not care which engine
// orders its transaction.
[[nodiscard]] consensus::Statement transaction_statement(consensus::ChainId chain,
                                                         const consensus::Digest& id);

}  // namespace govchain::models
