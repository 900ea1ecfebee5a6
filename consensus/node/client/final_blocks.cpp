#include "consensus/node/client/final_blocks.h"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "consensus/assert.h"

namespace govchain::consensus::node {

namespace {

// A table of places is at least a quarter full, of cells with a digest and a place.
constexpr uint64_t kPlaceBytes = 4 * 40;

uint64_t random_seed() {
  uint64_t seed = 0;
  randombytes_buf(&seed, sizeof seed);
  return seed;
}

Bytes size_of_block(const Block& block) {
  return Bytes(sizeof(Block) + block.payload_size().count() + block.control.size() +
               block.availability.size() +
               block.payloads.size() * (sizeof(Payload) + sizeof(PayloadRef)));
}

}  // namespace

FinalBlocks::FinalBlocks(const FinalBlocksSettings& settings)
    : FinalBlocks(settings, random_seed()) {}

FinalBlocks::FinalBlocks(const FinalBlocksSettings& settings, uint64_t seed, uint64_t first)
    : settings_(settings), places_(seed), next_(first) {}

void FinalBlocks::add(const StoredBlock& stored, std::span<const Receipt> receipts) {
  const Block& block = *stored.block;
  if (!entries_.empty() && block.height <= entries_.back().height) return;
  Entry entry;
  entry.height = block.height;
  entry.first = next_;
  entry.block = stored.block;
  entry.certificate = stored.certificate;
  entry.receipts.assign(receipts.begin(), receipts.end());
  const bool fits = block.transactions() == receipts.size();
  uint32_t end = 0;
  for (const PayloadRef& payload : block.payloads) {
    // One that is here already keeps its place: it was ordered there first.
    if (!places_.find(payload->digest)) {
      places_.insert(payload->digest, static_cast<uint32_t>(next_ + entry.payloads.size()));
    }
    entry.payloads.push_back(payload->digest);
    end += payload->transactions;
    if (fits) entry.receipts_end.push_back(end);
  }
  entry.block_bytes = size_of_block(block);
  uint64_t answer_bytes = sizeof(Entry) + entry.receipts.size() * sizeof(Receipt) +
                          entry.payloads.size() * (sizeof(Digest) + 4 + kPlaceBytes);
  if (entry.certificate) {
    answer_bytes += sizeof(Certificate) + entry.certificate->signers.size() * 68U +
                    entry.certificate->link.size();
  }
  entry.answer_bytes = Bytes(answer_bytes);
  block_bytes_ += entry.block_bytes;
  answer_bytes_ += entry.answer_bytes;
  next_ += entry.payloads.size();
  entries_.push_back(std::move(entry));

  // The newest stays, however large it is.
  while (block_bytes_ > settings_.blocks && light_ + 1 < entries_.size()) {
    Entry& oldest = entries_[light_++];
    oldest.block.reset();
    block_bytes_ -= oldest.block_bytes;
  }
  while (answer_bytes_ > settings_.answers && entries_.size() > 1) forget_oldest();
}

void FinalBlocks::forget_oldest() {
  const Entry& oldest = entries_.front();
  const uint64_t end = oldest.first + oldest.payloads.size();
  for (const Digest& payload : oldest.payloads) {
    const auto place = places_.find(payload);
    if (place && number_at(*place) < end) places_.erase(payload);
  }
  if (light_ > 0) {
    --light_;
  } else {
    block_bytes_ -= oldest.block_bytes;
  }
  answer_bytes_ -= oldest.answer_bytes;
  entries_.pop_front();
}

uint64_t FinalBlocks::number_at(uint32_t place) const {
  const uint64_t oldest = entries_.front().first;
  return oldest + static_cast<uint32_t>(place - static_cast<uint32_t>(oldest));
}

const FinalBlocks::Entry* FinalBlocks::entry_at(Height height) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), height,
                       [](const Entry& entry, Height wanted) { return entry.height < wanted; });
  return found != entries_.end() && found->height == height ? &*found : nullptr;
}

std::optional<Answer> FinalBlocks::find(const Digest& payload) const {
  const auto place = places_.find(payload);
  if (!place) return std::nullopt;
  const uint64_t number = number_at(*place);
  const auto after =
      std::upper_bound(entries_.begin(), entries_.end(), number,
                       [](uint64_t wanted, const Entry& one) { return wanted < one.first; });
  GOVCHAIN_ASSERT(after != entries_.begin());
  const Entry* const entry = &*std::prev(after);
  const auto index = static_cast<uint32_t>(number - entry->first);
  GOVCHAIN_ASSERT(index < entry->payloads.size());
  Answer answer;
  answer.id = payload;
  answer.outcome = Outcome::kFinal;
  answer.height = entry->height;
  answer.index = index;
  answer.certificate = entry->certificate;
  if (!entry->receipts_end.empty()) {
    const auto begin = entry->receipts.begin();
    answer.receipts.emplace(begin + (index == 0 ? 0 : entry->receipts_end[index - 1]),
                            begin + entry->receipts_end[index]);
  }
  return answer;
}

std::optional<FinalBlocks::Whole> FinalBlocks::find(Height height) const {
  const Entry* const entry = entry_at(height);
  if (entry == nullptr || !entry->block) return std::nullopt;
  return Whole{{entry->block, entry->certificate}, entry->receipts};
}

std::optional<FinalBlocks::Range> FinalBlocks::held() const {
  if (light_ == entries_.size()) return std::nullopt;
  return Range{entries_[light_].height, entries_.back().height};
}

}  // namespace govchain::consensus::node
