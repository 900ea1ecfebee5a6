#pragma once
// A proof as a node's endpoint gives it (GET /v1/proofs/…), read strictly:
//
//   {"govchain_proof": 1,
//    "memberships": [{"encoded": "hex", "certificate": "hex"}, …],   blocks that changed it
//    "block": {"encoded": "hex", "certificate": "hex"},
//    "payload": {"index": 0, "payload_base64": "…"},           of the block
//    "transaction": {"id": "hex", "expiry_minute": number},    of the payload, if there is one
//    "checkpoint": {"height": 64, "state_root": "hex", "epoch": 0, "certificate": "hex"},
//    "receipt": "hex",                                         of the transaction
//    "record": {"key": "hex", "value": "hex" or null, "proof": "hex"}}
//
// Every part may lack that nothing else rests on: a payload needs its block, a receipt its
// transaction and the checkpoint, a record the checkpoint. What is encoded is in the layouts of
// consensus/codec.h, models/ledger/proof.h and models/ledger/receipt_proof.h.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/checkpoint.h"
#include "consensus/crypto/hash.h"
#include "consensus/input.h"
#include "consensus/result.h"
#include "models/ledger/proof.h"
#include "models/ledger/receipt_proof.h"

namespace govchain::analysis {

struct ProofFile {
  // From the genesis on, each by the members of the epoch that it ended.
  std::vector<consensus::StoredBlock> memberships;
  consensus::BlockRef block;  // its payloads have no bytes; null: none
  consensus::CertificateRef certificate;
  struct PayloadPart {
    uint32_t index = 0;
    std::vector<uint8_t> bytes;
  };
  std::optional<PayloadPart> payload;
  struct TransactionPart {
    consensus::Digest id;
    int64_t expiry_minute = 0;  // since 1970: all of its expiry that a receipt's proof rests on
  };
  std::optional<TransactionPart> transaction;
  std::optional<consensus::Checkpoint> checkpoint;
  std::optional<models::ReceiptProof> receipt;
  struct RecordPart {
    std::vector<uint8_t> key;
    std::optional<std::vector<uint8_t>> value;  // null: there is none
    models::StateProof proof;
  };
  std::optional<RecordPart> record;
};

// `hash`: the chain's, which a block's digest is made with. kNotFound, kIo; kInvalid with the place
// if the file is not a proof.
[[nodiscard]] consensus::Result<ProofFile> read_proof_file(const std::string& path,
                                                           consensus::HashAlgorithm hash);

}  // namespace govchain::analysis
