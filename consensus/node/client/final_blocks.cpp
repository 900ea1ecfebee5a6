#include "consensus/node/client/final_blocks.h"

#include <algorithm>
#include <utility>

namespace govchain::consensus::node {

namespace {

// A node of the map of places: three pointers, colour, digest, place, and the allocator's own.
constexpr uint64_t kPlaceBytes = 112;

Bytes size_of_block(const Block& block) {
  return Bytes(sizeof(Block) + block.payload_size().count() + block.control.size() +
               block.availability.size() +
               block.payloads.size() * (sizeof(Payload) + sizeof(PayloadRef)));
}

}  // namespace

void FinalBlocks::add(const StoredBlock& stored, std::span<const Receipt> receipts) {
  const Block& block = *stored.block;
  if (!entries_.empty() && block.height <= entries_.back().height) return;
  Entry entry;
  entry.height = block.height;
  entry.block = stored.block;
  entry.certificate = stored.certificate;
  entry.receipts.assign(receipts.begin(), receipts.end());
  const bool fits = block.transactions() == receipts.size();
  uint32_t end = 0;
  for (const PayloadRef& payload : block.payloads) {
    // One that is here already keeps its place: it was ordered there first.
    places_.try_emplace(payload->digest,
                        Place{block.height, static_cast<uint32_t>(entry.payloads.size())});
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
  for (const Digest& payload : oldest.payloads) {
    const auto place = places_.find(payload);
    if (place != places_.end() && place->second.height == oldest.height) places_.erase(place);
  }
  if (light_ > 0) {
    --light_;
  } else {
    block_bytes_ -= oldest.block_bytes;
  }
  answer_bytes_ -= oldest.answer_bytes;
  entries_.pop_front();
}

const FinalBlocks::Entry* FinalBlocks::entry_at(Height height) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), height,
                       [](const Entry& entry, Height wanted) { return entry.height < wanted; });
  return found != entries_.end() && found->height == height ? &*found : nullptr;
}

std::optional<Answer> FinalBlocks::find(const Digest& payload) const {
  const auto place = places_.find(payload);
  if (place == places_.end()) return std::nullopt;
  const Entry* const entry = entry_at(place->second.height);
  GOVCHAIN_ASSERT(entry != nullptr);
  const uint32_t index = place->second.index;
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
