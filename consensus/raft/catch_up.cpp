// New voters catch up first (dissertation §4.2.1). A replica with an empty log that counts at once
// can keep a cluster from committing anything until it has everything. So the leader replicates to
// those who shall vote before it asks for the change, in rounds: a round brings them to where the
// leader's log ended when it began. Once a round takes no longer than an election timeout, what is
// missing is little enough; if ten do not, or one takes as long as ten timeouts, the change is
// dropped. Nothing of this is written: another leader begins anew when the change is passed on to
// it.

#include <algorithm>

#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

std::vector<NodeId> RaftEngine::future_voters(const MembershipChange& change) const {
  std::vector<NodeId> nodes;
  for (const Member& member : change.target) {
    const NodeId node = node_id(member.id);
    if (member.weight > 0 && !configuration().votes(node)) nodes.push_back(node);
  }
  return nodes;
}

bool RaftEngine::has_caught_up(const MembershipChange& change) {
  if (!raft_.catch_up_before_voting) return true;
  const std::vector<NodeId> nodes = future_voters(change);
  if (nodes.empty() || (catch_up_ && catch_up_->over)) return true;
  if (!catch_up_) begin_catch_up(change);
  const bool there = std::all_of(nodes.begin(), nodes.end(), [this](NodeId node) {
    const Progress* progress = progress_.find(node);
    return progress != nullptr && progress->match >= catch_up_->target.value();
  });
  const Duration taken = now_ - catch_up_->began;
  if (!there) {
    if (taken >= election_timeout_ * int64_t{kCatchUpRounds}) drop_change();
    return false;
  }
  if (taken < election_timeout_) {
    catch_up_->over = true;
    return true;
  }
  if (catch_up_->round == kCatchUpRounds) {
    drop_change();
    return false;
  }
  catch_up_ = CatchUp{catch_up_->round + 1, log_.last(), now_, false};
  return false;
}

void RaftEngine::begin_catch_up(const MembershipChange& change) {
  catch_up_ = CatchUp{1, log_.last(), now_, false};
  Membership meanwhile = configurations_.latest().reachable;
  bool anybody_new = false;
  for (const NodeId node : future_voters(change)) {
    if (progress_.find(node) != nullptr) continue;
    Progress progress = fresh_progress();
    // As in Changer::start: the first probe has something to compare.
    progress.next = std::max<uint64_t>(log_.last().value(), 1);
    progress.learner = true;
    progress.introduced = true;
    progress_.insert(node, std::move(progress));
    anybody_new = true;
    const auto member =
        std::find_if(change.target.begin(), change.target.end(),
                     [node](const Member& candidate) { return node_id(candidate.id) == node; });
    const auto place =
        std::find_if(meanwhile.members.begin(), meanwhile.members.end(),
                     [member](const Member& candidate) { return candidate.id > member->id; });
    meanwhile.members.insert(place, Member{member->id, 0, member->key, member->role});
  }
  if (!anybody_new) return;
  mark_witnesses();
  announce_membership(meanwhile, log_.last().next());
  replicate_to_all();
}

// Forgets those that the configuration does not know.
void RaftEngine::end_catch_up() {
  if (!catch_up_) return;
  catch_up_.reset();
  std::vector<NodeId> strangers;
  for (const auto& [node, progress] : progress_) {
    if (!configuration().votes(node) && !configuration().learns(node)) strangers.push_back(node);
  }
  if (strangers.empty()) return;
  for (const NodeId node : strangers) progress_.erase(node);
  on_configuration_appended();
}

void RaftEngine::drop_change() {
  end_catch_up();
  version_poll_.reset();
  wanted_change_.reset();
}

}  // namespace govchain::consensus::raft
