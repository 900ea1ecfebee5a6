#pragma once
// Messages of Raft. The header carries the term (view) and one height; what else a message says is
// in its body, which has a fixed layout per type. Nothing is signed but checkpoint statements: the
// channel is authenticated and members only crash.

#include <cstdint>
#include <string_view>

#include "consensus/codec.h"
#include "consensus/message.h"
#include "consensus/types.h"

namespace govchain::consensus::raft {

enum class MessageType : uint8_t {
  kPreVoteRequest = 1,  // view: the sender's term (the election would be for the next one)
  kPreVoteReply = 2,
  kVoteRequest = 3,
  kVoteReply = 4,
  kAppend = 5,            // height: that of the entry before; block: the entry, or none (a probe),
                          // and for a witness by digest
  kAppendReply = 6,       // height: highest entry acknowledged, or the one refused
  kHeartbeat = 7,         // height: commit index
  kHeartbeatReply = 8,    //
  kCommitNotice = 9,      // height: commit index; nobody answers it
  kInstallSnapshot = 10,  // height: that of the checkpoint
  kTimeoutNow = 11,       // §3.10: start an election at once
  kForward = 12,          // payloads for the leader; height: the sender's commit index
  kReadIndex = 13,        // a follower's read
  kReadIndexReply = 14,   // height: the read index
  kReconfigure = 15,      // a membership change for the leader
  kRemoved = 16,          // height: of the configuration without the receiver, committed
  kCheckpointProof = 17,  // height: of a checkpoint that the receiver voted for late
  kVersionQuery = 18,     // a leader asks whose software knows a version of the rules
  kVersionReply = 19,     // the sender's does
  kWitnessBase = 20,   // for a witness, all that it needs to go on from a height that is committed
  kAppendNames = 21,   // as kAppend, by digest, for who should have the payloads
  kPayloadQuery = 22,  // height: of an entry of which the sender lacks payloads
  kCheckpointVote = kCheckpointStatement,
};

struct VoteRequestBody {
  Height last;          // of the candidate's log
  View last_term;       //
  bool forced = false;  // the leader asked for this election: who hears from a leader votes too
};
struct VoteReplyBody {
  bool granted = false;
};
struct AppendBody {
  View previous_term;
  Height commit;
};
struct AppendReplyBody {
  bool refused = false;
  Height hint;     // where the follower's log could agree with the leader's ("fast back-tracking")
  View hint_term;  // the follower's term there
};
struct RoundBody {
  uint64_t round = 0;  // of leadership confirmation (§6.4)
};
struct ReadBody {
  uint64_t sequence = 0;
  bool refused = false;
};

struct VersionBody {
  ProtocolVersion version = kOldestProtocolVersion;  // any: older software is asked, too
};

// Each overwrites message.body; the decoders answer false if the body is not exactly one of these.
void encode_body(const VoteRequestBody& body, Message& message);
void encode_body(const VoteReplyBody& body, Message& message);
void encode_body(const AppendBody& body, Message& message);
void encode_body(const AppendReplyBody& body, Message& message);
void encode_body(const RoundBody& body, Message& message);
void encode_body(const ReadBody& body, Message& message);
void encode_body(const VersionBody& body, Message& message);
[[nodiscard]] bool decode_body(const Message& message, VoteRequestBody& body);
[[nodiscard]] bool decode_body(const Message& message, VoteReplyBody& body);
[[nodiscard]] bool decode_body(const Message& message, AppendBody& body);
[[nodiscard]] bool decode_body(const Message& message, AppendReplyBody& body);
[[nodiscard]] bool decode_body(const Message& message, RoundBody& body);
[[nodiscard]] bool decode_body(const Message& message, ReadBody& body);
[[nodiscard]] bool decode_body(const Message& message, VersionBody& body);

}  // namespace govchain::consensus::raft
