#include "tests/consensus/script/raft_view.h"

#include <map>
#include <vector>

#include "consensus/raft/messages.h"
#include "consensus/raft/records.h"
#include "consensus/raft/status.h"
#include "tests/consensus/script/arguments.h"

namespace govchain::consensus::testing {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

Status read_switch(const Case& command, const std::string& name, bool& value) {
  if (!command.has(name)) return success();
  const std::string text = command.value(name).value_or("");
  if (text != "on" && text != "off") {
    return Error{ErrorCode::kInvalid, name + " must be on or off, not '" + text + "'",
                 command.where()};
  }
  value = text == "on";
  return success();
}

std::string_view name_of(raft::Role role) {
  switch (role) {
    case raft::Role::kFollower:
      return "follower";
    case raft::Role::kPreCandidate:
      return "pre-candidate";
    case raft::Role::kCandidate:
      return "candidate";
    case raft::Role::kLeader:
      return "leader";
  }
  return "?";
}

std::string_view name_of(raft::ProgressState state) {
  switch (state) {
    case raft::ProgressState::kProbe:
      return "probe";
    case raft::ProgressState::kReplicate:
      return "replicate";
    case raft::ProgressState::kSnapshot:
      return "snapshot";
  }
  return "?";
}

}  // namespace

const std::set<std::string>& raft_arguments() {
  static const std::set<std::string> names = {
      "heartbeat-ms", "appends",  "pre-vote",    "check-quorum", "leases",
      "drift-ppm",    "catch-up", "leave-joint", "cached",       "witnesses"};
  return names;
}

Result<raft::RaftConfig> read_raft_arguments(const Case& command) {
  raft::RaftConfig config;
  // A script says what it wants; that voters catch up first is one more thing to ask for.
  config.catch_up_before_voting = false;
  for (const auto& [name, value] : {std::pair<const char*, bool*>{"pre-vote", &config.pre_vote},
                                    {"check-quorum", &config.check_quorum},
                                    {"leases", &config.lease_reads},
                                    {"catch-up", &config.catch_up_before_voting},
                                    {"leave-joint", &config.leave_joint_at_once}}) {
    const Status read = read_switch(command, name, *value);
    if (!read) return read.error();
  }
  for (const char* name : {"heartbeat-ms", "appends", "drift-ppm", "cached"}) {
    if (!command.has(name)) continue;
    const bool parts = name == std::string_view("drift-ppm");
    const bool optional = parts || name == std::string_view("cached");
    const Bounds bounds{optional ? 0U : 1U, parts ? 999'999U : kMostMilliseconds};
    const Result<uint64_t> value = bounded_argument(command, name, 0, bounds);
    if (!value) return value.error();
    const auto small = static_cast<uint32_t>(*value);
    if (name == std::string_view("heartbeat-ms")) {
      config.heartbeat = Duration::milliseconds(small);
    } else if (name == std::string_view("appends")) {
      config.max_append_messages = small;
    } else if (name == std::string_view("drift-ppm")) {
      config.max_clock_drift_ppm = small;
    } else {
      config.cached_blocks = small;
    }
  }
  return config;
}

std::string describe_raft_role(const Node& node, bool as_committed) {
  if (!node.running()) return "down";
  const EngineStatus status = node.engine().status();
  const raft::RaftStatus own = raft::raft_status(node.engine());
  std::string text(name_of(own.role));
  text += own.witness                                           ? " (witness)"
          : (as_committed ? own.votes_as_committed : own.votes) ? " (voter)"
                                                                : " (non-voter)";
  text += " term " + number(status.view.value());
  text += status.leader_known ? ", leader " + number(status.leader.value()) : ", no leader";
  return text;
}

std::string describe_progress(const Node& node) {
  if (!node.running()) return node.label() + ": down\n";
  std::string text;
  for (const raft::PeerStatus& peer : raft::raft_status(node.engine()).peers) {
    text += number(peer.id.value()) + ": " + std::string(name_of(peer.state)) + " match " +
            number(peer.match.value()) + " next " + number(peer.next.value());
    if (peer.learner) text += " learner";
    if (peer.witness) text += " witness";
    if (peer.paused) text += " paused";
    if (peer.snapshot != Height()) text += " snapshot " + number(peer.snapshot.value());
    if (!peer.active) text += " inactive";
    if (peer.in_flight > 0) text += " in-flight " + number(peer.in_flight);
    if (peer.in_flight > 0 && peer.window_full) text += " (full)";
    text += "\n";
  }
  return text.empty() ? "no peers\n" : text;
}

std::string describe_raft_log(const Node& node, const NodeHost& names, bool only_durable) {
  if (!node.running()) return node.label() + ": down\n";
  const raft::RaftStatus own = raft::raft_status(node.engine());
  std::map<Height, BlockRef> entries;
  for (const LogRecordRef& record : only_durable ? node.durable() : node.written()) {
    const BlockRef block = record->type == static_cast<uint8_t>(raft::RecordType::kWitnessEntry)
                               ? raft::read_witness_entry(HashAlgorithm::kSha256, *record)
                               : record->block;
    if (!block) continue;
    // An entry replaces whatever was written before about its height and above.
    entries.erase(entries.lower_bound(block->height), entries.end());
    entries[block->height] = block;
  }
  std::string text;
  for (const auto& [height, block] : entries) {
    if (height < own.first || (!only_durable && height > own.last)) continue;
    text += number(block->view.value()) + "/" + number(height.value());
    if (!block->control.empty()) text += " membership change";
    text += " {" + names.names(block->payloads) + "}";
    if (!only_durable && height > own.durable) text += " not durable";
    text += "\n";
  }
  if (!text.empty()) return text;
  return "empty from " + number(own.first.value()) + "\n";
}

std::string describe_raft_body(const Message& message) {
  if (message.protocol != Protocol::kRaft) return "";
  switch (static_cast<raft::MessageType>(message.type)) {
    case raft::MessageType::kVoteRequest:
    case raft::MessageType::kPreVoteRequest: {
      raft::VoteRequestBody body;
      if (!raft::decode_body(message, body)) return " malformed";
      return " log " + number(body.last_term.value()) + "/" + number(body.last.value()) +
             (body.forced ? " forced" : "");
    }
    case raft::MessageType::kVoteReply:
    case raft::MessageType::kPreVoteReply: {
      raft::VoteReplyBody body;
      if (!raft::decode_body(message, body)) return " malformed";
      return body.granted ? " granted" : " denied";
    }
    case raft::MessageType::kAppend:
    case raft::MessageType::kAppendNames: {
      raft::AppendBody body;
      if (!raft::decode_body(message, body)) return " malformed";
      return " after " + number(body.previous_term.value()) + "/" + number(message.height.value()) +
             " commit " + number(body.commit.value()) +
             (message.block ? (message.by_digest ? " by digest" : "") : " empty");
    }
    case raft::MessageType::kAppendReply: {
      raft::AppendReplyBody body;
      if (!raft::decode_body(message, body)) return " malformed";
      if (!body.refused) return "";
      return " refused, hint " + number(body.hint_term.value()) + "/" + number(body.hint.value());
    }
    default:
      return "";
  }
}

}  // namespace govchain::consensus::testing
