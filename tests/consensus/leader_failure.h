#pragma once
// The leader of the present view fails while a client's payload waits at every replica, all timers
// having begun at the same moment, and one change of leader later it is final. What that took.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "consensus/protocol_traits.h"
#include "tests/consensus/metered_world.h"

namespace govchain::consensus::testing {

enum class UnderWay : uint8_t {
  kNothing,  // the leader fails before it proposes the payload
  kBlock,    // all have voted for the block that holds it in every phase but the last, whose
             // messages are lost
};
// Members that fail.
enum class Failing : uint8_t { kLeader, kNextLeader };

struct LeaderFailure {
  MeteredOptions world;
  uint64_t decided = 0;  // blocks that everybody has committed before
  UnderWay under_way = UnderWay::kNothing;
  Failing failing = Failing::kLeader;
};

struct LeaderChange {
  Meter meter;          // from the first timer to the last commit, and what leaves with that
  Duration first;       // from the first timer until the first replica has committed the payload
  Duration last;        // until all have
  Duration from_start;  // the same from the first message of the new leader
  Waits waits;          // of the whole run
};

// `failure.world.delay` must be so short that everything is over before the next timer.
[[nodiscard]] LeaderChange change_leader(const ProtocolTraits& protocol,
                                         const LeaderFailure& failure);

// The replica that leads as soon as somebody says so.
[[nodiscard]] uint32_t leader_of(const MeteredWorld& world);

}  // namespace govchain::consensus::testing
