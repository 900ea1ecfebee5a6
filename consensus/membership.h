#pragma once
// Who takes part in a chain in one epoch, with weights and keys, and by which rules.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/protocol_version.h"
#include "consensus/types.h"

namespace govchain::consensus {

// A witness votes and remembers what was ordered, by digest, but has neither payloads nor state: it
// never leads, executes, signs a state or serves anybody (Pâris, "Voting with Witnesses", ICDCS
// 1986). Only Raft has them.
enum class MemberRole : uint8_t { kFull = 0, kWitness = 1 };

struct Member {
  ReplicaId id;
  uint64_t weight =
      1;  // votes that this member carries; 0 = learner: receives everything, counts for nothing
  PublicKey key;
  MemberRole role = MemberRole::kFull;
  [[nodiscard]] bool is_witness() const { return role == MemberRole::kWitness; }
  // Votes about a state, which a witness does not have.
  [[nodiscard]] uint64_t signing_weight() const { return is_witness() ? 0 : weight; }
  friend bool operator==(const Member&, const Member&) = default;
};

// What all members may weigh together: sums of weights fit their type with room to spare, and the
// encoding has a mark above a weight. Whoever brings a membership from outside (configuration,
// operator, wire) refuses more; what stands inside an engine keeps to it.
inline constexpr uint64_t kMaxTotalWeight = uint64_t{1} << 62U;
[[nodiscard]] inline bool has_bounded_weight(std::span<const Member> members) {
  uint64_t left = kMaxTotalWeight;
  for (const Member& member : members) {
    if (member.weight > left) return false;
    left -= member.weight;
  }
  return true;
}

struct Membership {
  Epoch epoch;
  std::vector<Member> members;  // ascending by id, ids distinct
  ProtocolVersion version = kOldestProtocolVersion;

  [[nodiscard]] const Member* find(ReplicaId id) const {
    // Members are few and mostly numbered 0 … n-1, so the direct hit is the usual case.
    if (id.value() < members.size() && members[id.value()].id == id) return &members[id.value()];
    for (const Member& member : members) {
      if (member.id == id) return &member;
    }
    return nullptr;
  }
  [[nodiscard]] size_t size() const { return members.size(); }
  friend bool operator==(const Membership&, const Membership&) = default;
};

// A requested change of membership; which ones an engine can carry out is in its README.
struct MembershipChange {
  std::vector<Member> target;  // the membership wanted in the end, learners included; empty: as is
  std::optional<ReplicaId> transfer_leadership_to;
  // The rules wanted from then on (an upgrade); the present ones stay where they are newer.
  ProtocolVersion version = kOldestProtocolVersion;
};

}  // namespace govchain::consensus
