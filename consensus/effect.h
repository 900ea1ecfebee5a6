#pragma once
// What an engine asks of its host. See consensus/engine.h for the loop and for the order in which
// these must be done.

#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/checkpoint.h"
#include "consensus/input.h"
#include "consensus/log_record.h"
#include "consensus/membership.h"
#include "consensus/message.h"
#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus {

enum class RefusalReason : uint8_t {
  kFull,       // the mempool is at its limit: try again later
  kOversize,   // larger than any block may be
  kDuplicate,  // pending or already ordered
  kNoLeader,   // nobody to order it at present (Raft without leader)
  kStopped,    // this replica has stopped (I/O error, removed member, software too old)
  kWitness,    // this replica keeps no payloads: another one takes them
};

// Rare events worth counting. Frequent ones are in EngineCounters.
enum class MetricId : uint8_t {
  kViewChange,
  kLeaderElected,
  kRecovery,
  kStateTransfer,
  kCatchUp,
  kMembershipChange,
  kUpgrade,           // value: the version of the rules that holds from now on
  kOutdatedSoftware,  // value: the version that this replica's software does not know
};

namespace effect {

// Append `record` to the log. Tickets are consecutive. Many appends share one sync (group commit).
// Answer: input::Persisted for this or a later ticket, or input::PersistFailed.
struct Persist {
  Ticket ticket;
  LogRecordRef record;
};
// Once `after` is durable, records with tickets below `before` are never needed again.
struct Truncate {
  Ticket before;
  Ticket after;
};
// Answer: input::Loaded with committed blocks from `first`, at most `count` of them and about
// `limit` bytes.
struct Load {
  Token token;
  Height first;
  uint32_t count = 1;
  Bytes limit;
};
// Send once `after` is durable (0 = at once). Order per peer and lane is kept; delivery is not
// promised.
struct Send {
  ReplicaId to;
  MessageRef message;
  Ticket after;
};
// The same to every peer of the active membership (effect::MembershipActive), oneself excepted. One
// effect however many peers; the message is encoded once.
struct Broadcast {
  MessageRef message;
  Ticket after;
};
// Replaces the deadline of the same timer. Answer: input::TimerFired at or after `deadline` on the
// engine's clock.
struct SetTimer {
  TimerId timer;
  TimePoint deadline;
};
struct CancelTimer {
  TimerId timer;
};
// Verify message->signature by message->sender over message->statement(chain). Answer:
// input::Verified.
struct Verify {
  Token token;
  MessageRef message;
};
// Verify all of them; valid only if every one is. Answer: input::Verified.
struct VerifyClaims {
  Token token;
  ClaimListRef claims;
};
// Verify the clients' signatures inside these payloads (only where the configuration says that
// replicas do). Answer: input::Verified.
struct VerifyPayloads {
  Token token;
  BlockRef block;
};
// Answer: input::Signed.
struct Sign {
  Token token;
  Statement statement;
};
// Execute the block; blocks come in height order without gaps. If take_snapshot, keep a snapshot of
// the state after it until a later checkpoint supersedes it. Answer: input::Executed.
struct Execute {
  BlockRef block;
  bool take_snapshot = false;
};
// The block is final. Store it with its certificate; once `after` is durable and the block is
// executed here, clients may be answered. Commits come in height order without gaps (after
// InstallSnapshot: from its height on).
struct Commit {
  BlockRef block;
  CertificateRef certificate;
  Ticket after;
};
// The checkpoint is proven. Store it; older snapshots, and blocks older than the engine's
// retention, may go.
struct CheckpointStable {
  Checkpoint checkpoint;
};
// Obtain the snapshot of this checkpoint from any peer and check it against the root. Answer:
// input::SnapshotFetched.
struct FetchState {
  Checkpoint checkpoint;
};
// Replace state and block store by the fetched snapshot, atomically and durably. Answer:
// input::SnapshotInstalled.
struct InstallSnapshot {
  Checkpoint checkpoint;
};
// Two statements that no honest replica signs both. Proof that `first.signer` is faulty.
struct EvidenceFound {
  SignedStatement first;
  SignedStatement second;
};
// State at `height` or later answers the read linearizably, until `valid_until` where the read
// rests on a lease (TimePoint::max() otherwise); the host checks that again just before answering.
struct ReadReady {
  Token token;
  Height height;
  TimePoint valid_until = TimePoint::max();
};
struct ReadRefused {
  Token token;
};
struct Refused {
  PayloadRef payload;
  RefusalReason reason = RefusalReason::kFull;
};
// From now on broadcasts go to these members, and messages of these members are to be let in.
// Effective from the block at `from` on. Emitted once at start and after every change.
struct MembershipActive {
  Membership membership;
  Height from;
};
// This replica must not act again: removed from the chain, or storage failed. Or its software is
// too old for the chain (EngineStatus::outdated_since): then it may be restarted from its log, with
// newer software.
struct Stopped {
  bool storage_failed = false;
  bool software_outdated = false;
};
struct Metric {
  MetricId id = MetricId::kViewChange;
  uint64_t value = 0;
};

}  // namespace effect

using Effect =
    std::variant<effect::Persist, effect::Truncate, effect::Load, effect::Send, effect::Broadcast,
                 effect::SetTimer, effect::CancelTimer, effect::Verify, effect::VerifyClaims,
                 effect::VerifyPayloads, effect::Sign, effect::Execute, effect::Commit,
                 effect::CheckpointStable, effect::FetchState, effect::InstallSnapshot,
                 effect::EvidenceFound, effect::ReadReady, effect::ReadRefused, effect::Refused,
                 effect::MembershipActive, effect::Stopped, effect::Metric>;

// Collects the effects of one or more steps. The host reuses one sink, so that its memory is
// allocated once.
class EffectSink {
 public:
  template <typename E>
  void emit(E&& effect) {
    effects_.emplace_back(std::forward<E>(effect));
  }
  [[nodiscard]] std::span<Effect> effects() { return effects_; }
  [[nodiscard]] std::span<const Effect> effects() const { return effects_; }
  [[nodiscard]] bool empty() const { return effects_.empty(); }
  void clear() { effects_.clear(); }

 private:
  std::vector<Effect> effects_;
};

}  // namespace govchain::consensus
