// Snapshot and restore of a ledger: the records in the order of their paths, then the replay
// window. Equal states give equal bytes, because the order depends on the set of keys alone.

#include "consensus/assert.h"
#include "models/ledger/ledger.h"

namespace govchain::models {
namespace {

using consensus::Error;
using consensus::ErrorCode;

constexpr uint16_t kSnapshotVersion = 1;
constexpr size_t kSmallestRecord = 8;  // two lengths
constexpr uint32_t kMaxRecordBytes = 1U << 20U;

Error problem(ErrorCode code, const char* message) { return {code, message, "ledger snapshot"}; }

}  // namespace

std::vector<uint8_t> Ledger::snapshot() const {
  std::vector<uint8_t> bytes;
  consensus::Writer out(bytes);
  out.u16(kSnapshotVersion);
  out.u64(tree_.size());
  tree_.visit([&out](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    out.blob(key);
    out.blob(value);
  });
  window_.encode(out);
  return bytes;
}

consensus::Status Ledger::restore(std::span<const uint8_t> snapshot) {
  consensus::Reader in(snapshot);
  if (in.u16() != kSnapshotVersion) {
    return problem(ErrorCode::kUnsupported, "unknown version of a ledger snapshot, expected 1");
  }
  const uint64_t records = in.u64();
  if (!in.ok() || records > in.remaining() / kSmallestRecord) {
    return problem(ErrorCode::kMalformed, "more records announced than bytes are there");
  }
  StateTree tree(config_->hash);
  for (uint64_t i = 0; i < records && in.ok(); ++i) {
    const std::span<const uint8_t> key = in.blob(StateKey::kMaxBytes);
    tree.put(key, in.blob(kMaxRecordBytes));
  }
  if (!in.ok() || tree.size() != records) {
    return problem(ErrorCode::kMalformed, "a record is cut short or occurs twice");
  }
  const std::vector<uint8_t>* status_bytes = tree.find(status_key().bytes());
  const std::optional<ChainStatus> status =
      status_bytes == nullptr ? std::nullopt : decode_fields<ChainStatus>(*status_bytes);
  if (!status) return problem(ErrorCode::kMalformed, "no status record");
  if (status->chain != config_->chain ||
      status->hash_algorithm != static_cast<uint8_t>(config_->hash)) {
    return problem(ErrorCode::kInvalid, "a snapshot of another chain or another hash function");
  }
  consensus::Result<ReplayWindow> window = ReplayWindow::decode(config_->hash, tree, in);
  if (!window) return window.error();
  if (!in.finished()) return problem(ErrorCode::kMalformed, "bytes after the end");
  tree_ = std::move(tree);
  window_ = *std::move(window);
  status_ = *status;
  kept_.clear();
  work_.clear();
  keep_for_proofs();
  return consensus::success();
}

}  // namespace govchain::models
