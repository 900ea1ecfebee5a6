#pragma once
// What a host tells an engine. See consensus/engine.h for the loop in which these are used.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/checkpoint.h"
#include "consensus/membership.h"
#include "consensus/message.h"
#include "consensus/payload.h"
#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus {

// Chosen by the engine; names one outstanding request to the host. Never reused within the life of
// an engine object.
using Token = Ordinal<struct TokenTag>;
// Chosen by the engine; at most one deadline is set for each.
using TimerId = Ordinal<struct TimerTag>;

// A committed block with the proof that it is (null where the protocol makes none, as Raft).
struct StoredBlock {
  BlockRef block;
  CertificateRef certificate;
};

namespace input {

// Decoded (consensus/codec.h) but otherwise unchecked: sender, signature and content are claims.
// `from` is the peer whose authenticated channel brought it.
struct MessageReceived {
  ReplicaId from;
  MessageRef message;
};
struct TimerFired {
  TimerId timer;
};
// Every append up to and including `ticket` is durable.
struct Persisted {
  Ticket ticket;
};
// The append failed and nothing after it is durable. disk_full: space may return, the engine stops
// voting until the host retries with success; otherwise the replica must stop.
struct PersistFailed {
  Ticket ticket;
  bool disk_full = false;
};
// Answer to effect::Load: consecutive blocks from the height asked for; may be fewer than asked,
// empty if unknown.
struct Loaded {
  Token token;
  std::vector<StoredBlock> blocks;
};
// Answers to effect::Verify, VerifyClaims and VerifyPayloads. `message` is the one of
// effect::Verify, else null.
struct Verified {
  Token token;
  bool valid = false;
  MessageRef message;
};
struct Signed {
  Token token;
  Signature signature;
};
// The block at `height` was executed; `state_root` is the state's root after it.
struct Executed {
  Height height;
  Digest state_root;
};
// A client of this replica wants `payload` ordered. The answer is in the end effect::Commit of a
// block that holds it, or effect::Refused.
struct Propose {
  PayloadRef payload;
};
// A client wants to read. The answer is effect::ReadReady or effect::ReadRefused with the same
// token, which the host chose.
struct ReadRequested {
  Token token;
};
// An operator wants other members, or the next version of the rules, or both. The host refuses a
// target that weighs more than kMaxTotalWeight: it has no encoding.
struct Reconfigure {
  MembershipChange change;
};
// An operator knows that the leader which this replica follows is gone: it need not keep its vote
// back for the rest of a timeout. Ignored where a protocol has no use for it.
struct ForgetLeader {};
struct PeerUp {
  ReplicaId peer;
};
struct PeerDown {
  ReplicaId peer;
};
// The host's queue to `peer` has room again after it dropped something.
struct PeerWritable {
  ReplicaId peer;
};
// The host had to drop messages to `peer` (bounded queues).
struct PeerDropped {
  ReplicaId peer;
};
// Answer to effect::FetchState: the snapshot at `height` has been obtained and matches the
// checkpoint's root, or, with available = false, nobody could give one that does.
struct SnapshotFetched {
  Height height;
  bool available = false;
};
// Answer to effect::InstallSnapshot: the state at `height` is now this replica's, durably.
struct SnapshotInstalled {
  Height height;
  Digest state_root;
};
// The wall clock, for block times only. Between two of these the engine adds its own monotonic
// clock's progress.
struct WallTime {
  int64_t nanoseconds_since_1970 = 0;
};

}  // namespace input

using Input =
    std::variant<input::MessageReceived, input::TimerFired, input::Persisted, input::PersistFailed,
                 input::Loaded, input::Verified, input::Signed, input::Executed, input::Propose,
                 input::ReadRequested, input::Reconfigure, input::PeerUp, input::PeerDown,
                 input::PeerWritable, input::PeerDropped, input::SnapshotFetched,
                 input::SnapshotInstalled, input::WallTime, input::ForgetLeader>;

}  // namespace govchain::consensus
