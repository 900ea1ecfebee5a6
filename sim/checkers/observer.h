#pragma once
// What the world shows to whoever watches it: checkers, a trace writer, a test. An observer sees
// the effects of every engine as the host carries them out and cannot change anything. Calls come
// in simulated order. Nothing here is called per delivered message, so that watching stays cheap at
// any number of replicas.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "consensus/application.h"
#include "consensus/crypto/crypto.h"
#include "consensus/effect.h"
#include "consensus/engine.h"
#include "consensus/input.h"
#include "sim/units.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// One replica of one chain.
struct ReplicaAddress {
  ChainIndex chain = 0;
  ReplicaIndex replica = 0;
  friend constexpr auto operator<=>(const ReplicaAddress&, const ReplicaAddress&) = default;
};

// Which effects wait for a ticket, as seen when one is let go.
enum class GatedEffect : uint8_t { kSend, kBroadcast, kCommit, kTruncate };

// What the world knows of a chain when it judges progress; shown about every 100 ms of simulated
// time.
struct ChainPulse {
  ChainIndex chain = 0;
  TimePoint now;
  TimePoint calm_since;      // end of the last fault that has struck so far; max() while one is
                             // active
  bool quorum_up = true;     // enough honest replicas are up and reach each other now
  uint64_t waiting = 0;      // transactions admitted by replicas that are up (and have not crashed
                             // since), not final, not timed out
  TimePoint oldest_waiting;  // when the oldest of these was admitted; valid if waiting > 0
  uint64_t committed_blocks = 0;  // highest height released anywhere
};

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // Before anything else: the description, and the genesis membership (with keys) of each chain.
  virtual void on_begin(const WorldSpec& /*spec*/,
                        std::span<const consensus::Membership> /*genesis*/) {}
  // The replica starts, or starts again, with software that knows the rules up to this version.
  virtual void on_software(ReplicaAddress /*who*/, consensus::ProtocolVersion /*newest*/) {}
  // Every effect of every engine, in the order emitted, before the host acts on it. `durable` is
  // the highest ticket that the replica's disk holds at this moment.
  virtual void on_effect(ReplicaAddress /*who*/, TimePoint /*now*/,
                         const consensus::Effect& /*effect*/, consensus::Ticket /*durable*/) {}
  // An effect that carries `after` is let go now. `durable` is read from the disk itself, not from
  // the host's own bookkeeping, so that a host (or engine) that acts early shows up.
  virtual void on_release(ReplicaAddress /*who*/, TimePoint /*now*/, GatedEffect /*effect*/,
                          consensus::Ticket /*after*/, consensus::Ticket /*durable*/) {}
  // A message leaves the replica: once per broadcast (to = nullptr) or send. What an adversary
  // really sends instead is not shown; the honest engine behind it is.
  virtual void on_send(ReplicaAddress /*who*/, TimePoint /*now*/,
                       const consensus::ReplicaId* /*to*/, const consensus::Message& /*message*/) {}
  // The block is final at this replica and its `after` is durable, but it may not be executed yet.
  virtual void on_commit(ReplicaAddress /*who*/, TimePoint /*now*/,
                         const consensus::Block& /*block*/,
                         const consensus::Certificate* /*certificate*/) {}
  // The block was applied to this replica's state machine (again, after a restart).
  virtual void on_executed(ReplicaAddress /*who*/, TimePoint /*now*/,
                           const consensus::Block& /*block*/,
                           const consensus::ExecutionResult& /*result*/) {}
  // Clients of this replica are answered: the block is final, durable and executed here.
  virtual void on_answered(ReplicaAddress /*who*/, TimePoint /*now*/,
                           const consensus::Block& /*block*/) {}
  // A client asks this replica for a linearizable read. The answer is on_read_answered, or
  // effect::ReadRefused with this token, seen by on_effect.
  virtual void on_read(ReplicaAddress /*who*/, TimePoint /*now*/, consensus::Token /*token*/) {}
  // The client is answered from this replica's state at `height` or later, as the engine said.
  virtual void on_read_answered(ReplicaAddress /*who*/, TimePoint /*now*/,
                                consensus::Token /*token*/, consensus::Height /*height*/) {}
  virtual void on_checkpoint(ReplicaAddress /*who*/, TimePoint /*now*/,
                             const consensus::Checkpoint& /*checkpoint*/) {}
  virtual void on_evidence(ReplicaAddress /*who*/, TimePoint /*now*/,
                           const consensus::effect::EvidenceFound& /*evidence*/) {}
  virtual void on_membership(ReplicaAddress /*who*/, TimePoint /*now*/,
                             const consensus::effect::MembershipActive& /*membership*/) {}
  // A snapshot of `checkpoint` replaced this replica's state and store: the next commit follows it.
  virtual void on_snapshot_installed(ReplicaAddress /*who*/, TimePoint /*now*/,
                                     const consensus::Checkpoint& /*checkpoint*/) {}
  // Memory, unsynced writes and all outstanding requests of the replica are gone.
  virtual void on_crash(ReplicaAddress /*who*/, TimePoint /*now*/) {}
  // It comes back with this. Called before the new engine's first step.
  virtual void on_restart(ReplicaAddress /*who*/, TimePoint /*now*/,
                          const consensus::RecoveredState& /*state*/) {}
  // About every 100 ms of simulated time for each replica that is up; every second in worlds of
  // more than 64 replicas.
  virtual void on_sample(ReplicaAddress /*who*/, TimePoint /*now*/,
                         const consensus::Engine& /*engine*/) {}
  virtual void on_pulse(const ChainPulse& /*pulse*/) {}
  virtual void on_end(TimePoint /*now*/) {}
};

}  // namespace govchain::sim
