#pragma once
// Signed statements about the state after a height, gathered until a majority of the epoch's
// members says the same.

#include <cstdint>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/codec.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::raft {

// Heights for which votes are kept at the same time.
inline constexpr size_t kOpenCheckpoints = 8;

class CheckpointVotes {
 public:
  enum class State : uint8_t { kVerifying, kVerified };
  struct Vote {
    ReplicaId signer;
    Epoch epoch;
    Digest root;
    Signature signature;
    State state = State::kVerifying;
  };
  struct Slot {
    Height height;
    std::vector<Vote> votes;  // ascending by signer
  };

  // Null if nobody voted for this height.
  [[nodiscard]] const Slot* find(Height height) const;
  [[nodiscard]] const Vote* find(Height height, ReplicaId signer) const;
  // Keeps the vote, making room by giving up the lowest height if all slots are taken by lower
  // ones; false if they are taken by higher ones. The signer must not have a vote at this height.
  bool add(Height height, Vote vote);
  void set_verified(Height height, ReplicaId signer);
  void remove(Height height, ReplicaId signer);
  // Gives up everything at or below `height`.
  void drop_to(Height height);
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
  [[nodiscard]] Bytes memory() const;
  void encode_state(Writer& out) const;

 private:
  Slot* slot(Height height);
  std::vector<Slot> slots_;  // ascending by height
};

}  // namespace govchain::consensus::raft
