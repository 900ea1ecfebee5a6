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

#include "consensus/fault_model.h"
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

// Raft's majority of a set of voters (etcd-io/raft, quorum/majority.go), by weight: more than half
// of it. An empty set wins every vote and commits everything, which is what makes a joint quorum
// with an empty half equal to the other half.
//
// Some voters may be witnesses, which acknowledge entries without keeping their payloads. Let the
// voters weigh T, the full ones F of it, and let members of weight f = tolerated() = ⌈T/2⌉ - 1
// fail. As long as witnesses weigh no more than half (can_decide()), every quorum, T - f, holds
// full voters of weight F - f > 0. More copies than that cannot be demanded of f failures; while
// more full voters answer, copies() asks for up to f + 1, so that f failures leave one (README of
// raft/).
class MajorityQuorum {
 public:
  using Voter =
      uint64_t;  // Raft's node id, which is 1-based in its vectors; ReplicaId::value() here
  struct Weighted {
    Voter voter = 0;
    uint64_t weight = 1;
    bool witness = false;
  };
  MajorityQuorum() = default;
  explicit MajorityQuorum(std::vector<Voter> voters);  // sorted and made unique, of weight 1 each
  // Distinct voters with weights above 0 whose sum fits 64 bits.
  explicit MajorityQuorum(std::vector<Weighted> voters);
  [[nodiscard]] const std::vector<Voter>& voters() const { return voters_; }
  [[nodiscard]] bool contains(Voter voter) const;
  [[nodiscard]] uint64_t total() const { return total_; }
  [[nodiscard]] uint64_t needed() const { return quorum_of(FaultModel::kCrash, total_); }
  [[nodiscard]] uint64_t tolerated() const { return tolerated_faults(FaultModel::kCrash, total_); }
  [[nodiscard]] bool has_witnesses() const { return !witnesses_.empty(); }
  // Whether every quorum holds a voter that keeps payloads.
  [[nodiscard]] bool can_decide() const { return total_ - full_ < needed(); }
  // Weight of full voters that must keep an entry's payloads before a witness hears of it and
  // before it is committed, if those that answer weigh `answering`.
  [[nodiscard]] uint64_t copies(uint64_t answering) const;
  // Highest index that a majority has acknowledged; `acknowledged(voter)` gives nullopt if nothing
  // is known. UINT64_MAX for the empty set.
  template <typename Acknowledged>
  [[nodiscard]] uint64_t committed(Acknowledged&& acknowledged) const;
  // Highest index of which there are enough copies(); `answers(voter)` tells who answers.
  // UINT64_MAX if there are no witnesses: then every quorum is of copies.
  template <typename Acknowledged, typename Answers>
  [[nodiscard]] uint64_t copied(Acknowledged&& acknowledged, Answers&& answers) const;
  // `vote(voter)` gives nullopt while it has not voted.
  template <typename Vote>
  [[nodiscard]] VoteResult result(Vote&& vote) const;

 private:
  struct Standing {
    uint64_t index = 0;
    uint64_t weight = 1;
  };
  // An acknowledgement allocates nothing: the usual sizes are sorted on the stack, larger ones in
  // room that is kept, because the largest membership that an engine takes would be 64 kB there.
  static constexpr size_t kOnStack = 16;

  void keep_room() {
    if (voters_.size() > kOnStack) room_.resize(voters_.size());
  }

  [[nodiscard]] uint64_t weight_at(size_t place) const {
    return weights_.empty() ? 1 : weights_[place];
  }
  [[nodiscard]] bool is_witness(size_t place) const {
    return !witnesses_.empty() && witnesses_[place];
  }
  // Highest index that voters of this weight have reached; 0 if they are not so many.
  template <typename Acknowledged>
  [[nodiscard]] uint64_t reached(Acknowledged&& acknowledged, uint64_t weight,
                                 bool full_only) const;
  template <typename Acknowledged>
  [[nodiscard]] uint64_t median(Acknowledged&& acknowledged) const;  // of up to kOnStack

  std::vector<Voter> voters_;           // ascending
  std::vector<uint64_t> weights_;       // by voter; empty if all are 1
  std::vector<bool> witnesses_;         // by voter; empty if there are none
  mutable std::vector<Standing> room_;  // means nothing between calls; empty up to kOnStack voters
  uint64_t total_ = 0;
  uint64_t full_ = 0;
};

// Both majorities, during a joint membership change (Raft dissertation §4.3).
class JointQuorum {
 public:
  JointQuorum() = default;
  JointQuorum(MajorityQuorum incoming, MajorityQuorum outgoing)
      : incoming_(std::move(incoming)), outgoing_(std::move(outgoing)) {}
  [[nodiscard]] const MajorityQuorum& incoming() const { return incoming_; }
  [[nodiscard]] const MajorityQuorum& outgoing() const { return outgoing_; }
  [[nodiscard]] bool has_witnesses() const {
    return incoming_.has_witnesses() || outgoing_.has_witnesses();
  }
  template <typename Acknowledged>
  [[nodiscard]] uint64_t committed(Acknowledged&& acknowledged) const {
    const uint64_t first = incoming_.committed(acknowledged);
    const uint64_t second = outgoing_.committed(acknowledged);
    return first < second ? first : second;
  }
  template <typename Acknowledged, typename Answers>
  [[nodiscard]] uint64_t copied(Acknowledged&& acknowledged, Answers&& answers) const {
    const uint64_t first = incoming_.copied(acknowledged, answers);
    const uint64_t second = outgoing_.copied(acknowledged, answers);
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

// Signatures under a state by members that only crash: those of more than half of the weight that
// has a state, so that any two such sets share a member.
[[nodiscard]] uint64_t signing_quorum(const Membership& membership);

// Weight that changes hands between two sets of voters. If it is at most 1, every majority of the
// one meets every majority of the other: one voter of weight 1 more or less, or one of another
// weight by 1 (dissertation §4.1; two of them could miss each other).
[[nodiscard]] uint64_t weight_moved(const Membership& before, const Membership& after);

template <typename Acknowledged>
uint64_t MajorityQuorum::committed(Acknowledged&& acknowledged) const {
  if (voters_.empty()) return UINT64_MAX;
  return weights_.empty() && voters_.size() <= kOnStack ? median(acknowledged)
                                                        : reached(acknowledged, needed(), false);
}

template <typename Acknowledged, typename Answers>
uint64_t MajorityQuorum::copied(Acknowledged&& acknowledged, Answers&& answers) const {
  if (witnesses_.empty()) return UINT64_MAX;
  uint64_t answering = 0;
  for (size_t i = 0; i < voters_.size(); ++i) {
    if (!is_witness(i) && answers(voters_[i])) answering += weight_at(i);
  }
  return reached(acknowledged, copies(answering), true);
}

template <typename Acknowledged>
uint64_t MajorityQuorum::median(Acknowledged&& acknowledged) const {
  std::array<uint64_t, kOnStack> indices{};
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

template <typename Acknowledged>
uint64_t MajorityQuorum::reached(Acknowledged&& acknowledged, uint64_t weight,
                                 bool full_only) const {
  std::array<Standing, kOnStack> stack;
  Standing* const standings = voters_.size() > kOnStack ? room_.data() : stack.data();
  size_t known = 0;
  for (size_t i = 0; i < voters_.size(); ++i) {
    if (full_only && is_witness(i)) continue;
    const std::optional<uint64_t> index = acknowledged(voters_[i]);
    const Standing standing{index.value_or(0), weight_at(i)};
    size_t place = known++;
    while (place > 0 && standings[place - 1].index < standing.index) {
      standings[place] = standings[place - 1];
      --place;
    }
    standings[place] = standing;
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < known; ++i) {
    sum += standings[i].weight;
    if (sum >= weight) return standings[i].index;
  }
  return 0;
}

template <typename Vote>
VoteResult MajorityQuorum::result(Vote&& vote) const {
  if (voters_.empty()) return VoteResult::kWon;
  uint64_t yes = 0;
  uint64_t missing = 0;
  for (size_t i = 0; i < voters_.size(); ++i) {
    const std::optional<bool> cast = vote(voters_[i]);
    if (!cast) {
      missing += weight_at(i);
    } else if (*cast) {
      yes += weight_at(i);
    }
  }
  const uint64_t majority = needed();
  if (yes >= majority) return VoteResult::kWon;
  if (yes + missing >= majority) return VoteResult::kPending;
  return VoteResult::kLost;
}

}  // namespace govchain::consensus
