#include "models/ledger/replay_window.h"

#include <algorithm>

#include "models/ledger/fields.h"
#include "models/ledger/system_state.h"

namespace govchain::models {

using consensus::Digest;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Receipt;

int64_t ReplayWindow::bucket_of(int64_t expiry) {
  const int64_t quotient = expiry / kBucketWidth;
  return expiry % kBucketWidth < 0 ? quotient - 1 : quotient;
}

std::optional<Receipt> ReplayWindow::find(const Digest& id, int64_t expiry) const {
  return find_at(consensus::hash(algorithm_, id.bytes), expiry);
}

void ReplayWindow::foresee(const Digest& path, int64_t expiry, StateWalks& walks) const {
  const auto place = buckets_.find(bucket_of(expiry));
  if (place != buckets_.end()) walks.add(place->second.receipts, path);
}

std::optional<Receipt> ReplayWindow::find_at(const Digest& path, int64_t expiry) const {
  const auto place = buckets_.find(bucket_of(expiry));
  if (place == buckets_.end()) return std::nullopt;
  const std::optional<std::span<const uint8_t>> bytes = place->second.receipts.find_at(path);
  if (!bytes) return std::nullopt;
  const std::optional<StoredReceipt> stored = decode_fields<StoredReceipt>(*bytes);
  GOVCHAIN_ASSERT(stored.has_value());
  return Receipt{.code = stored->code, .contract = stored->contract};
}

std::optional<ReceiptProof> ReplayWindow::prove(const Digest& id, int64_t expiry,
                                                const StateTree& state) const {
  const std::optional<Receipt> receipt = find(id, expiry);
  if (!receipt) return std::nullopt;
  const int64_t number = bucket_of(expiry);
  const StateTree& receipts = buckets_.at(number).receipts;
  return ReceiptProof{.receipt = *receipt,
                      .minute_root = receipts.root(),
                      .in_minute = receipts.prove(id.bytes),
                      .in_state = state.prove(bucket_key(number).bytes())};
}

ReplayWindow::Bucket& ReplayWindow::bucket_at(int64_t number) {
  return buckets_.try_emplace(number, Bucket{.receipts = StateTree(algorithm_), .changed = true})
      .first->second;
}

void ReplayWindow::add(const Digest& id, const Digest& path, int64_t expiry, Receipt receipt) {
  Bucket& bucket = bucket_at(bucket_of(expiry));
  bucket.changed = true;
  bucket.receipts.put_at(
      path, id.bytes,
      encode_fields(StoredReceipt{.code = receipt.code, .contract = receipt.contract}));
}

void ReplayWindow::settle(int64_t block_time, StateTree& state) {
  // A bucket's last expiry is one nanosecond before the next bucket, and a transaction may still be
  // applied at its expiry itself.
  const int64_t current = bucket_of(block_time);
  while (!buckets_.empty() && buckets_.begin()->first < current) {
    (void)state.erase(bucket_key(buckets_.begin()->first).bytes());
    buckets_.erase(buckets_.begin());
  }
  for (auto& [number, bucket] : buckets_) {
    if (!bucket.changed) continue;
    state.put(bucket_key(number).bytes(),
              encode_fields(BucketRoot{.root = bucket.receipts.root()}));
    bucket.changed = false;
  }
}

uint64_t ReplayWindow::size() const {
  uint64_t total = 0;
  for (const auto& [number, bucket] : buckets_) total += bucket.receipts.size();
  return total;
}

std::vector<std::pair<int64_t, StateTree>> ReplayWindow::minutes() const {
  std::vector<std::pair<int64_t, StateTree>> minutes;
  minutes.reserve(buckets_.size());
  for (const auto& [number, bucket] : buckets_) minutes.emplace_back(number, bucket.receipts);
  return minutes;
}

consensus::Result<ReplayWindow> ReplayWindow::decode(consensus::HashAlgorithm algorithm,
                                                     const StateTree& state,
                                                     consensus::Reader& in) {
  constexpr size_t kIdBytes = 32;
  constexpr size_t kReceiptBytes = 6;
  constexpr uint32_t kMaxBuckets = 1U << 16U;
  const Error malformed{ErrorCode::kMalformed, "the replay window does not decode",
                        "ledger snapshot"};
  ReplayWindow window(algorithm);
  const uint32_t buckets = in.count(kMaxBuckets, 16);
  for (uint32_t i = 0; i < buckets; ++i) {
    const int64_t number = in.i64();
    const uint64_t entries = in.u64();
    if (!in.ok() || entries == 0 || entries > in.remaining() / (kIdBytes + kReceiptBytes)) {
      return malformed;
    }
    if (!window.buckets_.empty() && window.buckets_.rbegin()->first >= number) return malformed;
    Bucket& bucket = window.bucket_at(number);
    for (uint64_t entry = 0; entry < entries; ++entry) {
      const std::span<const uint8_t> id = in.raw(kIdBytes);
      bucket.receipts.put(id, in.raw(kReceiptBytes));
    }
    if (bucket.receipts.size() != entries) return malformed;
  }
  if (const consensus::Status agrees = window.check(state); !agrees) return agrees.error();
  return window;
}

bool ReplayWindow::restore(int64_t minute, const Digest& path, std::span<const uint8_t> id,
                           std::span<const uint8_t> receipt) {
  if (!decode_fields<StoredReceipt>(receipt)) return false;
  bucket_at(minute).receipts.put_at(path, id, receipt);
  return true;
}

// A minute that is left out would let its transactions be replayed, and the state's root would not
// show it.
consensus::Status ReplayWindow::check(const StateTree& state) {
  const Error contradicts{ErrorCode::kCorrupt, "the replay window contradicts the state",
                          "ledger snapshot"};
  const StateKey table = bucket_table();
  uint64_t minutes = 0;
  state.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> /*value*/) {
    const std::span<const uint8_t> prefix = table.bytes();
    if (key.size() > prefix.size() && std::ranges::equal(key.first(prefix.size()), prefix)) {
      ++minutes;
    }
  });
  if (minutes != buckets_.size()) return contradicts;
  for (auto& [number, bucket] : buckets_) {
    const std::optional<std::span<const uint8_t>> record = state.find(bucket_key(number).bytes());
    const std::optional<BucketRoot> stated =
        record ? decode_fields<BucketRoot>(*record) : std::nullopt;
    if (!stated || stated->root != bucket.receipts.root()) return contradicts;
    bucket.changed = false;
  }
  return consensus::success();
}

}  // namespace govchain::models
