#pragma once
// What a replica remembers of others: where they stand, how often they were answered, what they
// said was ordered, and of what they were found guilty.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/message.h"
#include "consensus/position_set.h"
#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

// A member of the present epoch.
struct Peer {
  std::vector<MessageRef> future;
  Height committed;  // as last told
  Epoch epoch;       // as last told
  Height served;     // committed height for which it was last answered
  std::optional<TimePoint> served_at;
  bool loading = false;
  uint32_t verifications = 0;
};

// One that was removed, and does not know it yet.
struct FormerMember {
  ReplicaId replica;
  Height served;  // committed height for which it was last answered
  std::optional<TimePoint> served_at;
};

// Members who say that a payload is ordered.
struct OrderedNotice {
  Digest digest;
  PositionSet peers;
  uint64_t weight = 0;
};

// An equivocation that was told to the host.
struct Blamed {
  ReplicaId culprit;
  uint8_t type = 0;
  View view;
  Height height;
  friend bool operator==(const Blamed&, const Blamed&) = default;
};

}  // namespace govchain::consensus::chain
