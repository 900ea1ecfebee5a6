#include "consensus/quorum.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::consensus {

namespace {

// Position of a member in its membership; size() if it is none.
size_t position(const Membership& membership, ReplicaId id) {
  const Member* member = membership.find(id);
  if (member == nullptr) return membership.size();
  return static_cast<size_t>(member - membership.members.data());
}

}  // namespace

ByzantineQuorum::ByzantineQuorum(const Membership& membership) {
  for (const Member& member : membership.members) {
    GOVCHAIN_ASSERT(total_ + member.weight >= total_);
    total_ += member.weight;
  }
  // Without voters there is no quorum to reach: quorum() is 0 and weak() 1, and nobody's vote
  // counts.
  faulty_ = total_ == 0 ? 0 : (total_ - 1) / 3;
}

void VoteSet::reset(const Membership& membership) {
  constexpr size_t kBitsPerWord = 64;
  bits_.assign((membership.size() + kBitsPerWord - 1) / kBitsPerWord, 0);
  weight_ = 0;
  count_ = 0;
}

bool VoteSet::add(const Membership& membership, ReplicaId voter) {
  const size_t place = position(membership, voter);
  if (place >= membership.size() || place / 64 >= bits_.size()) return false;
  const uint64_t bit = uint64_t{1} << (place % 64);
  uint64_t& word = bits_[place / 64];
  if ((word & bit) != 0) return false;
  word |= bit;
  weight_ += membership.members[place].weight;
  ++count_;
  return true;
}

bool VoteSet::contains(const Membership& membership, ReplicaId voter) const {
  const size_t place = position(membership, voter);
  if (place >= membership.size() || place / 64 >= bits_.size()) return false;
  return ((bits_[place / 64] >> (place % 64)) & 1U) != 0;
}

MajorityQuorum::MajorityQuorum(std::vector<Voter> voters) : voters_(std::move(voters)) {
  std::sort(voters_.begin(), voters_.end());
  voters_.erase(std::unique(voters_.begin(), voters_.end()), voters_.end());
  total_ = full_ = voters_.size();
  keep_room();
}

MajorityQuorum::MajorityQuorum(std::vector<Weighted> voters) {
  std::sort(voters.begin(), voters.end(),
            [](const Weighted& a, const Weighted& b) { return a.voter < b.voter; });
  bool uniform = true;
  bool witnessed = false;
  for (const Weighted& each : voters) {
    GOVCHAIN_ASSERT(each.weight > 0 && total_ + each.weight > total_);
    GOVCHAIN_ASSERT(voters_.empty() || voters_.back() < each.voter);
    voters_.push_back(each.voter);
    total_ += each.weight;
    if (!each.witness) full_ += each.weight;
    uniform = uniform && each.weight == 1;
    witnessed = witnessed || each.witness;
  }
  for (const Weighted& each : voters) {
    if (!uniform) weights_.push_back(each.weight);
    if (witnessed) witnesses_.push_back(each.witness);
  }
  keep_room();
}

bool MajorityQuorum::contains(Voter voter) const {
  return std::binary_search(voters_.begin(), voters_.end(), voter);
}

uint64_t MajorityQuorum::copies(uint64_t answering) const {
  const uint64_t failing = tolerated();
  const uint64_t always = full_ > failing ? full_ - failing : 1;
  return std::max(always, std::min(failing + 1, answering));
}

uint64_t signing_quorum(const Membership& membership) {
  uint64_t total = 0;
  for (const Member& member : membership.members) total += member.signing_weight();
  return quorum_of(FaultModel::kCrash, total);
}

uint64_t weight_moved(const Membership& before, const Membership& after) {
  uint64_t moved = 0;
  const auto weight_in = [](const Membership& membership, ReplicaId id) {
    const Member* member = membership.find(id);
    return member == nullptr ? uint64_t{0} : member->weight;
  };
  for (const Member& member : before.members) {
    const uint64_t weight = weight_in(after, member.id);
    moved += std::max(weight, member.weight) - std::min(weight, member.weight);
  }
  for (const Member& member : after.members) {
    if (before.find(member.id) == nullptr) moved += member.weight;
  }
  return moved;
}

}  // namespace govchain::consensus
