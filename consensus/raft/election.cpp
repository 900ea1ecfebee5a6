// Leader election: §5.2 and §5.4.1 of the paper, and from the dissertation PreVote (§9.6),
// CheckQuorum (§6.2), the disregard of vote requests while a leader is heard (§4.2.3) and the
// transfer of leadership (§3.10).

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

void RaftEngine::arm_election() {
  // Elections that fail although a majority answers mean that the timeouts are too short for this
  // network: they double after every few failures. A cut-off replica fails at PreVote, which does
  // not count, so that it is back at once when the cut heals.
  Duration lowest = election_timeout_;
  const Duration ceiling = std::max(config_.max_timeout, election_timeout_);
  for (uint32_t i = 0; i < failed_elections_ / kFailedElectionsPerStep && lowest < ceiling; ++i) {
    lowest = std::min(lowest * 2, ceiling);
  }
  drawn_timeout_ = lowest + Duration::nanoseconds(static_cast<int64_t>(
                                random(static_cast<uint64_t>(lowest.nanoseconds()))));
  election_deadline_ = now_ + drawn_timeout_;
  set_timer(TimerKind::kElection, election_deadline_);
}

TimePoint RaftEngine::set_election_timeout(Duration timeout) {
  const TimePoint since = election_deadline_ - drawn_timeout_;
  drawn_timeout_ = timeout;
  election_deadline_ = since + drawn_timeout_;
  if (!is_leader()) timers_[static_cast<size_t>(TimerKind::kElection)] = election_deadline_;
  return election_deadline_;
}

TimePoint set_election_timeout(Engine& engine, Duration timeout) {
  auto* raft = dynamic_cast<RaftEngine*>(&engine);
  GOVCHAIN_ASSERT(raft != nullptr);
  return raft->set_election_timeout(timeout);
}

void RaftEngine::heard_from_leader(ReplicaId leader) {
  leader_heard_ = now_;
  promise_leader();
  failed_elections_ = 0;
  // The timer itself is only moved when it fires, so that a message costs no effect.
  election_deadline_ = now_ + drawn_timeout_;
  if (leader_ != leader) set_leader(leader);
}

bool RaftEngine::hears_from_leader() const {
  if (has_promised()) return true;
  if (!raft_.check_quorum) return false;
  if (is_leader()) return true;  // until CheckQuorum says otherwise
  return leader_ && leader_heard_ && now_ - *leader_heard_ < election_timeout_;
}

// etcd-io/raft's ForgetLeader: PreVote and CheckQuorum no longer hold our vote back. A promise that
// a lease rests on cannot be forgotten, and the next heartbeat makes us follow again.
void RaftEngine::on(const input::ForgetLeader& /*input*/) {
  if (is_leader() || raft_.lease_reads || !leader_) return;
  leader_.reset();
}

void RaftEngine::on_election_timer() {
  if (is_leader()) {
    check_quorum();
    return;
  }
  if (now_ < election_deadline_) {
    set_timer(TimerKind::kElection, election_deadline_);
    return;
  }
  if (role_ == Role::kCandidate) ++failed_elections_;
  campaign();
}

void RaftEngine::check_quorum() {
  // §6.2: a leader that a majority has not answered for an election timeout may be cut off, and
  // clients had better ask elsewhere. Answers of this term count and nothing else: a peer that only
  // asks for votes or passes payloads on may not hear us at all.
  const auto active = [this](NodeId node) -> std::optional<bool> {
    if (node == self_node()) return true;
    const Progress* progress = progress_.find(node);
    return progress != nullptr && progress->recent_active;
  };
  if (raft_.check_quorum && configurations_.latest().quorum.result(active) != VoteResult::kWon) {
    become_follower(term_, std::nullopt);
    return;
  }
  for (auto& [node, progress] : progress_) {
    progress.recent_active = false;
    progress.introduced = false;
    progress.heard_before = std::exchange(progress.heard, false);
  }
  // Who is silent now is no longer waited for.
  if (has_witnesses_) commit_by_counting();
  if (!is_leader()) return;
  if (transfer_target_ && now_ >= transfer_deadline_) {
    transfer_target_.reset();
    propose_if_due();
  }
  set_timer(TimerKind::kElection, now_ + election_timeout_);
}

void RaftEngine::campaign() {
  leader_.reset();
  // A learner, a removed replica, one with a full disk or one between two states cannot lead.
  if (!promotable() || disk_full_ ||
      (transfer_ && transfer_->stage >= SnapshotTransfer::Stage::kPersisting)) {
    role_ = Role::kFollower;
    arm_election();
    return;
  }
  if (raft_.pre_vote) {
    become_pre_candidate();
  } else {
    become_candidate(false);
  }
}

void RaftEngine::become_pre_candidate() {
  // §9.6: ask whether an election could be won before raising the term.
  role_ = Role::kPreCandidate;
  votes_.clear();
  arm_election();
  request_votes(MessageType::kPreVoteRequest, false, hard_state_ticket_);
  record_vote(self_node(), true);
}

void RaftEngine::become_candidate(bool forced) {
  // Our own timeout is never shorter than our promise.
  GOVCHAIN_ASSERT(forced || !has_promised());
  become_follower(term_.next(), std::nullopt);
  role_ = Role::kCandidate;
  vote_ = config_.self;
  votes_.clear();
  save_hard_state();
  // Our own vote is a vote: it counts when a crash could not undo it.
  self_vote_ticket_ = hard_state_ticket_;
  arm_election();
  request_votes(MessageType::kVoteRequest, forced, hard_state_ticket_);
  if (hard_state_ticket_ <= durable_ticket_) {
    self_vote_ticket_ = Ticket();
    record_vote(self_node(), true);
  }
}

void RaftEngine::request_votes(MessageType type, bool forced, Ticket after) {
  Ref<Message> request = new_message(type, Lane::kVote, Height());
  encode_body(VoteRequestBody{log_.last(), log_.last_term(), forced}, *request);
  seal_message(*request);
  const MessageRef shared(std::move(request));
  for (const Member& member : configurations_.latest().reachable.members) {
    if (member.id != config_.self && configuration().votes(node_id(member.id))) {
      sink_->emit(effect::Send{member.id, shared, after});
    }
  }
}

void RaftEngine::record_vote(NodeId node, bool granted) {
  for (const auto& [voter, vote] : votes_) {
    if (voter == node) {
      ++counters_.duplicate;
      return;
    }
  }
  votes_.emplace_back(node, granted);
  tally();
}

void RaftEngine::tally() {
  const auto vote_of = [this](NodeId node) -> std::optional<bool> {
    for (const auto& [voter, granted] : votes_) {
      if (voter == node) return granted;
    }
    return std::nullopt;
  };
  const JointQuorum& quorum = configurations_.latest().quorum;
  VoteResult result = quorum.result(vote_of);
  if (planted(Mutant::kJointHalfCounted)) result = quorum.incoming().result(vote_of);
  if (planted(Mutant::kElectionByHeads)) {
    result = JointQuorum(MajorityQuorum(configuration().incoming),
                         MajorityQuorum(configuration().outgoing))
                 .result(vote_of);
  }
  if (result == VoteResult::kPending) return;
  if (result == VoteResult::kLost) {
    // Wait for somebody better placed, or for the next timeout.
    if (role_ == Role::kCandidate) ++failed_elections_;
    role_ = Role::kFollower;
    votes_.clear();
    return;
  }
  if (role_ == Role::kPreCandidate) {
    become_candidate(false);
  } else if (role_ == Role::kCandidate) {
    become_leader();
  }
}

void RaftEngine::adopt_term(View term) {
  if (term > term_) become_follower(term, std::nullopt);
  save_hard_state();
}

void RaftEngine::become_follower(View term, std::optional<ReplicaId> leader) {
  GOVCHAIN_ASSERT(term >= term_);
  const bool led = is_leader();
  if (led) leave_leadership();
  if (term > term_) {
    if (term_ > View()) {
      ++counters_.view_changes;
      sink_->emit(effect::Metric{MetricId::kViewChange, term.value()});
    }
    term_ = term;
    vote_.reset();
    // What is committed agrees with every later leader's log (leader completeness, §5.4.3).
    verified_ = commit_;
    leader_.reset();
  }
  role_ = Role::kFollower;
  votes_.clear();
  self_vote_ticket_ = Ticket();
  if (leader) {
    if (leader_ != *leader) set_leader(*leader);
  } else {
    leader_.reset();
  }
  if (led) arm_election();
}

void RaftEngine::leave_leadership() {
  refuse_reads();
  end_catch_up();
  progress_.clear();
  for (SharedAppend& shared : shared_appends_) shared.message.reset();
  transfer_target_.reset();
  cancel_timer(TimerKind::kHeartbeat);
  cancel_timer(TimerKind::kBatch);
  // Our own log agrees with ourselves in this term.
  verified_ = std::max(verified_, log_.last());
}

void RaftEngine::become_leader() {
  GOVCHAIN_ASSERT(role_ == Role::kCandidate);
  role_ = Role::kLeader;
  votes_.clear();
  failed_elections_ = 0;
  sink_->emit(effect::Metric{MetricId::kLeaderElected, term_.value()});
  progress_.clear();
  transfer_target_.reset();
  reads_.clear();
  read_round_ = 0;
  confirmed_round_ = 0;
  lease_given_up_ = false;
  announced_commit_ = commit_;
  for (const Member& member : configurations_.latest().reachable.members) {
    const NodeId node = node_id(member.id);
    if (!configuration().votes(node) && !configuration().learns(node)) continue;
    Progress progress = fresh_progress();
    progress.next = log_.last().value() + 1;
    progress.learner = configuration().learns(node);
    progress_.insert(node, std::move(progress));
  }
  copied_ = commit_;
  mark_witnesses();
  // §8: entries of earlier terms become committed behind one of this term.
  term_start_ = log_.last().next();
  propose_block({}, false);
  set_timer(TimerKind::kElection, now_ + election_timeout_);
  set_timer(TimerKind::kHeartbeat, now_ + heartbeat_);
  set_leader(config_.self);
  propose_if_due();
}

void RaftEngine::set_leader(ReplicaId leader) {
  leader_ = leader;
  expire_forwarded_reads(true);
  if (!is_leader()) {
    forward_pending();
    forward_change();
  } else {
    try_reconfigure();
  }
}

void RaftEngine::save_hard_state() {
  if (saved_.term == term_ && saved_.vote == vote_) return;
  saved_ = HardState{term_, vote_, commit_};
  if (planted(Mutant::kTermNotPersisted)) return;
  hard_state_ticket_ = persist(make_hard_state_record(saved_));
}

bool RaftEngine::is_up_to_date(const VoteRequestBody& body) const {
  // §5.4.1: the later term, or the same and at least as long.
  if (planted(Mutant::kLogCheckDropped)) return true;
  if (planted(Mutant::kWitnessVotesBlindly) && witness_) return true;
  return body.last_term > log_.last_term() ||
         (body.last_term == log_.last_term() && body.last >= log_.last());
}

void RaftEngine::on_pre_vote_request(ReplicaId from, const Message& message) {
  VoteRequestBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.accepted;
  const bool granted = message.view >= term_ && is_up_to_date(body) && !hears_from_leader();
  Ref<Message> reply = new_message(MessageType::kPreVoteReply, Lane::kVote, Height());
  encode_body(VoteReplyBody{granted}, *reply);
  send(from, std::move(reply), hard_state_ticket_);
}

void RaftEngine::on_vote_request(ReplicaId from, const Message& message) {
  VoteRequestBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  // §4.2.3: who hears from a leader does not help to depose it, unless that leader wants it.
  if (message.view > term_ && !body.forced && hears_from_leader()) {
    ++counters_.stale;
    return;
  }
  if (message.view > term_) become_follower(message.view, std::nullopt);
  ++counters_.accepted;
  const bool free =
      (!vote_ && !leader_) || vote_ == from || (planted(Mutant::kVotedTwice) && !is_leader());
  // A term that we learned from somebody else does not end what we promised the leader before.
  const bool bound = has_promised() && !body.forced;
  const bool granted = message.view == term_ && free && !bound && is_up_to_date(body);
  if (granted) {
    vote_ = from;
    election_deadline_ = now_ + drawn_timeout_;
  }
  save_hard_state();
  Ref<Message> reply = new_message(MessageType::kVoteReply, Lane::kVote, Height());
  encode_body(VoteReplyBody{granted}, *reply);
  send(from, std::move(reply), hard_state_ticket_);
}

void RaftEngine::on_vote_reply(ReplicaId from, const Message& message) {
  VoteReplyBody body;
  if (!decode_body(message, body)) {
    ++counters_.malformed;
    return;
  }
  const bool before_vote = static_cast<MessageType>(message.type) == MessageType::kPreVoteReply;
  if (role_ != (before_vote ? Role::kPreCandidate : Role::kCandidate)) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  record_vote(node_id(from), body.granted);
}

void RaftEngine::on_timeout_now(ReplicaId /*from*/) {
  ++counters_.accepted;
  // §3.10: no PreVote, because the leader itself asks.
  if (promotable() && !disk_full_ && !transfer_) become_candidate(true);
}

}  // namespace govchain::consensus::raft
