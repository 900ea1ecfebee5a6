#include "analysis/node/proof_file.h"

#include <cstdint>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "consensus/codec.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/proofs.h"
#include "consensus/node/config/field_reader.h"
#include "models/ledger/replay_window.h"

namespace govchain::analysis {

namespace {

using namespace consensus;
using node::FieldReader;

constexpr size_t kMostChanges = 10'000;  // of the membership: one a day for a generation

std::vector<uint8_t> hex_field(FieldReader& in, std::string_view name) {
  std::optional<std::vector<uint8_t>> bytes = node::from_hex(in.text(name));
  if (!bytes) in.fail(name, "expected hexadecimal digits in small letters, two to a byte");
  return std::move(bytes).value_or(std::vector<uint8_t>());
}

Digest digest_field(FieldReader& in, std::string_view name) {
  const std::optional<Digest> digest = node::digest_from_hex(in.text(name));
  if (!digest) in.fail(name, "expected 64 hexadecimal digits in small letters");
  return digest.value_or(Digest());
}

// The whole of a field's bytes, read by `decode`.
template <typename Decode>
auto decoded_field(FieldReader& in, std::string_view name, const Decode& decode) {
  const std::vector<uint8_t> bytes = hex_field(in, name);
  Reader reader(bytes);
  auto decoded = decode(reader);
  if (!reader.finished()) in.fail(name, "does not decode");
  return decoded;
}

CertificateRef certificate_field(FieldReader& in) {
  CertificateRef certificate = decoded_field(in, "certificate", [](Reader& reader) {
    CertificateRef read = decode_certificate(reader);
    if (!read) reader.fail();
    return read;
  });
  return certificate;
}

StoredBlock read_block(FieldReader in, HashAlgorithm hash) {
  StoredBlock stored;
  stored.block = decoded_field(in, "encoded", [&](Reader& reader) {
    Ref<Block> block = decode_block_by_digest(hash, reader);
    if (!block) reader.fail();
    return BlockRef(std::move(block));
  });
  stored.certificate = certificate_field(in);
  in.finish();
  return stored;
}

ProofFile::PayloadPart read_payload(FieldReader in) {
  ProofFile::PayloadPart payload;
  payload.index = static_cast<uint32_t>(in.number("index", 0, kMaxPayloadsPerBlock - 1));
  std::optional<std::vector<uint8_t>> bytes = node::from_base64(in.text("payload_base64"));
  if (!bytes) in.fail("payload_base64", "expected base64 with padding (RFC 4648)");
  payload.bytes = std::move(bytes).value_or(std::vector<uint8_t>());
  in.finish();
  return payload;
}

ProofFile::TransactionPart read_transaction(FieldReader in) {
  ProofFile::TransactionPart transaction;
  transaction.id = digest_field(in, "id");
  constexpr uint64_t kLatest = INT64_MAX / models::ReplayWindow::kBucketWidth;
  transaction.expiry_minute = static_cast<int64_t>(in.number("expiry_minute", 0, kLatest));
  in.finish();
  return transaction;
}

Checkpoint read_checkpoint(FieldReader in) {
  Checkpoint checkpoint;
  checkpoint.height = Height(in.number("height", 1, UINT64_MAX));
  checkpoint.state_root = digest_field(in, "state_root");
  checkpoint.epoch = Epoch(in.number("epoch", 0, UINT64_MAX));
  checkpoint.certificate = certificate_field(in);
  in.finish();
  return checkpoint;
}

ProofFile::RecordPart read_record(FieldReader in) {
  ProofFile::RecordPart record;
  record.key = hex_field(in, "key");
  const nlohmann::json* const value = in.any("value");
  if (value == nullptr) {
    in.fail("value", "is missing: expected hexadecimal digits, or null");
  } else if (!value->is_null()) {
    record.value = hex_field(in, "value");
  }
  record.proof = decoded_field(in, "proof", models::decode_proof);
  in.finish();
  return record;
}

// Parts that prove nothing without others.
void check_parts(FieldReader& in, const ProofFile& proof) {
  if (proof.payload && !proof.block) in.fail("payload", "needs the block");
  if (proof.receipt && !proof.checkpoint) in.fail("receipt", "needs the checkpoint");
  if (proof.receipt && !proof.transaction) in.fail("receipt", "needs the transaction");
  if (proof.record && !proof.checkpoint) in.fail("record", "needs the checkpoint");
  if (proof.transaction && !proof.payload && !proof.receipt) {
    in.fail("transaction", "needs the payload or the receipt");
  }
  if (!proof.block && !proof.checkpoint) in.fail("", "expected a block or a checkpoint");
}

}  // namespace

Result<ProofFile> read_proof_file(const std::string& path, HashAlgorithm hash) {
  const Result<std::unique_ptr<node::ConfigFile>> file = node::ConfigFile::read(path);
  if (!file) return file.error();
  ProofFile proof;
  FieldReader in(**file, (*file)->root(), "");
  (void)in.number("govchain_proof", node::kProofFormat, node::kProofFormat);
  if (in.any("memberships") != nullptr) {
    for (const FieldReader& change : in.objects("memberships", kMostChanges)) {
      proof.memberships.push_back(read_block(change, hash));
    }
  }
  if (const std::optional<FieldReader> part = in.object("block")) {
    StoredBlock stored = read_block(*part, hash);
    proof.block = std::move(stored.block);
    proof.certificate = std::move(stored.certificate);
  }
  if (const std::optional<FieldReader> part = in.object("payload")) {
    proof.payload = read_payload(*part);
  }
  if (const std::optional<FieldReader> part = in.object("transaction")) {
    proof.transaction = read_transaction(*part);
  }
  if (const std::optional<FieldReader> part = in.object("checkpoint")) {
    proof.checkpoint = read_checkpoint(*part);
  }
  if (in.any("receipt") != nullptr) {
    proof.receipt = decoded_field(in, "receipt", models::decode_receipt_proof);
  }
  if (const std::optional<FieldReader> part = in.object("record")) {
    proof.record = read_record(*part);
  }
  check_parts(in, proof);
  in.finish();
  if ((*file)->error()) return *(*file)->error();
  return proof;
}

}  // namespace govchain::analysis
