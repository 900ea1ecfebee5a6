#include "models/ledger/receipt_proof.h"

#include "models/ledger/fields.h"
#include "models/ledger/replay_window.h"
#include "models/ledger/system_state.h"

namespace govchain::models {

bool verify_receipt(consensus::HashAlgorithm algorithm, const consensus::Digest& state_root,
                    const consensus::Digest& id, int64_t expiry, const ReceiptProof& proof) {
  const std::vector<uint8_t> receipt =
      encode_fields(StoredReceipt{.code = proof.receipt.code, .contract = proof.receipt.contract});
  const std::vector<uint8_t> minute = encode_fields(BucketRoot{.root = proof.minute_root});
  const StateKey key = bucket_key(ReplayWindow::bucket_of(expiry));
  return verify_inclusion(algorithm, proof.minute_root, id.bytes, receipt, proof.in_minute) &&
         verify_inclusion(algorithm, state_root, key.bytes(), minute, proof.in_state);
}

void encode_receipt_proof(const ReceiptProof& proof, std::vector<uint8_t>& out) {
  consensus::Writer writer(out);
  writer.u16(proof.receipt.code);
  writer.u32(proof.receipt.contract);
  writer.digest(proof.minute_root);
  encode_proof(proof.in_minute, out);
  encode_proof(proof.in_state, out);
}

ReceiptProof decode_receipt_proof(consensus::Reader& in) {
  ReceiptProof proof;
  proof.receipt.code = in.u16();
  proof.receipt.contract = in.u32();
  proof.minute_root = in.digest();
  proof.in_minute = decode_proof(in);
  proof.in_state = decode_proof(in);
  return proof;
}

}  // namespace govchain::models
