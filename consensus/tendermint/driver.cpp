#include "consensus/tendermint/driver.h"

#include <algorithm>

#include "consensus/tendermint/mutant.h"

namespace govchain::consensus::tendermint {

void Driver::reset(const std::vector<uint64_t>& weights, uint64_t quorum, uint64_t weak) {
  votes_.reset(weights, quorum, weak);
  begin_height();
}

void Driver::begin_height() {
  votes_.clear();
  state_ = {};
  proposals_.clear();
  prevote_timeout_ = kNoRound;
  precommit_timeout_ = kNoRound;
  last_threshold_ = {};
}

const Proposal* Driver::proposal(Round round) const {
  for (const Proposal& known : proposals_) {
    if (known.round == round) return &known;
  }
  return nullptr;
}

void Driver::start_round(Round round, bool proposer, std::vector<Action>& actions) {
  const RuleKind kind = proposer ? RuleKind::kNewRoundProposer : RuleKind::kNewRound;
  const Action action = state_.apply({kind, round, {}});
  if (action.kind == ActionKind::kError) return;
  actions.push_back(action);
  votes_.forget_before(round, state_.valid_round);
  std::erase_if(proposals_, [&](const Proposal& known) {
    return known.round + VoteKeeper::kPastRounds < round;
  });
  fire_rules(actions);
}

void Driver::propose_value(const ValueId& value, std::vector<Action>& actions) {
  actions.push_back(state_.apply({RuleKind::kProposeValue, state_.round, value}));
}

bool Driver::add_proposal(const Proposal& proposal, std::vector<Action>& actions) {
  const auto place =
      std::lower_bound(proposals_.begin(), proposals_.end(), proposal.round,
                       [](const Proposal& known, Round wanted) { return known.round < wanted; });
  if (place != proposals_.end() && place->round == proposal.round) return false;
  proposals_.insert(place, proposal);
  fire_rules(actions);
  return true;
}

void Driver::set_validity(Round round, Validity validity, std::vector<Action>& actions) {
  for (Proposal& known : proposals_) {
    if (known.round == round) known.validity = validity;
  }
  fire_rules(actions);
}

bool Driver::add_vote(const Vote& vote, std::vector<Action>& actions) {
  if (!votes_.add(vote, state_.round, last_threshold_)) return false;
  fire_rules(actions);
  return true;
}

bool Driver::add_conflicting(const Vote& vote, std::vector<Action>& actions) {
  if (!votes_.add_conflicting(vote, state_.round, last_threshold_)) return false;
  fire_rules(actions);
  return true;
}

void Driver::on_timeout(Timeout timeout, Round round, std::vector<Action>& actions) {
  constexpr RuleKind kKinds[] = {RuleKind::kTimeoutPropose, RuleKind::kTimeoutPrevote,
                                 RuleKind::kTimeoutPrecommit};
  const Action action = state_.apply({kKinds[static_cast<size_t>(timeout)], round, {}});
  if (action.kind == ActionKind::kError) return;
  actions.push_back(action);
  fire_rules(actions);
}

// "Upon" of the paper: any rule whose guard holds may fire. The order only matters for how soon
// something happens; each makes its own guard false, so this ends.
void Driver::fire_rules(std::vector<Action>& actions) {
  Rule rule;
  while (next_rule(rule)) {
    const Action action = state_.apply(rule);
    if (action.kind == ActionKind::kError) return;
    if (action.kind != ActionKind::kNone) actions.push_back(action);
  }
}

bool Driver::next_rule(Rule& rule) {
  if (state_.step == Step::kCommit) return false;
  if (commit_rule(rule)) return true;
  // A height begins here when its owner says so, and a round that is to begin has been named.
  if (state_.step == Step::kNone || state_.step == Step::kUnstarted) return false;
  const Round target = votes_.skip_target(state_.round);
  if (target != kNoRound) {
    rule = {RuleKind::kRoundSkip, target, {}};  // line 55
    return true;
  }
  if (proposal_rule(rule) || prevote_rule(rule) || polka_rule(rule)) return true;
  // Line 47, once for each round.
  if (precommit_timeout_ >= state_.round || !votes_.has_precommits_any(state_.round)) return false;
  precommit_timeout_ = state_.round;
  rule = {RuleKind::kPrecommitAny, state_.round, {}};
  return true;
}

// Line 49. A quorum of precommits proves that correct processes found the value valid (line 50).
bool Driver::commit_rule(Rule& rule) const {
  for (const Proposal& known : proposals_) {
    if (!votes_.has_precommits(known.round, known.value)) continue;
    rule = {RuleKind::kProposalCommit, known.round, known.value};
    return true;
  }
  return false;
}

// Lines 22 and 28.
bool Driver::proposal_rule(Rule& rule) const {
  if (state_.step != Step::kPropose) return false;
  const Proposal* const current = proposal(state_.round);
  if (current == nullptr || current->validity == Validity::kUnknown) return false;
  const bool fresh = current->valid_round == kNoRound;
  const bool justified = planted(Mutant::kValidRoundUnchecked) ||
                         votes_.has_polka(current->valid_round, current->value);
  if (!fresh && !justified) return false;  // line 28 waits for the polka
  const bool valid =
      current->validity == Validity::kValid || (!fresh && current->validity == Validity::kUntimely);
  if (!valid) {
    rule = {RuleKind::kProposalInvalid, state_.round, {}};
  } else if (fresh) {
    rule = {RuleKind::kProposal, state_.round, current->value};
  } else {
    rule = {RuleKind::kProposalPolkaPrevious, current->valid_round, current->value};
  }
  return true;
}

// Lines 34 and 44.
bool Driver::prevote_rule(Rule& rule) {
  if (state_.step != Step::kPrevote) return false;
  if (polka_rule(rule)) return true;
  if (votes_.has_polka(state_.round, {})) {
    rule = {RuleKind::kPolkaNil, state_.round, {}};
    return true;
  }
  if (prevote_timeout_ >= state_.round || !votes_.has_polka_any(state_.round)) return false;
  prevote_timeout_ = state_.round;
  rule = {RuleKind::kPolkaAny, state_.round, {}};
  return true;
}

// Line 36.
bool Driver::polka_rule(Rule& rule) const {
  if (state_.step != Step::kPrevote && state_.step != Step::kPrecommit) return false;
  if (state_.valid_round >= state_.round) return false;  // not for the first time
  const Proposal* const current = proposal(state_.round);
  if (current == nullptr) return false;
  const bool enough = planted(Mutant::kPrecommitWithoutPolka)
                          ? state_.step == Step::kPrevote
                          : votes_.has_polka(state_.round, current->value);
  if (!enough) return false;
  // A polka holds f+1 correct prevotes, but what this process itself finds wrong it does not lock.
  if (current->validity != Validity::kValid && current->validity != Validity::kUntimely) {
    return false;
  }
  rule = {RuleKind::kProposalPolka, state_.round, current->value};
  return true;
}

}  // namespace govchain::consensus::tendermint
