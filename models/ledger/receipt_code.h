#pragma once
// Why the ledger itself did not apply a transaction. Contracts number their own refusals from
// kFirstContractCode.

#include <cstdint>
#include <string_view>

namespace govchain::models {

enum class ReceiptCode : uint16_t {
  kApplied = 0,
  kMalformed = 1,            // the bytes are not a transaction
  kWrongChain = 2,           // meant for another chain
  kExpired = 3,              // the block time is past its expiry
  kExpiryTooFar = 4,         // its expiry is further ahead than replays are remembered
  kReplayed = 5,             // already applied or refused once
  kUnknownSender = 6,        // no such department on this chain
  kBadSignature = 7,         // not signed by the sender's key
  kUnknownContract = 8,      // no such contract on this chain
  kUnknownMethod = 9,        // the contract has no such method
  kBadArguments = 10,        // the arguments do not decode
  kNotEntitled = 11,         // the sender lacks the role that the method demands
  kNoCallsWithinCalls = 12,  // a contract called back into a contract that is already running
};
inline constexpr uint16_t kFirstContractCode = 100;

[[nodiscard]] constexpr uint16_t code_of(ReceiptCode code) { return static_cast<uint16_t>(code); }
// For people; "unknown code" if the ledger has none such.
[[nodiscard]] std::string_view text_of(ReceiptCode code);

}  // namespace govchain::models
