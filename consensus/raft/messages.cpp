#include "consensus/raft/messages.h"

#include "consensus/raft/engine.h"

namespace govchain::consensus::raft {
namespace {

// A truth value has one encoding, so that an encoding stays an identity.
bool read_flag(Reader& in) {
  const uint8_t value = in.u8();
  if (value > 1) in.fail();
  return value == 1;
}

Writer overwrite(Message& message) {
  message.body.clear();
  return Writer(message.body);
}

}  // namespace

std::string_view message_name(uint8_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kPreVoteRequest:
      return "pre-vote-request";
    case MessageType::kPreVoteReply:
      return "pre-vote-reply";
    case MessageType::kVoteRequest:
      return "vote-request";
    case MessageType::kVoteReply:
      return "vote-reply";
    case MessageType::kAppend:
      return "append";
    case MessageType::kAppendReply:
      return "append-reply";
    case MessageType::kHeartbeat:
      return "heartbeat";
    case MessageType::kHeartbeatReply:
      return "heartbeat-reply";
    case MessageType::kCommitNotice:
      return "commit-notice";
    case MessageType::kInstallSnapshot:
      return "install-snapshot";
    case MessageType::kTimeoutNow:
      return "timeout-now";
    case MessageType::kForward:
      return "forward";
    case MessageType::kReadIndex:
      return "read-index";
    case MessageType::kReadIndexReply:
      return "read-index-reply";
    case MessageType::kReconfigure:
      return "reconfigure";
    case MessageType::kRemoved:
      return "removed";
    case MessageType::kCheckpointProof:
      return "checkpoint-proof";
    case MessageType::kVersionQuery:
      return "version-query";
    case MessageType::kVersionReply:
      return "version-reply";
    case MessageType::kWitnessBase:
      return "witness-base";
    case MessageType::kAppendNames:
      return "append-names";
    case MessageType::kPayloadQuery:
      return "payload-query";
    case MessageType::kCheckpointVote:
      return "checkpoint-vote";
  }
  return "unknown";
}

void encode_body(const VoteRequestBody& body, Message& message) {
  Writer out = overwrite(message);
  out.ordinal(body.last);
  out.ordinal(body.last_term);
  out.u8(body.forced ? 1 : 0);
}

bool decode_body(const Message& message, VoteRequestBody& body) {
  Reader in(message.body);
  body.last = in.ordinal<Height>();
  body.last_term = in.ordinal<View>();
  body.forced = read_flag(in);
  return in.finished();
}

void encode_body(const VoteReplyBody& body, Message& message) {
  overwrite(message).u8(body.granted ? 1 : 0);
}

bool decode_body(const Message& message, VoteReplyBody& body) {
  Reader in(message.body);
  body.granted = read_flag(in);
  return in.finished();
}

void encode_body(const AppendBody& body, Message& message) {
  Writer out = overwrite(message);
  out.ordinal(body.previous_term);
  out.ordinal(body.commit);
}

bool decode_body(const Message& message, AppendBody& body) {
  Reader in(message.body);
  body.previous_term = in.ordinal<View>();
  body.commit = in.ordinal<Height>();
  return in.finished();
}

void encode_body(const AppendReplyBody& body, Message& message) {
  Writer out = overwrite(message);
  out.u8(body.refused ? 1 : 0);
  out.ordinal(body.hint);
  out.ordinal(body.hint_term);
}

bool decode_body(const Message& message, AppendReplyBody& body) {
  Reader in(message.body);
  body.refused = read_flag(in);
  body.hint = in.ordinal<Height>();
  body.hint_term = in.ordinal<View>();
  return in.finished();
}

void encode_body(const RoundBody& body, Message& message) { overwrite(message).u64(body.round); }

bool decode_body(const Message& message, RoundBody& body) {
  Reader in(message.body);
  body.round = in.u64();
  return in.finished();
}

void encode_body(const ReadBody& body, Message& message) {
  Writer out = overwrite(message);
  out.u64(body.sequence);
  out.u8(body.refused ? 1 : 0);
}

bool decode_body(const Message& message, ReadBody& body) {
  Reader in(message.body);
  body.sequence = in.u64();
  body.refused = read_flag(in);
  return in.finished();
}

void encode_body(const VersionBody& body, Message& message) {
  overwrite(message).u16(number_of(body.version));
}

bool decode_body(const Message& message, VersionBody& body) {
  Reader in(message.body);
  body.version = static_cast<ProtocolVersion>(in.u16());
  return in.finished() && body.version >= kOldestProtocolVersion;
}

}  // namespace govchain::consensus::raft
