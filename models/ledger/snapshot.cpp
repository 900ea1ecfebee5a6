// Snapshot and restore of a ledger: the records in the order of their paths, then the replay
// window. Equal states give equal bytes, because the order depends on the set of keys alone.

#include <optional>
#include <utility>
#include <vector>

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

// Shares all records with the ledger, so that opening it reads none.
class LedgerStream final : public consensus::StateStream {
 public:
  LedgerStream(const StateTree& tree, const ReplayWindow& window)
      : records_(tree.size()), state_(tree.records()), minutes_(window.minutes()) {}

  void read(size_t count, std::vector<uint8_t>& out) override {
    consensus::Writer writer(out);
    const size_t begin = out.size();
    while (part_ != Part::kEnd && out.size() - begin < count) advance(writer);
  }

 private:
  enum class Part : uint8_t { kHeader, kRecords, kMinutes, kReceipts, kEnd };

  void advance(consensus::Writer& out) {
    switch (part_) {
      case Part::kHeader:
        out.u16(kSnapshotVersion);
        out.u64(records_);
        part_ = Part::kRecords;
        return;
      case Part::kRecords:
        if (const StateLeaf* const record = state_.next()) {
          out.blob(record->key());
          out.blob(record->value());
          return;
        }
        out.u32(static_cast<uint32_t>(minutes_.size()));
        part_ = Part::kMinutes;
        return;
      case Part::kMinutes:
        if (minute_ == minutes_.size()) {
          part_ = Part::kEnd;
          return;
        }
        out.i64(minutes_[minute_].first);
        out.u64(minutes_[minute_].second.size());
        receipts_ = minutes_[minute_].second.records();
        ++minute_;
        part_ = Part::kReceipts;
        return;
      case Part::kReceipts:
        if (const StateLeaf* const receipt = receipts_->next()) {
          out.raw(receipt->key());
          out.raw(receipt->value());
          return;
        }
        part_ = Part::kMinutes;
        return;
      case Part::kEnd:
        return;
    }
  }

  Part part_ = Part::kHeader;
  const uint64_t records_;
  StateCursor state_;
  const std::vector<std::pair<int64_t, StateTree>> minutes_;
  size_t minute_ = 0;  // the next
  std::optional<StateCursor> receipts_;
};

}  // namespace

std::vector<uint8_t> Ledger::snapshot() const {
  std::vector<uint8_t> bytes;
  LedgerStream(tree_, window_).read(SIZE_MAX, bytes);
  return bytes;
}

std::unique_ptr<consensus::StateStream> Ledger::open_snapshot() const {
  return std::make_unique<LedgerStream>(tree_, window_);
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
  const std::optional<std::span<const uint8_t>> status_bytes = tree.find(status_key().bytes());
  const std::optional<ChainStatus> status =
      status_bytes ? decode_fields<ChainStatus>(*status_bytes) : std::nullopt;
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
