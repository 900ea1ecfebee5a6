// Upgrades of the rules. The version is part of a configuration, so it is in force for every height
// above the entry that completes the change, and a truncation brings the one before back. A
// follower's acknowledgement of that entry says that its software can follow: who cannot does not
// take it, and stops once it is known to be committed. And because an entry that most cannot take
// would hold up everything behind it, a leader first asks whose software knows the version, as etcd
// raises its cluster version only to what its members' servers know
// (etcd-io/etcd, server/etcdserver/api/etcdhttp and version/monitor.go).

#include <algorithm>
#include <utility>

#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

bool RaftEngine::knows(ProtocolVersion version) const {
  return version <= config_.newest_version || planted(Mutant::kUnknownVersionFollowed);
}

ProtocolVersion RaftEngine::version_at(Height height) const {
  return configurations_.members_for(height).version;
}

// True if a majority, of those who vote and of those who shall, can follow the change's version.
bool RaftEngine::is_supported(const MembershipChange& change) {
  const ConfigurationEntry& latest = configurations_.latest();
  if (change.version <= latest.members.version) return true;
  if (change.version > config_.newest_version) {
    ++counters_.unsupported;
    drop_change();
    return false;
  }
  if (planted(Mutant::kUpgradeUnasked)) return true;
  const bool under_way = version_poll_ && version_poll_->version == change.version &&
                         version_poll_->term == term_ &&
                         version_poll_->epoch == latest.members.epoch;
  if (!under_way) {
    version_poll_ = VersionPoll{change.version, term_, latest.members.epoch, now_, {}, {}};
  }
  VersionPoll& poll = *version_poll_;
  const auto ready = [&](NodeId node) -> std::optional<bool> {
    const bool said = std::find(poll.ready.begin(), poll.ready.end(), node) != poll.ready.end();
    if (node == self_node() || said) return true;
    return std::nullopt;
  };
  std::vector<MajorityQuorum::Weighted> voters;
  for (const Member& member : change.target) {
    if (member.weight == 0) continue;
    voters.push_back({node_id(member.id), member.weight, member.is_witness()});
  }
  if (latest.quorum.result(ready) == VoteResult::kWon &&
      MajorityQuorum(std::move(voters)).result(ready) == VoteResult::kWon) {
    version_poll_.reset();
    return true;
  }
  if (now_ - poll.began >= election_timeout_ * int64_t{kVersionPollTimeouts}) {
    drop_change();
    return false;
  }
  if (!poll.asked || now_ - *poll.asked >= heartbeat_) {
    poll.asked = now_;
    Ref<Message> query = new_message(MessageType::kVersionQuery, Lane::kVote, commit_);
    encode_body(VersionBody{poll.version}, *query);
    broadcast(std::move(query), hard_state_ticket_);
  }
  return false;
}

void RaftEngine::on_version_query(ReplicaId from, const Message& message) {
  VersionBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  if (body.version > config_.newest_version) return;
  Ref<Message> reply = new_message(MessageType::kVersionReply, Lane::kVote, Height());
  encode_body(body, *reply);
  send(from, std::move(reply), hard_state_ticket_);
}

void RaftEngine::on_version_reply(ReplicaId from, const Message& message) {
  VersionBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  const NodeId node = node_id(from);
  if (!is_leader() || !version_poll_ || body.version != version_poll_->version ||
      progress_.find(node) == nullptr) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  std::vector<NodeId>& ready = version_poll_->ready;
  if (std::find(ready.begin(), ready.end(), node) == ready.end()) ready.push_back(node);
  try_reconfigure();
}

// An entry of the leader's that this replica's software cannot take. Until it is committed another
// leader may replace it; from then on the chain is ahead of the software for good.
void RaftEngine::refuse_upgrade(Height height, Height leader_commit, ProtocolVersion version) {
  ++counters_.unsupported;
  if (height <= leader_commit) stop_outdated(height.next(), version);
}

void RaftEngine::stop_outdated(Height from, ProtocolVersion version) {
  if (stopped_) return;
  outdated_since_ = from;
  ++counters_.outdated_software;
  sink_->emit(effect::Metric{MetricId::kOutdatedSoftware, number_of(version)});
  stop(false);
}

// What the log knows as committed may be further than this software, if newer one was here before.
bool RaftEngine::stop_if_log_is_ahead() {
  const ConfigurationEntry& entry = configurations_.at(commit_);
  if (knows(entry.members.version)) return false;
  execute_committed();
  stop_outdated(entry.height.next(), entry.members.version);
  return true;
}

}  // namespace govchain::consensus::raft
