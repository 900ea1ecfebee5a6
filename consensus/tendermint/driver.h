#pragma once
// Which rules of Algorithm 1 hold now: brings the message log (VoteKeeper) and the process
// (RoundState) together with the proposals of the height, and fires rules until none holds. Pure:
// what has to be done comes out as actions, in order.

#include <cstdint>
#include <vector>

#include "consensus/tendermint/round_state.h"
#include "consensus/tendermint/vote_keeper.h"

namespace govchain::consensus::tendermint {

// valid(v) of the paper, as far as it is known.
enum class Validity : uint8_t {
  kUnknown,   // under examination: the rules that ask for valid(v) wait
  kInvalid,   // lines 26 and 32
  kUntimely,  // valid, but its block time is too far from here to be prevoted as new (line 23)
  kValid,
};
struct Proposal {
  Round round = 0;
  ValueId value;
  Round valid_round = kNoRound;
  Validity validity = Validity::kUnknown;
};

class Driver {
 public:
  // The members, and the thresholds 2f+1 and f+1 in weight.
  void reset(const std::vector<uint64_t>& weights, uint64_t quorum, uint64_t weak);
  // Line 53: nothing of the last height stays.
  void begin_height();
  // After a crash: what the log says (the round's votes are not cast again).
  void restore(const RoundState& state) { state_ = state; }

  // Each appends what follows to `actions`.
  void start_round(Round round, bool proposer, std::vector<Action>& actions);
  void propose_value(const ValueId& value, std::vector<Action>& actions);
  // The first proposal of a round counts. False if there was one.
  bool add_proposal(const Proposal& proposal, std::vector<Action>& actions);
  void set_validity(Round round, Validity validity, std::vector<Action>& actions);
  // False if the vote is not new.
  bool add_vote(const Vote& vote, std::vector<Action>& actions);
  // Of somebody who has voted otherwise in this round.
  bool add_conflicting(const Vote& vote, std::vector<Action>& actions);
  void on_timeout(Timeout timeout, Round round, std::vector<Action>& actions);

  [[nodiscard]] const RoundState& state() const { return state_; }
  [[nodiscard]] const VoteKeeper& votes() const { return votes_; }
  [[nodiscard]] const std::vector<Proposal>& proposals() const { return proposals_; }
  [[nodiscard]] const Proposal* proposal(Round round) const;
  // What the last vote reached, for tests.
  [[nodiscard]] const Threshold& last_threshold() const { return last_threshold_; }

 private:
  void fire_rules(std::vector<Action>& actions);
  [[nodiscard]] bool next_rule(Rule& rule);
  [[nodiscard]] bool commit_rule(Rule& rule) const;
  [[nodiscard]] bool proposal_rule(Rule& rule) const;
  [[nodiscard]] bool prevote_rule(Rule& rule);
  [[nodiscard]] bool polka_rule(Rule& rule) const;

  VoteKeeper votes_;
  RoundState state_;
  std::vector<Proposal> proposals_;  // ascending by round
  // "For the first time" of lines 34 and 47: the round for which it has happened.
  Round prevote_timeout_ = kNoRound;
  Round precommit_timeout_ = kNoRound;
  Threshold last_threshold_;
};

}  // namespace govchain::consensus::tendermint
