// Snapshot and restore of a ledger: the records in the order of their paths, then the replay
// window. Equal states give equal bytes, because the order depends on the set of keys alone.
//
// As records of a database: the key of a record of the state is 'r' and its path, that of a receipt
// 'w', the minute of its expiry (big-endian, from the lowest that there is) and its path; the value
// is what the key was made from, and the record's own value.

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "models/ledger/ledger.h"
#include "models/ledger/state_difference.h"

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
  LedgerStream(const StateTree& tree, std::vector<std::pair<int64_t, StateTree>> minutes)
      : records_(tree.size()), state_(tree.records()), minutes_(std::move(minutes)) {}

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

constexpr uint8_t kRecordKey = 'r';
constexpr uint8_t kReceiptKey = 'w';
constexpr size_t kPathBytes = 32;
constexpr size_t kMinuteKeyBytes = 1 + 8;

using Minutes = std::vector<std::pair<int64_t, StateTree>>;

// Ascending as the minutes do.
std::vector<uint8_t> minute_key(int64_t minute) {
  std::vector<uint8_t> key{kReceiptKey};
  const uint64_t place = static_cast<uint64_t>(minute) ^ (uint64_t{1} << 63U);
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    key.push_back(static_cast<uint8_t>(place >> (shift - 8)));
  }
  return key;
}

int64_t minute_of(std::span<const uint8_t> key) {
  uint64_t place = 0;
  for (size_t i = 1; i < kMinuteKeyBytes; ++i) place = place << 8U | key[i];
  return static_cast<int64_t>(place ^ (uint64_t{1} << 63U));
}

// Minutes that are over first, then the state, then minute by minute.
class LedgerChanges final : public consensus::StateChanges {
 public:
  // What is older: an empty tree and no minutes, if there is nothing.
  LedgerChanges(const StateTree& older, const Minutes& older_minutes, const StateTree& newer,
                const Minutes& newer_minutes)
      : older_minutes_(older_minutes),
        newer_minutes_(newer_minutes),
        nothing_(newer.algorithm()),
        prefix_{kRecordKey} {
    difference_.emplace(older, newer);
  }

  bool write(size_t bytes, consensus::StateWriter& out) override {
    if (!std::exchange(begun_, true)) erase_minutes(out);
    size_t written = 0;
    while (written < bytes) {
      const std::optional<StateDifference::Change> change = difference_->next();
      if (!change) {
        if (minute_ == newer_minutes_.size()) return false;
        begin_minute();
        continue;
      }
      key_.assign(prefix_.begin(), prefix_.end());
      key_.insert(key_.end(), change->record->path.bytes.begin(), change->record->path.bytes.end());
      written += key_.size();
      if (change->erased) {
        out.erase(key_);
        continue;
      }
      value_.clear();
      consensus::Writer writer(value_);
      writer.blob(change->record->key());
      writer.raw(change->record->value());
      written += value_.size();
      out.put(key_, value_);
    }
    return true;
  }

 private:
  void erase_minutes(consensus::StateWriter& out) const {
    for (const auto& [minute, receipts] : older_minutes_) {
      if (find(newer_minutes_, minute) != nullptr) continue;
      out.erase_range(minute_key(minute), minute_key(minute + 1));
    }
  }
  void begin_minute() {
    const auto& [minute, receipts] = newer_minutes_[minute_++];
    const StateTree* const before = find(older_minutes_, minute);
    prefix_ = minute_key(minute);
    difference_.emplace(before == nullptr ? nothing_ : *before, receipts);
  }
  [[nodiscard]] static const StateTree* find(const Minutes& minutes, int64_t minute) {
    for (const auto& [number, receipts] : minutes) {
      if (number == minute) return &receipts;
    }
    return nullptr;
  }

  const Minutes& older_minutes_;
  const Minutes& newer_minutes_;
  const StateTree nothing_;
  std::vector<uint8_t> prefix_;
  std::optional<StateDifference> difference_;
  size_t minute_ = 0;  // the next
  bool begun_ = false;
  std::vector<uint8_t> key_;
  std::vector<uint8_t> value_;
};

class LedgerVersion final : public consensus::StateVersion {
 public:
  LedgerVersion(const StateTree& tree, const ReplayWindow& window)
      : tree_(tree), minutes_(window.minutes()), nothing_(tree.algorithm()) {}

  [[nodiscard]] std::unique_ptr<consensus::StateStream> open() const override {
    return std::make_unique<LedgerStream>(tree_, minutes_);
  }
  [[nodiscard]] std::unique_ptr<consensus::StateChanges> changes_since(
      const StateVersion* older) const override {
    if (older == nullptr) {
      return std::make_unique<LedgerChanges>(nothing_, no_minutes_, tree_, minutes_);
    }
    const auto& before = dynamic_cast<const LedgerVersion&>(*older);
    return std::make_unique<LedgerChanges>(before.tree_, before.minutes_, tree_, minutes_);
  }

 private:
  const StateTree tree_;
  const Minutes minutes_;
  const StateTree nothing_;
  const Minutes no_minutes_;
};

}  // namespace

std::vector<uint8_t> Ledger::snapshot() const {
  std::vector<uint8_t> bytes;
  LedgerStream(tree_, window_.minutes()).read(SIZE_MAX, bytes);
  return bytes;
}

std::shared_ptr<const consensus::StateVersion> Ledger::version() const {
  return std::make_shared<LedgerVersion>(tree_, window_);
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
  consensus::Result<ReplayWindow> window = ReplayWindow::decode(config_->hash, tree, in);
  if (!window) return window.error();
  if (!in.finished()) return problem(ErrorCode::kMalformed, "bytes after the end");
  return take_over(std::move(tree), *std::move(window));
}

consensus::Status Ledger::restore_records(const consensus::StateRecords& records) {
  StateTree tree(config_->hash);
  ReplayWindow window(config_->hash);
  const char* wrong = nullptr;
  const consensus::Status visited = records.visit([&](std::span<const uint8_t> key,
                                                      std::span<const uint8_t> value) {
    const bool receipt = !key.empty() && key.front() == kReceiptKey;
    const size_t prefix = receipt ? kMinuteKeyBytes : 1;
    consensus::Reader in(value);
    const std::span<const uint8_t> name = in.blob(StateKey::kMaxBytes);
    if (!in.ok() || key.size() != prefix + kPathBytes || (!receipt && key.front() != kRecordKey)) {
      wrong = "a record is malformed";
      return;
    }
    // Only what lies under its own path counts, or a record would be found that nobody wrote.
    const consensus::Digest path = tree.path_of(name);
    if (!std::ranges::equal(path.bytes, key.subspan(prefix))) {
      wrong = "a record lies under another's path";
      return;
    }
    const std::span<const uint8_t> rest = in.raw(in.remaining());
    if (!receipt) {
      tree.put_at(path, name, rest);
    } else if (!window.restore(minute_of(key), path, name, rest)) {
      wrong = "a receipt is malformed";
    }
  });
  if (!visited) return visited;
  if (wrong != nullptr) return problem(ErrorCode::kCorrupt, wrong);
  if (const consensus::Status agrees = window.check(tree); !agrees) return agrees;
  return take_over(std::move(tree), std::move(window));
}

// What both forms hold, looked at and made this ledger's own.
consensus::Status Ledger::take_over(StateTree tree, ReplayWindow window) {
  const std::optional<std::span<const uint8_t>> status_bytes = tree.find(status_key().bytes());
  const std::optional<ChainStatus> status =
      status_bytes ? decode_fields<ChainStatus>(*status_bytes) : std::nullopt;
  if (!status) return problem(ErrorCode::kMalformed, "no status record");
  if (status->chain != config_->chain ||
      status->hash_algorithm != static_cast<uint8_t>(config_->hash)) {
    return problem(ErrorCode::kInvalid, "a snapshot of another chain or another hash function");
  }
  tree_ = std::move(tree);
  window_ = std::move(window);
  status_ = *status;
  kept_.clear();
  work_.clear();
  keep_for_proofs();
  return consensus::success();
}

}  // namespace govchain::models
