#pragma once
// A Raft replica as its operator sees it: more than EngineStatus has room for.

#include <cstdint>
#include <vector>

#include "consensus/engine.h"
#include "consensus/raft/progress.h"
#include "consensus/types.h"

namespace govchain::consensus::raft {

enum class Role : uint8_t { kFollower, kPreCandidate, kCandidate, kLeader };

// At which a replica that is not leader asks for votes, unless it has heard from one.
inline constexpr TimerId kElectionTimer{1};

// What a leader knows of one member, itself included.
struct PeerStatus {
  ReplicaId id;
  Height match;  // highest entry known to be durable there
  Height next;   // next entry to send
  ProgressState state = ProgressState::kProbe;
  bool learner = false;
  bool witness = false;
  bool paused = false;
  // Heard from since the last check of the quorum, or the beginning of this leader's term; or added
  // since, and thus without a chance yet.
  bool active = false;
  uint32_t in_flight = 0;
  bool window_full = false;
  Height snapshot;  // that it was told to fetch
};

struct RaftStatus {
  Role role = Role::kFollower;
  bool votes = false;               // in this replica's latest configuration, which is in force
  bool votes_as_committed = false;  // in the latest that it knows to be committed
  bool witness = false;
  Height first;  // lowest height above what its log begins with
  Height last;
  Height durable;                 // of its own log
  std::vector<PeerStatus> peers;  // of a leader
};

// Of an engine that make_raft made.
[[nodiscard]] RaftStatus raft_status(const Engine& engine);

// What it would tell a follower that needs its newest stable checkpoint; null if it has none. What
// the engine knows of followers does not change.
[[nodiscard]] MessageRef snapshot_message(const Engine& engine);

// For scripts: what would be drawn, counted from when it was drawn or a leader was last heard.
// Returns when the election timer of a replica that does not lead has to fire. The next draw, or
// the next term of its own, ends this.
TimePoint set_election_timeout(Engine& engine, Duration timeout);

}  // namespace govchain::consensus::raft
