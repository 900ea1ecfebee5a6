#pragma once
// Quorum arithmetic, in one place. A quorum is an object that counts; nobody writes 2 * f + 1 in
// line.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/membership.h"
#include "consensus/types.h"

namespace govchain::consensus {

// Weighted Byzantine quorums. With total weight W, faulty members carry at most f = ⌊(W-1)/3⌋. Any
// two sets that reach quorum() intersect in more than f weight; quorum() is W - f, which equals
// 2f+1 when W = 3f+1.
class ByzantineQuorum {
 public:
  explicit ByzantineQuorum(const Membership& membership);
  [[nodiscard]] uint64_t total() const { return total_; }
  [[nodiscard]] uint64_t faulty() const { return faulty_; }
  [[nodiscard]] uint64_t quorum() const { return total_ - faulty_; }
  // Enough that at least one of them is honest (PBFT's weak certificate): f+1.
  [[nodiscard]] uint64_t weak() const { return faulty_ + 1; }

 private:
  uint64_t total_ = 0;
  uint64_t faulty_ = 0;
};

// A growing set of voters of one membership, with its weight. Members are addressed by their
// position in the membership; adding twice counts once. Fixed storage after construction: nothing
// is allocated by a vote.
class VoteSet {
 public:
  VoteSet() = default;
  explicit VoteSet(const Membership& membership) { reset(membership); }
  void reset(const Membership& membership);
  // True if the voter is a member that had not been added.
  bool add(const Membership& membership, ReplicaId voter);
  [[nodiscard]] bool contains(const Membership& membership, ReplicaId voter) const;
  [[nodiscard]] uint64_t weight() const { return weight_; }
  [[nodiscard]] uint32_t count() const { return count_; }

 private:
  std::vector<uint64_t> bits_;
  uint64_t weight_ = 0;
  uint32_t count_ = 0;
};

enum class VoteResult : uint8_t { kPending, kLost, kWon };

// Raft's majority of a set of voters (etcd-io/raft, quorum/majority.go). An empty set wins every
// vote and commits everything, which is what makes a joint quorum with an empty half equal to the
// other half.
class MajorityQuorum {
 public:
  using Voter =
      uint64_t;  // Raft's node id, which is 1-based in its vectors; ReplicaId::value() here
  MajorityQuorum() = default;
  explicit MajorityQuorum(std::vector<Voter> voters);  // sorted and made unique
  [[nodiscard]] const std::vector<Voter>& voters() const { return voters_; }
  [[nodiscard]] bool contains(Voter voter) const;
  // Highest index that a majority has acknowledged; `acknowledged(voter)` gives nullopt if nothing
  // is known. UINT64_MAX for the empty set.
  template <typename Acknowledged>
  [[nodiscard]] uint64_t committed(Acknowledged&& acknowledged) const;
  // `vote(voter)` gives nullopt while it has not voted.
  template <typename Vote>
  [[nodiscard]] VoteResult result(Vote&& vote) const;

 private:
  std::vector<Voter> voters_;
};

// Both majorities, during a joint membership change (Raft dissertation §4.3).
class JointQuorum {
 public:
  JointQuorum() = default;
  JointQuorum(MajorityQuorum incoming, MajorityQuorum outgoing)
      : incoming_(std::move(incoming)), outgoing_(std::move(outgoing)) {}
  [[nodiscard]] const MajorityQuorum& incoming() const { return incoming_; }
  [[nodiscard]] const MajorityQuorum& outgoing() const { return outgoing_; }
  template <typename Acknowledged>
  [[nodiscard]] uint64_t committed(Acknowledged&& acknowledged) const {
    const uint64_t first = incoming_.committed(acknowledged);
    const uint64_t second = outgoing_.committed(acknowledged);
    return first < second ? first : second;
  }
  template <typename Vote>
  [[nodiscard]] VoteResult result(Vote&& vote) const {
    const VoteResult first = incoming_.result(vote);
    const VoteResult second = outgoing_.result(vote);
    if (first == second) return first;
    if (first == VoteResult::kLost || second == VoteResult::kLost) return VoteResult::kLost;
    return VoteResult::kPending;
  }

 private:
  MajorityQuorum incoming_;
  MajorityQuorum outgoing_;
};

template <typename Acknowledged>
uint64_t MajorityQuorum::committed(Acknowledged&& acknowledged) const {
  if (voters_.empty()) return UINT64_MAX;
  // Fixed stack storage for the usual sizes, so that a follower's acknowledgement allocates
  // nothing.
  constexpr size_t kOnStack = 16;
  std::array<uint64_t, kOnStack> stack;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::vector<uint64_t> heap;
  uint64_t* indices = stack.data();
  if (voters_.size() > kOnStack) {
    heap.resize(voters_.size());
    indices = heap.data();
  }
  size_t known = 0;
  for (const Voter voter : voters_) {
    const std::optional<uint64_t> index = acknowledged(voter);
    const uint64_t value = index.value_or(0);
    // Insertion sort, descending: the sets are small.
    size_t place = known++;
    while (place > 0 && indices[place - 1] < value) {
      indices[place] = indices[place - 1];
      --place;
    }
    indices[place] = value;
  }
  return indices[voters_.size() / 2];
}

template <typename Vote>
VoteResult MajorityQuorum::result(Vote&& vote) const {
  if (voters_.empty()) return VoteResult::kWon;
  size_t yes = 0;
  size_t missing = 0;
  for (const Voter voter : voters_) {
    const std::optional<bool> cast = vote(voter);
    if (!cast) {
      ++missing;
    } else if (*cast) {
      ++yes;
    }
  }
  const size_t majority = voters_.size() / 2 + 1;
  if (yes >= majority) return VoteResult::kWon;
  if (yes + missing >= majority) return VoteResult::kPending;
  return VoteResult::kLost;
}

}  // namespace govchain::consensus
