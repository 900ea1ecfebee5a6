#pragma once
// The engine contract.
//
// An engine is one replica's side of one consensus protocol. It is sans-IO: it never reads a clock,
// a socket, a disk, a thread or a random device, and is a deterministic function of its
// configuration, its recovered state, its seed and its inputs. The same engine code runs in the
// simulator and in the node; they differ in the host, which runs this loop:
//
//   1. Collect inputs (messages, timers that are due, answers to earlier effects, client
//   proposals).
//   2. engine.step(now, inputs, sink). `now` is this replica's own monotonic clock: it never goes
//   back, but it may drift
//      and may have stood still for any time. step(a followed by b) decides as step(a) and then
//      step(b) at the same `now`.
//   3. Carry out the effects in the order in which they stand in the sink, then clear the sink.
//        - Persist: append to the write-ahead log. Many appends may share one sync.
//        - Anything that carries `after` waits until that ticket is durable, and only then leaves
//        the replica: a
//          vote must not be seen by anybody before it would survive a crash. A host that acts
//          earlier is broken, and the simulator's checkers find it. Effects without `after` may be
//          done at once.
//        - Effects whose description names an answer get exactly one, as an input of a later step,
//        in any order, at any
//          later time; a crash forgets them all.
//   4. If an append fails the host says so (input::PersistFailed) and nothing that waited for it
//   may leave.
//
// After a crash the host makes a new engine from the durable log records in the order of their
// tickets, the newest stable checkpoint, and the height up to which its block store has committed
// blocks (RecoveredState). The engine then re-emits Execute for committed blocks that the state has
// not executed (execution restarts from executed_height), and never contradicts what the log shows
// that it has signed.
//
// What an engine promises in return:
//   - Safety whatever the network, the clocks and up to f faulty replicas do; liveness once
//   messages arrive in time.
//   - Malformed, oversize, replayed, future and forged input is counted and dropped. Nothing throws
//   out of step; nothing
//     is allocated by a length that a peer chose; queues and buffers have named bounds.
//   - In steady state a step allocates nothing per message: effects, messages, blocks and records
//   are recycled.
//   - No iteration over unordered containers, no floating point, no wall clock in a decision.
//   - Hashing is done inside (it is a pure function); verification of signatures, signing and
//   execution are effects, so
//     that a host can use a pool of cores and a simulator can charge their cost.
//
// Client payloads. A replica that gets input::Propose keeps the payload in its mempool until a
// committed block holds it, passes it to the leader if it is not leader itself, passes it on again
// after a change of leader, and suspects a leader that does not order it in time. A payload is
// ordered at most once in a chain: an engine drops payloads whose digest is in the recent committed
// window, and the ledger refuses older repetitions.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "consensus/checkpoint.h"
#include "consensus/crypto/hash.h"
#include "consensus/effect.h"
#include "consensus/input.h"
#include "consensus/log_record.h"
#include "consensus/membership.h"
#include "consensus/protocol_version.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

// Whether a proposal brings the bytes of its payloads, or names them: the proposer then sends a few
// dozen bytes for each payload.
enum class ProposalBodies : uint8_t {
  kCarried,
  kByDigest,   // clients' replicas have sent them to everybody already; who lacks one asks for it
               // before it votes
  kCertified,  // the proposal proves that some honest replica holds them durably: who lacks one
               // votes all the same, and asks for it before it executes
};

// What all engines are told. Protocol-specific settings are in each engine's own configuration.
struct EngineConfig {
  ChainId chain;
  ReplicaId self;
  Membership
      genesis;  // membership of epoch 0, and the version of the rules that the chain begins with
  // Rules that this replica's software may follow at most. Less than the code knows where an
  // operator wants to be able to go back to older software.
  ProtocolVersion newest_version = kNewestProtocolVersion;
  uint64_t seed = 0;  // of the engine's only random stream (election timeouts and the like)
  HashAlgorithm hash = HashAlgorithm::kSha256;

  // A leader proposes when this many payload bytes or transactions wait, or the oldest has waited
  // batch_delay.
  Bytes max_block_bytes{1U << 20U};
  uint32_t max_block_transactions = 1'000;
  Duration batch_delay = Duration::milliseconds(10);
  uint32_t max_in_flight = 8;  // blocks proposed and not yet committed (pipelining depth)

  Duration base_timeout = Duration::seconds(2);  // before a silent or slow leader is suspected
  // Growth of repeated timeouts ends here. It must exceed what a change of leader takes on the
  // slowest link, or the chain stands still there.
  Duration max_timeout = Duration::seconds(60);

  uint64_t checkpoint_interval = 64;  // a signed checkpoint after every height divisible by this
  uint64_t retained_blocks =
      1'024;  // committed blocks kept for lagging peers before they need a snapshot

  Bytes mempool_limit{64U << 20U};  // payload bytes waiting here
  // kByDigest, kCertified: engines whose traits say so (protocol_traits.h), in epochs whose version
  // allows it (protocol_version.h); in earlier ones proposals carry their payloads.
  ProposalBodies proposal_bodies = ProposalBodies::kCarried;
  bool replicas_verify_payloads =
      false;  // false: the replica that admitted a payload vouches for its clients' signatures
  Duration wall_clock_tolerance =
      Duration::seconds(30);  // a block time further than this from one's own is not voted for
};

// What a restarted replica still has.
struct RecoveredState {
  std::vector<LogRecordRef> records;  // durable and not truncated, in ticket order
  Ticket last_ticket;                 // of the last of them; new tickets follow it
  Checkpoint checkpoint;              // newest stored one; height 0 and null certificate if none
  std::vector<StoredBlock>
      blocks;              // durably stored committed blocks above executed_height, consecutive
  Height executed_height;  // the state's height (that of the snapshot it was restored from)
  Digest state_root;       // the state's root at that height
  bool fresh = true;       // false if this replica ever ran before
};

// Counted, not reported one by one. Every dropped input is in exactly one of the first nine.
struct EngineCounters {
  uint64_t malformed = 0;     // did not decode, or contradicts itself
  uint64_t oversize = 0;      // above a named bound
  uint64_t unauthorised = 0;  // not a member, or not the channel's owner
  uint64_t forged = 0;        // a signature or certificate did not verify
  uint64_t stale = 0;         // for a view, height or epoch that is over
  uint64_t future = 0;        // beyond what may be buffered
  uint64_t duplicate = 0;     // already have it
  uint64_t conflicting =
      0;  // contradicts an earlier message of the same sender (see EvidenceFound)
  uint64_t unsupported = 0;  // by rules that this replica's software does not know
  uint64_t accepted = 0;
  uint64_t proposals = 0;
  uint64_t committed_blocks = 0;
  uint64_t view_changes = 0;     // views (terms) entered after the first
  uint64_t checkpoints = 0;      // stable ones
  uint64_t state_transfers = 0;  // snapshots installed
  uint64_t block_catch_ups = 0;  // blocks obtained from peers after the fact
  uint64_t recoveries = 0;       // 1 if this engine object started from a log
  uint64_t evidence = 0;
  uint64_t membership_changes = 0;
  uint64_t upgrades = 0;  // of these, with a new version of the rules
  uint64_t outdated_software =
      0;  // 1 if this engine object stopped because its software is too old
};

// A look from outside, for checkers, metrics and people.
struct EngineStatus {
  View view;
  Epoch epoch;
  ReplicaId leader;
  bool leader_known = false;
  bool is_leader = false;
  bool in_view_change = false;  // election or view change under way here
  Height proposed;              // highest block accepted from a leader
  Height committed;
  Height executed;
  Height stable_checkpoint;
  Bytes mempool;
  ProtocolVersion version = kOldestProtocolVersion;  // of the rules for the next height
  // The first height whose rules this replica's software does not know, if the chain has such: the
  // replica has stopped ("software too old: the chain is at version 3 since height H") and goes on
  // from its log when it is started with newer software.
  std::optional<Height> outdated_since;
};

class Engine {
 public:
  virtual ~Engine() = default;
  // See the loop above. Called once with no inputs right after construction, to start timers and
  // re-emit effects.
  virtual void step(TimePoint now, std::span<const Input> inputs, EffectSink& sink) = 0;
  // Payload bytes that the mempool would still take now.
  [[nodiscard]] virtual Bytes credit() const = 0;
  [[nodiscard]] virtual EngineStatus status() const = 0;
  [[nodiscard]] virtual const EngineCounters& counters() const = 0;
  // The blocks that changed the membership, from the genesis on, each with its certificate by the
  // members whose epoch it ended: they lead who trusts the genesis to the members of today. None
  // where blocks have no certificates (Raft), or nothing changed.
  [[nodiscard]] virtual std::vector<StoredBlock> membership_changes() const { return {}; }
  // Copies share immutable messages and blocks; the copy decides as the original would.
  [[nodiscard]] virtual std::unique_ptr<Engine> clone() const = 0;
  // Equal for engines that will decide alike on equal inputs; for model checking and replay.
  [[nodiscard]] virtual Digest fingerprint() const = 0;
  // Upper estimate of the memory held, so that a checker can bound it.
  [[nodiscard]] virtual Bytes memory() const = 0;

 protected:
  Engine() = default;
  Engine(const Engine&) = default;
  Engine& operator=(const Engine&) = default;
};

}  // namespace govchain::consensus
