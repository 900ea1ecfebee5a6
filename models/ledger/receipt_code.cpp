#include "models/ledger/receipt_code.h"

namespace govchain::models {

std::string_view text_of(ReceiptCode code) {
  switch (code) {
    case ReceiptCode::kApplied:
      return "applied";
    case ReceiptCode::kMalformed:
      return "the bytes are not a transaction";
    case ReceiptCode::kWrongChain:
      return "the transaction is meant for another chain";
    case ReceiptCode::kExpired:
      return "the transaction's expiry has passed";
    case ReceiptCode::kExpiryTooFar:
      return "the transaction's expiry is further ahead than replays are remembered";
    case ReceiptCode::kReplayed:
      return "the transaction was already handled";
    case ReceiptCode::kUnknownSender:
      return "the sender is not a department of this chain";
    case ReceiptCode::kBadSignature:
      return "the signature is not the sender's";
    case ReceiptCode::kUnknownContract:
      return "the chain has no such contract";
    case ReceiptCode::kUnknownMethod:
      return "the contract has no such method";
    case ReceiptCode::kBadArguments:
      return "the arguments do not decode";
    case ReceiptCode::kNotEntitled:
      return "the sender lacks the role that the method demands";
    case ReceiptCode::kNoCallsWithinCalls:
      return "a contract may not be called while it is calling another";
  }
  return "unknown code";
}

}  // namespace govchain::models
