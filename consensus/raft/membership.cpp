// Changes of membership (dissertation chapter 4): one voter at a time, or joint; and the transfer
// of leadership (§3.10).

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/confchange/changer.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {
namespace {

// A target needs voters, and more than half of their weight, or just half, must keep payloads. A
// witness always votes: it has nothing to learn. Its role is for life, as is that of the others: a
// witness that becomes a full member has to join as one, under a number that has promised nothing
// to anybody.
bool is_target(const std::vector<Member>& target, const Membership& known) {
  if (target.size() > kMaxMembers || !has_bounded_weight(target)) return false;
  std::vector<MajorityQuorum::Weighted> voters;
  for (size_t i = 0; i < target.size(); ++i) {
    const Member& member = target[i];
    if (i > 0 && !(target[i - 1].id < member.id)) return false;
    const Member* before = known.find(member.id);
    if (before != nullptr && before->role != member.role) return false;
    if (member.weight > 0) {
      voters.push_back({node_id(member.id), member.weight, member.is_witness()});
    } else if (member.is_witness()) {
      return false;
    }
  }
  return !voters.empty() && MajorityQuorum(std::move(voters)).can_decide();
}

// What to do to `configuration` to make it the target.
std::vector<confchange::Step> steps_to(const std::vector<Member>& target,
                                       const confchange::Configuration& configuration,
                                       const Membership& known) {
  using confchange::Step;
  using confchange::StepKind;
  std::vector<Step> steps;
  Membership wanted;
  wanted.members = target;
  const auto remove_missing = [&](const std::vector<NodeId>& nodes) {
    for (const NodeId node : nodes) {
      if (wanted.find(replica_id(node)) == nullptr) steps.push_back(Step{StepKind::kRemove, node});
    }
  };
  for (const Member& member : target) {
    const NodeId node = node_id(member.id);
    const bool voter = member.weight > 0;
    const Member* before = known.find(member.id);
    if (voter && !confchange::contains(configuration.incoming, node)) {
      steps.push_back(Step{StepKind::kAddVoter, node});
    } else if (!voter && !configuration.learns(node)) {
      steps.push_back(Step{StepKind::kAddLearner, node});
    } else if (before == nullptr || !(*before == member)) {
      steps.push_back(Step{StepKind::kUpdate, node});
    }
  }
  remove_missing(configuration.incoming);
  remove_missing(configuration.learners);
  return steps;
}

}  // namespace

void RaftEngine::announce_membership(const Membership& membership, Height from) {
  sink_->emit(effect::MembershipActive{membership, from});
}

// --- Requests

void RaftEngine::on(const input::Reconfigure& input) {
  want(input.change, configurations_.latest().members.epoch);
  forward_change();
}

// Changes are compare-and-set: one that was asked for in an earlier epoch has been overtaken.
void RaftEngine::want(const MembershipChange& change, Epoch epoch) {
  const Membership& present = configurations_.latest().members;
  MembershipChange wish = change;
  if (wish.target.empty() && wish.version > present.version) wish.target = present.members;
  const bool only_transfer = wish.target.empty() && wish.transfer_leadership_to.has_value();
  const bool sane = only_transfer || is_target(wish.target, configurations_.latest().reachable);
  if (!sane || !may_follow(present.version, std::max(present.version, wish.version))) {
    ++counters_.malformed;
    return;
  }
  if (epoch != configurations_.latest().members.epoch) {
    ++counters_.stale;
    return;
  }
  end_catch_up();
  version_poll_.reset();
  wanted_change_ = std::move(wish);
  wanted_epoch_ = epoch;
  try_reconfigure();
}

void RaftEngine::forward_change() {
  if (!wanted_change_ || !leader_ || is_leader()) return;
  if (wanted_epoch_ != configurations_.latest().members.epoch) {
    wanted_change_.reset();
    return;
  }
  Ref<Message> message = new_message(MessageType::kReconfigure, Lane::kVote, Height());
  message->epoch = wanted_epoch_;
  Membership target;
  target.members = wanted_change_->target;
  target.version = wanted_change_->version;
  Writer out(message->body);
  encode_membership(target, out);
  const std::optional<ReplicaId> heir = wanted_change_->transfer_leadership_to;
  out.u64(heir ? node_id(*heir) : 0);
  send(*leader_, std::move(message), hard_state_ticket_);
  // A mere transfer leaves no trace by which we could see that it is done.
  if (target.members.empty()) wanted_change_.reset();
}

void RaftEngine::on_reconfigure_message(ReplicaId /*from*/, const Message& message) {
  Reader in(message.body);
  MembershipChange change;
  Membership target = decode_membership(in);
  change.target = std::move(target.members);
  change.version = target.version;
  const uint64_t heir = in.u64();
  if (!in.finished() || heir > uint64_t{UINT32_MAX} + 1) {
    ++counters_.malformed;
    return;
  }
  if (heir != 0) change.transfer_leadership_to = replica_id(heir);
  if (!is_leader() || wanted_change_) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  want(change, message.epoch);
}

// --- Leader

// One change at a time, and none before an entry of our own term is committed: without that rule
// changes one voter at a time are not safe across leaders (Ongaro's correction of 2015).
void RaftEngine::try_reconfigure() {
  if (!is_leader() || stopped_ || commit_ < term_start_) return;
  const ConfigurationEntry& latest = configurations_.latest();
  if (latest.height > commit_) return;
  // Who leads does not matter to a change that is half made.
  if (wanted_change_ && wanted_change_->target.empty()) {
    const ReplicaId heir = *wanted_change_->transfer_leadership_to;
    const bool current = wanted_epoch_ == latest.members.epoch;
    wanted_change_.reset();
    if (current) start_transfer(heir);
  }
  if (latest.configuration.joint()) {
    leave_joint_if_due();
    return;
  }
  if (!wanted_change_) return;
  if (wanted_epoch_ != latest.members.epoch) {
    drop_change();
    return;
  }
  const MembershipChange change = *wanted_change_;
  if (has_caught_up(change) && is_supported(change)) propose_change(change);
}

void RaftEngine::propose_change(const MembershipChange& change) {
  const ConfigurationEntry& latest = configurations_.latest();
  const std::vector<confchange::Step> steps =
      steps_to(change.target, latest.configuration, latest.members);
  const ProtocolVersion version = std::max(latest.members.version, change.version);
  if (steps.empty() && version > latest.members.version) {
    return propose_configuration({latest.configuration, latest.members}, version);
  }
  if (steps.empty()) {
    wanted_change_.reset();
    if (change.transfer_leadership_to) start_transfer(*change.transfer_leadership_to);
    return;
  }
  const confchange::Changer changer(latest.configuration, progress_, log_.last().value(),
                                    fresh_progress());
  Membership target;
  target.members = change.target;
  // Majorities before and after meet only if little enough weight moves; else both have to agree.
  Result<confchange::Outcome> outcome = weight_moved(latest.members, target) > 1
                                            ? changer.enter_joint(raft_.leave_joint_at_once, steps)
                                            : changer.simple(steps);
  if (!outcome.ok()) {
    drop_change();
    ++counters_.malformed;
    return;
  }
  progress_ = std::move(outcome.value().progress);
  catch_up_.reset();
  // To be completed when it is asked for once more.
  if (outcome.value().configuration.joint() && !raft_.leave_joint_at_once) wanted_change_.reset();
  ConfigurationControl control;
  control.configuration = std::move(outcome.value().configuration);
  control.target.members = change.target;
  propose_configuration(std::move(control), version);
}

// The next epoch's.
void RaftEngine::propose_configuration(ConfigurationControl control, ProtocolVersion version) {
  control.target.epoch = configurations_.latest().members.epoch.next();
  control.target.version = version;
  std::vector<uint8_t> bytes;
  encode_control(control, bytes);
  propose_block(std::move(bytes), false);
}

void RaftEngine::leave_joint_if_due() {
  const ConfigurationEntry& latest = configurations_.latest();
  if (!latest.configuration.auto_leave) {
    // Whoever wants no change but the one that is half made wants it completed.
    if (!wanted_change_ || wanted_change_->target != latest.target.members) return;
    wanted_change_.reset();
  }
  const confchange::Changer changer(latest.configuration, progress_, log_.last().value(),
                                    fresh_progress());
  Result<confchange::Outcome> outcome = changer.leave_joint();
  GOVCHAIN_ASSERT(outcome.ok());
  ConfigurationControl control;
  control.configuration = std::move(outcome.value().configuration);
  control.target = latest.target;
  std::vector<uint8_t> bytes;
  encode_control(control, bytes);
  progress_ = std::move(outcome.value().progress);
  propose_block(std::move(bytes), false);
}

// --- Everybody

void RaftEngine::on_configuration_appended() {
  const ConfigurationEntry& latest = configurations_.latest();
  announce_membership(latest.height <= commit_ ? latest.members : latest.reachable,
                      latest.height.next());
  if (is_leader()) mark_witnesses();
}

void RaftEngine::on_configuration_committed(Height height) {
  const ConfigurationEntry entry = configurations_.at(height);
  GOVCHAIN_ASSERT(entry.height == height);
  if (!entry.completes_change()) return;
  const Membership before = configurations_.at(Height(height.value() - 1)).reachable;
  ++counters_.membership_changes;
  sink_->emit(effect::Metric{MetricId::kMembershipChange, entry.members.epoch.value()});
  if (!knows(entry.members.version)) return stop_outdated(height.next(), entry.members.version);
  if (entry.members.version > entry.before.version) {
    ++counters_.upgrades;
    sink_->emit(effect::Metric{MetricId::kUpgrade, number_of(entry.members.version)});
  }
  if (is_leader()) part_from(before, entry.members, height);
  // A later change may be in the log already, and then its members are the ones to reach.
  if (configurations_.latest().height == height) {
    announce_membership(entry.members, height.next());
  }
  std::optional<ReplicaId> heir;
  if (wanted_change_ && wanted_epoch_ < entry.members.epoch) {
    heir = wanted_change_->transfer_leadership_to;
    wanted_change_.reset();
  }
  if (entry.members.find(config_.self) == nullptr && before.find(config_.self) != nullptr) {
    stop(false);
    return;
  }
  if (is_leader() && !promotable()) {
    // Demoted to a learner: it led until the change was committed, and now stops (§4.2.2).
    become_follower(term_, std::nullopt);
    return;
  }
  if (is_leader() && heir) start_transfer(*heir);
}

// Those who leave are told, because nobody sends them anything from now on; and if we leave
// ourselves, somebody else is asked to lead at once.
void RaftEngine::part_from(const Membership& before, const Membership& after, Height height) {
  Ref<Message> farewell = new_message(MessageType::kRemoved, Lane::kVote, height);
  farewell->epoch = after.epoch;
  seal_message(*farewell);
  const MessageRef shared(std::move(farewell));
  for (const Member& member : before.members) {
    if (member.id != config_.self && after.find(member.id) == nullptr) {
      sink_->emit(effect::Send{member.id, shared, hard_state_ticket_});
    }
  }
  const Member* own = after.find(config_.self);
  if (own != nullptr && own->weight > 0) return;
  announce_commit();
  const auto better = [](const ProgressMap::Item& a, const ProgressMap::Item& b) {
    return a.second.match < b.second.match;
  };
  NodeId named = 0;  // nobody
  if (wanted_change_ && wanted_change_->transfer_leadership_to) {
    named = node_id(*wanted_change_->transfer_leadership_to);
  }
  const ProgressMap::Item* best = nullptr;
  for (const ProgressMap::Item& item : progress_) {
    if (item.first == self_node() || item.second.learner || item.second.witness) continue;
    // Of those that have equally much of the log, the one that was asked for.
    const bool wanted =
        item.first == named && best != nullptr && item.second.match == best->second.match;
    if (best == nullptr || better(*best, item) || wanted) best = &item;
  }
  if (best == nullptr) return;
  send_timeout_now(replica_id(best->first));
}

void RaftEngine::on_removed(ReplicaId /*from*/, const Message& message) {
  // Judged by what is committed here: a leader that was deposed while it removed itself has an
  // uncommitted configuration without itself, and is to stop all the same.
  const Membership& members = configurations_.at(commit_).members;
  if (members.find(config_.self) == nullptr || message.epoch <= members.epoch) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  stop(false);
}

// --- Transfer of leadership

void RaftEngine::start_transfer(ReplicaId target) {
  if (!is_leader() || target == config_.self ||
      !confchange::contains(configuration().incoming, node_id(target))) {
    return;
  }
  const Progress* progress = progress_.find(node_id(target));
  if (progress != nullptr && progress->witness) return;  // it cannot lead
  transfer_target_ = target;
  transfer_sent_ = false;
  transfer_deadline_ = now_ + election_timeout_;
  continue_transfer();
}

// §3.10: the log is brought up to date, with no new proposals, and then the target may start an
// election at once. If it does not come about within an election timeout, we go on.
void RaftEngine::continue_transfer() {
  if (!transfer_target_ || transfer_sent_) return;
  const Progress* progress = progress_.find(node_id(*transfer_target_));
  if (progress == nullptr) {
    transfer_target_.reset();
    return;
  }
  if (progress->match != log_.last().value()) return;
  transfer_sent_ = true;
  send_timeout_now(*transfer_target_);
}

void RaftEngine::send_timeout_now(ReplicaId heir) {
  // The heir's election sets aside what voters promised us, and nobody knows when this message
  // arrives: for the rest of our term there is no lease.
  if (!planted(Mutant::kLeaseKeptInTransfer)) lease_given_up_ = true;
  send(heir, new_message(MessageType::kTimeoutNow, Lane::kVote, Height()), hard_state_ticket_);
}

}  // namespace govchain::consensus::raft
