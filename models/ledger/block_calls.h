#pragma once
// What a block asks of the ledger, decoded before any of it is run: one entry for each transaction
// in block order, whichever layout its payload has, or for several that have no bytes of their own.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/crypto/hash.h"
#include "consensus/types.h"
#include "models/ledger/transaction.h"

namespace govchain::models {

// What the sender's key must have signed; whether it has, once that has been checked, so that the
// transactions of a batch cost one check.
struct SignatureClaim {
  consensus::Statement statement;
  consensus::Signature signature;
  std::optional<bool> holds;
};

struct BlockCall {
  enum class Kind : uint8_t {
    kCall,
    kMalformed,
    kCohort,  // counted and paid for by the host, but not there to be run
  };
  Kind kind = Kind::kCall;
  uint32_t transactions = 1;  // that get the same receipt; 1 for a call
  Transaction transaction;
  consensus::Digest id;
  size_t overhead = 0;  // bytes it took besides its arguments
  size_t claim = 0;     // in BlockCalls::claims
};

struct BlockCalls {
  std::vector<BlockCall> calls;
  std::vector<SignatureClaim> claims;
};

// Replaces `out`. Statements are made only if somebody will check signatures.
void decode_calls(consensus::HashAlgorithm algorithm, consensus::ChainId chain,
                  bool with_statements, const consensus::Block& block, BlockCalls& out);

}  // namespace govchain::models
