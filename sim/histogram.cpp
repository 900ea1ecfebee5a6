#include "sim/histogram.h"

#include <algorithm>
#include <bit>

#include "consensus/assert.h"

namespace govchain::sim {
namespace {

// 1,024 buckets for every doubling; values below 2,048 have a bucket each.
constexpr unsigned kPrecisionBits = 10;
constexpr uint64_t kBucketsPerDoubling = 1U << kPrecisionBits;
constexpr size_t kChunk = 256;

size_t bucket_of(uint64_t value) {
  if (value < 2 * kBucketsPerDoubling) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPrecisionBits;
  return shift * kBucketsPerDoubling + (value >> shift);
}

uint64_t upper_edge(size_t bucket) {
  if (bucket < 2 * kBucketsPerDoubling) return bucket;
  const auto shift = static_cast<unsigned>(bucket / kBucketsPerDoubling - 1);
  const uint64_t mantissa = bucket - shift * kBucketsPerDoubling;
  return ((mantissa + 1) << shift) - 1;
}

}  // namespace

void Histogram::record(Duration value, uint64_t count) {
  GOVCHAIN_ASSERT(value >= Duration::zero());
  if (count == 0) return;
  const int64_t nanoseconds = value.nanoseconds();
  const size_t bucket = bucket_of(static_cast<uint64_t>(nanoseconds));
  if (bucket / kChunk >= chunks_.size()) chunks_.resize(bucket / kChunk + 1);
  Chunk& chunk = chunks_[bucket / kChunk];
  if (chunk.empty()) chunk.resize(kChunk);
  chunk[bucket % kChunk] += count;
  minimum_ = count_ == 0 ? nanoseconds : std::min(minimum_, nanoseconds);
  maximum_ = std::max(maximum_, nanoseconds);
  count_ += count;
  sum_ += static_cast<uint64_t>(nanoseconds) * count;
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (other.chunks_.size() > chunks_.size()) chunks_.resize(other.chunks_.size());
  for (size_t i = 0; i < other.chunks_.size(); ++i) {
    const Chunk& theirs = other.chunks_[i];
    if (theirs.empty()) continue;
    Chunk& ours = chunks_[i];
    if (ours.empty()) ours.resize(kChunk);
    for (size_t k = 0; k < kChunk; ++k) ours[k] += theirs[k];
  }
  minimum_ = count_ == 0 ? other.minimum_ : std::min(minimum_, other.minimum_);
  maximum_ = std::max(maximum_, other.maximum_);
  count_ += other.count_;
  sum_ += other.sum_;
}

template <typename Call>
void Histogram::for_each(const Call& call) const {
  for (size_t i = 0; i < chunks_.size(); ++i) {
    const Chunk& chunk = chunks_[i];
    for (size_t k = 0; k < chunk.size(); ++k) {
      if (chunk[k] != 0 && !call(i * kChunk + k, chunk[k])) return;
    }
  }
}

double Histogram::mean_nanoseconds() const {
  if (count_ == 0) return 0;
  return static_cast<double>(sum_) / static_cast<double>(count_);
}

Duration Histogram::minimum() const { return Duration::nanoseconds(minimum_); }
Duration Histogram::maximum() const { return Duration::nanoseconds(maximum_); }

Duration Histogram::quantile(double quantile) const {
  if (count_ == 0) return Duration::zero();
  const double share = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_);
  auto wanted = static_cast<uint64_t>(share);
  if (static_cast<double>(wanted) < share) ++wanted;
  wanted = std::clamp<uint64_t>(wanted, 1, count_);
  uint64_t seen = 0;
  int64_t value = maximum_;
  for_each([&](size_t bucket, uint64_t count) {
    seen += count;
    if (seen < wanted) return true;
    value = std::min(static_cast<int64_t>(upper_edge(bucket)), maximum_);
    return false;
  });
  return Duration::nanoseconds(value);
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> result;
  for_each([&](size_t bucket, uint64_t count) {
    const int64_t upper = std::min(static_cast<int64_t>(upper_edge(bucket)), maximum_);
    result.push_back({Duration::nanoseconds(upper), count});
    return true;
  });
  return result;
}

}  // namespace govchain::sim
