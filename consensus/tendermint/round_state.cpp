#include "consensus/tendermint/round_state.h"

#include "consensus/tendermint/mutant.h"

namespace govchain::consensus::tendermint {

namespace {
constexpr Action kRefused{ActionKind::kError, 0, {}, kNoRound, Timeout::kPropose};
}  // namespace

Action RoundState::schedule(Timeout timeout) const {
  return {ActionKind::kTimeout, round, {}, kNoRound, timeout};
}

Action RoundState::prevote(const ValueId& value) {
  step = Step::kPrevote;  // lines 27, 33, 60
  return {ActionKind::kPrevote, round, value, kNoRound, Timeout::kPropose};
}

Action RoundState::precommit(const ValueId& value) {
  step = Step::kPrecommit;  // lines 41, 46, 64
  return {ActionKind::kPrecommit, round, value, kNoRound, Timeout::kPropose};
}

// Lines 11-21.
Action RoundState::start_round(const Rule& rule) {
  if (step != Step::kNone && step != Step::kUnstarted) return kRefused;
  if (rule.round <= round) return kRefused;
  round = rule.round;                                                        // line 12
  step = Step::kPropose;                                                     // line 13
  if (rule.kind == RuleKind::kNewRound) return schedule(Timeout::kPropose);  // line 21
  if (valid_value.is_zero()) {                                               // line 17
    return {ActionKind::kGetValue, round, {}, kNoRound, Timeout::kPropose};  // line 18
  }
  // Lines 15, 16, 19.
  return {ActionKind::kPropose, round, valid_value, valid_round, Timeout::kPropose};
}

// The conditions of lines 23 and 29 on what this process is locked on.
bool RoundState::may_prevote(const Rule& rule) const {
  if (planted(Mutant::kLockIgnored)) return true;
  if (locked_value == rule.value) return true;
  if (rule.kind == RuleKind::kProposal) return locked_round == kNoRound;  // line 23
  return locked_round <= rule.round;                                      // line 29
}

Action RoundState::on_proposal(const Rule& rule) {
  if (step != Step::kPropose) return kRefused;                      // lines 22, 28
  if (rule.kind == RuleKind::kProposalInvalid) return prevote({});  // lines 25-26, 31-32
  if (rule.kind == RuleKind::kProposalPolkaPrevious && (rule.round < 0 || rule.round >= round)) {
    return kRefused;  // line 28
  }
  // Line 24 or 30; else, by line 25 or 31, what lines 26 and 32 say.
  return prevote(may_prevote(rule) ? rule.value : ValueId{});
}

// Lines 36-43.
Action RoundState::on_polka(const ValueId& value) {
  if (step != Step::kPrevote && step != Step::kPrecommit) return kRefused;
  valid_value = value;                      // line 42
  valid_round = round;                      // line 43
  if (step == Step::kPrecommit) return {};  // line 37: only the valid value is new
  locked_value = value;                     // line 38
  locked_round = round;                     // line 39
  return precommit(value);                  // line 40
}

Action RoundState::apply(const Rule& rule) {
  switch (rule.kind) {
    case RuleKind::kNewRound:
    case RuleKind::kNewRoundProposer:
      return start_round(rule);
    case RuleKind::kProposeValue:  // line 19
      return {ActionKind::kPropose, round, rule.value, valid_round, Timeout::kPropose};
    case RuleKind::kProposal:
    case RuleKind::kProposalInvalid:
    case RuleKind::kProposalPolkaPrevious:
      return on_proposal(rule);
    case RuleKind::kPolkaAny:  // lines 34-35
      return step == Step::kPrevote ? schedule(Timeout::kPrevote) : kRefused;
    case RuleKind::kProposalPolka:
      return on_polka(rule.value);
    case RuleKind::kPolkaNil:  // lines 44-46
      return step == Step::kPrevote ? precommit({}) : kRefused;
    case RuleKind::kPrecommitAny:  // lines 47-48
      return schedule(Timeout::kPrecommit);
    case RuleKind::kProposalCommit:  // lines 49-51
      if (step == Step::kCommit) return kRefused;
      step = Step::kCommit;
      return {ActionKind::kDecide, rule.round, rule.value, kNoRound, Timeout::kPropose};
    case RuleKind::kRoundSkip:  // lines 55-56
      if (rule.round <= round) return kRefused;
      step = Step::kUnstarted;
      return {ActionKind::kSkipRound, rule.round, {}, kNoRound, Timeout::kPropose};
    case RuleKind::kTimeoutPropose:  // lines 57-60
      return rule.round == round && step == Step::kPropose ? prevote({}) : kRefused;
    case RuleKind::kTimeoutPrevote:  // lines 61-64
      return rule.round == round && step == Step::kPrevote ? precommit({}) : kRefused;
    case RuleKind::kTimeoutPrecommit:  // lines 65-67
      if (rule.round != round) return kRefused;
      step = Step::kUnstarted;
      return {ActionKind::kSkipRound, round + 1, {}, kNoRound, Timeout::kPropose};
  }
  return kRefused;
}

}  // namespace govchain::consensus::tendermint
