#pragma once
// One process of Algorithm 1 ("The latest gossip on BFT consensus", arXiv 1807.04938) without its
// message log: step, locked and valid value, and what each rule does when its guard holds. Pure.
// Line numbers are those of Algorithm 1. Granularity and outcomes are those of the Quint
// specification whose traces are replayed in tests/consensus/tendermint/traces_test.cpp.

#include <cstdint>

#include "consensus/tendermint/round.h"

namespace govchain::consensus::tendermint {

enum class Step : uint8_t {
  kNone,       // the height has not begun here
  kUnstarted,  // between two rounds
  kPropose,
  kPrevote,
  kPrecommit,
  kCommit,  // decided
};

enum class RuleKind : uint8_t {
  kNewRound,               // lines 11-13, 20-21
  kNewRoundProposer,       // lines 11-19
  kProposeValue,           // line 18: getValue() has answered
  kProposal,               // line 22: a valid proposal without valid round
  kProposalInvalid,        // lines 26 and 32: a proposal that is not valid
  kProposalPolkaPrevious,  // line 28: a valid proposal and the polka of its valid round
  kPolkaAny,               // line 34
  kProposalPolka,          // line 36
  kPolkaNil,               // line 44
  kPrecommitAny,           // line 47
  kProposalCommit,         // line 49
  kRoundSkip,              // line 55
  kTimeoutPropose,         // line 57
  kTimeoutPrevote,         // line 61
  kTimeoutPrecommit,       // line 65
};
struct Rule {
  RuleKind kind = RuleKind::kNewRound;
  Round round = 0;  // of what the rule is about; kProposalPolkaPrevious: the valid round
  ValueId value;
};

enum class ActionKind : uint8_t {
  kNone,
  kPropose,   // `value` with `valid_round`, in `round`
  kGetValue,  // line 18; and the propose timeout
  kPrevote,
  kPrecommit,
  kTimeout,    // schedule `timeout` of `round`
  kDecide,     // line 51: `value` of `round`
  kSkipRound,  // start `round`
  kError,      // the rule's guard does not hold: nothing changes
};
struct Action {
  ActionKind kind = ActionKind::kNone;
  Round round = 0;
  ValueId value;
  Round valid_round = kNoRound;
  Timeout timeout = Timeout::kPropose;
  friend bool operator==(const Action&, const Action&) = default;
};

struct RoundState {
  // Line 1: what holds when a height begins.
  Round round = kNoRound;         // line 3; no round until the height has begun here
  Step step = Step::kNone;        // line 4
  ValueId locked_value;           // line 6; zero is nil
  Round locked_round = kNoRound;  // line 7
  ValueId valid_value;            // line 8
  Round valid_round = kNoRound;   // line 9

  Action apply(const Rule& rule);
  friend bool operator==(const RoundState&, const RoundState&) = default;

 private:
  Action start_round(const Rule& rule);
  Action prevote(const ValueId& value);
  Action precommit(const ValueId& value);
  Action on_proposal(const Rule& rule);
  Action on_polka(const ValueId& value);
  [[nodiscard]] Action schedule(Timeout timeout) const;
  [[nodiscard]] bool may_prevote(const Rule& rule) const;
};

}  // namespace govchain::consensus::tendermint
