#pragma once
// Raft (Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014; Ongaro's
// dissertation "Consensus: Bridging Theory and Practice", 2014) behind the engine contract.
//
// View = term, Height = log index, Block = log entry. An empty block is the no-op of a new leader;
// a block with `control` is a configuration. README.md has the sketch of costs and the choices.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "consensus/engine.h"
#include "consensus/protocol_traits.h"
#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::consensus::raft {

// What Raft needs beyond EngineConfig. Defaults suit a data centre as well as a wide area, because
// every time is derived from EngineConfig::base_timeout unless it is given.
struct RaftConfig {
  // An election timeout is drawn from [election_timeout, 2 * election_timeout) (§9.3 of the
  // dissertation); zero: EngineConfig::base_timeout.
  Duration election_timeout;
  // Between two heartbeats of a leader; zero: a tenth of the election timeout.
  Duration heartbeat;
  // Appends on their way to one follower, unacknowledged: in number and in bytes. A single append
  // may exceed the bytes.
  uint32_t max_append_messages = 64;
  Bytes max_append_bytes{16U << 20U};
  // §9.6: ask before raising the term, so that a replica that was away does not depose a leader.
  bool pre_vote = true;
  // §6.2: a leader that does not hear from a majority steps down, and who hears from a leader does
  // not vote.
  bool check_quorum = true;
  // Committed and executed blocks kept in memory for followers that lag a little; older ones are
  // read back with effect::Load.
  uint32_t cached_blocks = 128;
  Bytes cached_bytes{32U << 20U};
  // §6.4.1: a leader answers reads without asking anybody while a majority has promised not to
  // elect another. Every voter must run with the same setting. Safe as long as every clock's rate
  // stays within `max_clock_drift_ppm` parts per million of true time; a clock that stands still
  // while its machine is suspended breaks that (CLOCK_BOOTTIME, not CLOCK_MONOTONIC, on Linux).
  bool lease_reads = false;
  uint32_t max_clock_drift_ppm = 1'000;
  // §4.2.1: a replica becomes a voter only when its log has come up to the leader's.
  bool catch_up_before_voting = true;
  // §4.3: a joint configuration is left as soon as it is committed; false: when the same change is
  // asked for again.
  bool leave_joint_at_once = true;
  // Reads that wait for their confirmation; more are refused.
  uint32_t max_pending_reads = 4'096;
};

// One replica. The genesis membership may lack `self`: such a replica waits to be added, as what
// its leader says that it shall be. Members of weight 0 are learners; a majority is more than half
// of the weight. Witnesses may carry up to half of it; a witness's engine never commits or executes
// anything for its host, refuses reads and payloads, and keeps all of its log in the write-ahead
// log. A log that contradicts itself gives an engine whose first step emits
// effect::Stopped{storage_failed}.
[[nodiscard]] std::unique_ptr<Engine> make_raft(const EngineConfig& config,
                                                const RaftConfig& raft_config,
                                                RecoveredState recovered);

// Of a message type on the wire, for traces; "unknown" if it is none of ours.
[[nodiscard]] std::string_view message_name(uint8_t type);

[[nodiscard]] std::span<const Situation> required_situations();

// What others need to know of this engine (consensus/protocols.h).
[[nodiscard]] const ProtocolTraits& traits();

}  // namespace govchain::consensus::raft
