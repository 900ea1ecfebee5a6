#pragma once
// Proof of what became of a transaction: its receipt in the tree of the minute in which it expires,
// and that tree's root as a record of the state (replay_window.h). Together with a checkpoint's
// certificate over the state's root it convinces somebody who trusts only the members' keys.

#include <cstdint>
#include <vector>

#include "consensus/application.h"
#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/types.h"
#include "models/ledger/proof.h"

namespace govchain::models {

struct ReceiptProof {
  consensus::Receipt receipt;
  consensus::Digest minute_root;
  StateProof in_minute;  // of the receipt, under minute_root
  StateProof in_state;   // of minute_root, under the state's root
};

// Whether the transaction was handled, with this receipt, in the state with this root.
[[nodiscard]] bool verify_receipt(consensus::HashAlgorithm algorithm,
                                  const consensus::Digest& state_root, const consensus::Digest& id,
                                  int64_t expiry, const ReceiptProof& proof);

void encode_receipt_proof(const ReceiptProof& proof, std::vector<uint8_t>& out);
// Check in.ok().
[[nodiscard]] ReceiptProof decode_receipt_proof(consensus::Reader& in);

}  // namespace govchain::models
