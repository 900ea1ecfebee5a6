#include "consensus/raft/checkpoint_votes.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::raft {

const CheckpointVotes::Slot* CheckpointVotes::find(Height height) const {
  for (const Slot& candidate : slots_) {
    if (candidate.height == height) return &candidate;
  }
  return nullptr;
}

CheckpointVotes::Slot* CheckpointVotes::slot(Height height) {
  return const_cast<Slot*>(std::as_const(*this).find(height));
}

const CheckpointVotes::Vote* CheckpointVotes::find(Height height, ReplicaId signer) const {
  const Slot* found = find(height);
  if (found == nullptr) return nullptr;
  for (const Vote& vote : found->votes) {
    if (vote.signer == signer) return &vote;
  }
  return nullptr;
}

bool CheckpointVotes::add(Height height, Vote vote) {
  GOVCHAIN_ASSERT(find(height, vote.signer) == nullptr);
  Slot* found = slot(height);
  if (found == nullptr) {
    if (slots_.size() == kOpenCheckpoints) {
      if (slots_.front().height > height) return false;
      slots_.erase(slots_.begin());
    }
    const auto place = std::find_if(slots_.begin(), slots_.end(), [height](const Slot& candidate) {
      return candidate.height > height;
    });
    found = &*slots_.insert(place, Slot{height, {}});
  }
  const ReplicaId signer = vote.signer;
  const auto place = std::find_if(found->votes.begin(), found->votes.end(),
                                  [signer](const Vote& other) { return other.signer > signer; });
  found->votes.insert(place, std::move(vote));
  return true;
}

void CheckpointVotes::set_verified(Height height, ReplicaId signer) {
  Slot* found = slot(height);
  if (found == nullptr) return;
  for (Vote& vote : found->votes) {
    if (vote.signer == signer) vote.state = State::kVerified;
  }
}

void CheckpointVotes::remove(Height height, ReplicaId signer) {
  Slot* found = slot(height);
  if (found == nullptr) return;
  std::erase_if(found->votes, [signer](const Vote& vote) { return vote.signer == signer; });
}

void CheckpointVotes::drop_to(Height height) {
  std::erase_if(slots_, [height](const Slot& candidate) { return candidate.height <= height; });
}

Bytes CheckpointVotes::memory() const {
  uint64_t votes = 0;
  for (const Slot& candidate : slots_) votes += candidate.votes.capacity();
  return Bytes(slots_.capacity() * sizeof(Slot) + votes * sizeof(Vote));
}

void CheckpointVotes::encode_state(Writer& out) const {
  out.u32(static_cast<uint32_t>(slots_.size()));
  for (const Slot& candidate : slots_) {
    out.ordinal(candidate.height);
    out.u32(static_cast<uint32_t>(candidate.votes.size()));
    for (const Vote& vote : candidate.votes) {
      out.replica(vote.signer);
      out.digest(vote.root);
      out.u8(static_cast<uint8_t>(vote.state));
    }
  }
}

}  // namespace govchain::consensus::raft
