#include "consensus/raft/confchange/changer.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace govchain::consensus::raft::confchange {
namespace {

Error refuse(const char* message) { return Error{ErrorCode::kInvalid, message, "raft/confchange"}; }

size_t symmetric_difference(const std::vector<NodeId>& a, const std::vector<NodeId>& b) {
  std::vector<NodeId> difference;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                std::back_inserter(difference));
  return difference.size();
}

// What must hold of every outcome; a broken one is a defect here, not a bad request.
void check_invariants(const Outcome& outcome) {
  const Configuration& configuration = outcome.configuration;
  for (const NodeId node : configuration.incoming) GOVCHAIN_ASSERT(outcome.progress.find(node));
  for (const NodeId node : configuration.outgoing) GOVCHAIN_ASSERT(outcome.progress.find(node));
  for (const NodeId node : configuration.learners) {
    const Progress* progress = outcome.progress.find(node);
    GOVCHAIN_ASSERT(progress != nullptr && progress->learner && !configuration.votes(node));
  }
  for (const NodeId node : configuration.learners_next) {
    const Progress* progress = outcome.progress.find(node);
    GOVCHAIN_ASSERT(progress != nullptr && !progress->learner);
    GOVCHAIN_ASSERT(contains(configuration.outgoing, node));
  }
  if (!configuration.joint()) {
    GOVCHAIN_ASSERT(configuration.learners_next.empty() && !configuration.auto_leave);
  }
}

}  // namespace

Changer::Changer(const Configuration& configuration, const ProgressMap& progress,
                 uint64_t last_index, Progress fresh)
    : current_{configuration, progress}, last_index_(last_index), fresh_(std::move(fresh)) {}

Result<Outcome> Changer::simple(std::span<const Step> steps) const {
  if (current_.configuration.joint()) {
    return refuse("can't apply simple config change in joint config");
  }
  Outcome outcome = current_;
  apply(outcome, steps);
  if (outcome.configuration.incoming.empty()) return refuse("removed all voters");
  if (symmetric_difference(current_.configuration.incoming, outcome.configuration.incoming) > 1) {
    return refuse("more than one voter changed without entering joint config");
  }
  check_invariants(outcome);
  return outcome;
}

Result<Outcome> Changer::enter_joint(bool auto_leave, std::span<const Step> steps) const {
  if (current_.configuration.joint()) return refuse("config is already joint");
  // The very first configuration is set up, not changed into.
  if (current_.configuration.incoming.empty()) {
    return refuse("can't make a zero-voter config joint");
  }
  Outcome outcome = current_;
  outcome.configuration.outgoing = outcome.configuration.incoming;
  apply(outcome, steps);
  if (outcome.configuration.incoming.empty()) return refuse("removed all voters");
  outcome.configuration.auto_leave = auto_leave;
  check_invariants(outcome);
  return outcome;
}

Result<Outcome> Changer::leave_joint() const {
  if (!current_.configuration.joint()) return refuse("can't leave a non-joint config");
  Outcome outcome = current_;
  Configuration& configuration = outcome.configuration;
  for (const NodeId node : configuration.learners_next) {
    insert(configuration.learners, node);
    outcome.progress.find(node)->learner = true;
  }
  configuration.learners_next.clear();
  for (const NodeId node : configuration.outgoing) {
    if (!contains(configuration.incoming, node) && !contains(configuration.learners, node)) {
      outcome.progress.erase(node);
    }
  }
  configuration.outgoing.clear();
  configuration.auto_leave = false;
  check_invariants(outcome);
  return outcome;
}

void Changer::apply(Outcome& outcome, std::span<const Step> steps) const {
  for (const Step& step : steps) {
    if (step.node == 0) continue;
    switch (step.kind) {
      case StepKind::kAddVoter:
        make_voter(outcome, step.node);
        break;
      case StepKind::kAddLearner:
        make_learner(outcome, step.node);
        break;
      case StepKind::kRemove:
        remove(outcome, step.node);
        break;
      case StepKind::kUpdate:
        break;
    }
  }
}

void Changer::make_voter(Outcome& outcome, NodeId node) const {
  Progress* progress = outcome.progress.find(node);
  if (progress == nullptr) {
    start(outcome, node, false);
    return;
  }
  progress->learner = false;
  erase(outcome.configuration.learners, node);
  erase(outcome.configuration.learners_next, node);
  insert(outcome.configuration.incoming, node);
}

void Changer::make_learner(Outcome& outcome, NodeId node) const {
  const Progress* known = outcome.progress.find(node);
  if (known == nullptr) {
    start(outcome, node, true);
    return;
  }
  if (known->learner) return;
  const Progress kept = *known;
  remove(outcome, node);
  Progress& progress = outcome.progress.insert(node, kept);
  // A voter of the outgoing half cannot be a learner yet: it becomes one when that half is left.
  if (contains(outcome.configuration.outgoing, node)) {
    insert(outcome.configuration.learners_next, node);
  } else {
    progress.learner = true;
    insert(outcome.configuration.learners, node);
  }
}

void Changer::remove(Outcome& outcome, NodeId node) {
  if (outcome.progress.find(node) == nullptr) return;
  erase(outcome.configuration.incoming, node);
  erase(outcome.configuration.learners, node);
  erase(outcome.configuration.learners_next, node);
  // An outgoing voter is still needed for its half's majorities.
  if (!contains(outcome.configuration.outgoing, node)) outcome.progress.erase(node);
}

void Changer::start(Outcome& outcome, NodeId node, bool learner) const {
  insert(learner ? outcome.configuration.learners : outcome.configuration.incoming, node);
  Progress progress = fresh_;
  progress.match = 0;
  // The last entry itself and not the one after: the first probe then always has something to
  // compare, and a peer without any log says so at once.
  progress.next = std::max<uint64_t>(last_index_, 1);
  progress.learner = learner;
  // It has had no chance to be heard from yet, and must not cost the leader its quorum for that.
  progress.recent_active = true;
  progress.introduced = true;
  outcome.progress.insert(node, std::move(progress));
}

}  // namespace govchain::consensus::raft::confchange
