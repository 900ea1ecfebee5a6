// Rounds and timers: when a height begins, when a round does, and what follows from each action.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

std::unique_ptr<Engine> make_tendermint(const EngineConfig& config,
                                        const chain::ChainSettings& settings,
                                        RecoveredState recovered) {
  return std::make_unique<TendermintEngine>(config, settings, std::move(recovered));
}

TendermintEngine::TendermintEngine(const EngineConfig& config, const chain::ChainSettings& settings,
                                   RecoveredState recovered)
    : ChainEngine(Protocol::kTendermint, config, settings, std::move(recovered)) {
  size_tables();
}

std::unique_ptr<Engine> TendermintEngine::clone() const {
  return std::make_unique<TendermintEngine>(*this);
}

void TendermintEngine::size_tables() {
  schedule_.build(membership());
  std::vector<uint64_t> weights(members());
  for (uint32_t i = 0; i < members(); ++i) weights[i] = weight_of(i);
  // A quorum of 2f + 1 where weights add up to 3f + 1 (and W - f in general).
  const uint64_t quorum =
      planted(Mutant::kQuorumTooSmall) ? 2 * this->quorum().faulty() : this->quorum().quorum();
  polka_shown_.assign(members(), kNoRound);
  driver_.reset(weights, std::max<uint64_t>(quorum, 1), this->quorum().weak());
}

void TendermintEngine::on_epoch_changed() {
  size_tables();
  begin_height();
}

void TendermintEngine::on_committed(const BlockRef& /*block*/,
                                    const CertificateRef& /*certificate*/) {
  begin_height();
}

void TendermintEngine::on_state_installed() { begin_height(); }

// Lines 2, 52 and 53: the base counts heights. StartRound(0) of line 54 waits until there is
// something to agree upon (what CometBFT calls create_empty_blocks = false).
void TendermintEngine::begin_height() {
  driver_.begin_height();
  actions_.clear();
  held_.clear();
  valid_block_.reset();
  new_block_.reset();
  value_wanted_ = false;
  parked_ = false;
  owed_.clear();
  verified_.clear();
  first_ticket_ = {};
  bodies_.clear();
  own_votes_.clear();
  own_proposals_.clear();
  polka_logged_ = kNoRound;
  polka_asked_ = kNoRound;
  std::fill(polka_shown_.begin(), polka_shown_.end(), kNoRound);
  recovered_polka_.reset();
  recovered_lock_ = kNoRound;
  for (const uint32_t timer : {kProposeTimer, kPrevoteTimer, kPrecommitTimer}) cancel_timer(timer);
  release_in_flight(Height(1));  // what the decided block did not hold waits again
  replay_future(height());
  touch();
}

void TendermintEngine::begin_protocol() {
  restore_round();
  touch();
}

uint32_t TendermintEngine::leader() const {
  return schedule_.proposer(height(), std::max<Round>(driver_.state().round, 0));
}

// --- rounds

// Somebody speaks of a round after the present one; before the height begins here, of any round.
bool TendermintEngine::others_ahead() const {
  const Round present = driver_.state().round;
  const std::vector<RoundVotes>& rounds = driver_.votes().rounds();
  return (!rounds.empty() && rounds.back().round > present) ||
         (!held_.empty() && held_.back().round > present);
}

// Whether another round could decide anything.
bool TendermintEngine::has_reason_to_go_on() const {
  const RoundState& state = driver_.state();
  return work_waits() || state.valid_round != kNoRound || state.locked_round != kNoRound ||
         others_ahead();
}

void TendermintEngine::advance() {
  if (!is_open()) return;
  cast_owed_votes();
  if (driver_.state().step == Step::kNone && has_reason_to_go_on()) {
    start_round(0);  // lines 10 and 54
  } else if (parked_ && has_reason_to_go_on()) {
    parked_ = false;
    driver_.on_timeout(Timeout::kPrecommit, driver_.state().round, actions_);
  }
  run_actions();
  propose_if_due();
  ask_for_polka();
}

// Line 11.
void TendermintEngine::start_round(Round round) {
  const bool proposer = schedule_.proposer(height(), round) == self();  // lines 14 and 20
  parked_ = false;
  value_wanted_ = false;
  owed_.clear();
  new_block_.reset();
  for (const uint32_t timer : {kProposeTimer, kPrevoteTimer, kPrecommitTimer}) cancel_timer(timer);
  release_in_flight(Height(1));
  if (round > 0) {
    ++counters().view_changes;
    emit_metric(MetricId::kViewChange, static_cast<uint64_t>(round));
  }
  driver_.start_round(round, proposer && may_vote(), actions_);
  std::erase_if(held_, [&](const HeldProposal& proposal) {
    return proposal.round + VoteKeeper::kPastRounds < round;
  });
}

void TendermintEngine::run_actions() {
  if (running_) return;
  running_ = true;
  // Performing one may append others; a decision ends the height and with it the list.
  for (size_t i = 0; i < actions_.size(); ++i) {
    const Action action = actions_[i];
    note_valid_value();
    perform(action);
  }
  note_valid_value();
  actions_.clear();
  running_ = false;
}

void TendermintEngine::perform(const Action& action) {
  switch (action.kind) {
    case ActionKind::kGetValue:
      schedule(Timeout::kPropose, action.round);
      if (const KnownPolka known = latest_polka(); known.block) {
        return driver_.propose_value(known.block->digest, actions_);
      }
      value_wanted_ = true;
      return;
    case ActionKind::kPropose:
      schedule(Timeout::kPropose, action.round);
      return propose(action);
    case ActionKind::kPrevote:
      cancel_timer(kProposeTimer);
      return cast_vote(VoteType::kPrevote, action);
    case ActionKind::kPrecommit:
      cancel_timer(kPrevoteTimer);
      return cast_vote(VoteType::kPrecommit, action);
    case ActionKind::kTimeout:
      return schedule(action.timeout, action.round);
    case ActionKind::kSkipRound:
      return start_round(action.round);
    case ActionKind::kDecide:
      return decide(action);
    case ActionKind::kNone:
    case ActionKind::kError:
      return;
  }
}

// Lines 50-54. The base keeps what is decided (line 5) and begins the next height.
void TendermintEngine::decide(const Action& action) {
  // The state of a later height is being installed: it brings this decision with it.
  if (is_installing()) return;
  const HeldProposal* const proposal = held(action.round);
  GOVCHAIN_ASSERT(proposal != nullptr && proposal->block->digest == action.value);
  const BlockRef block = proposal->block;
  commit_block(block, certificate_of(VoteType::kPrecommit, action.round, action.value));
}

// --- timers

// timeoutX(r) of the paper grows with the round; a vote's round trip is shorter than a block's way.
Duration TendermintEngine::timeout_of(Timeout timeout, Round round) const {
  constexpr Round kLongest = 63;
  const Duration grown = backed_off(static_cast<uint32_t>(std::min(round, kLongest)));
  return timeout == Timeout::kPropose ? grown : grown / 2;
}

void TendermintEngine::schedule(Timeout timeout, Round round) {
  // The timer is cancelled when the round or the step is over, so it needs no name of its own.
  if (round != driver_.state().round) return;
  set_timer(kProposeTimer + static_cast<uint32_t>(timeout), now() + timeout_of(timeout, round));
}

void TendermintEngine::on_timer(uint32_t timer) {
  const Round round = driver_.state().round;
  switch (timer) {
    case kProposeTimer:
      driver_.on_timeout(Timeout::kPropose, round, actions_);  // line 57
      break;
    case kPrevoteTimer:
      driver_.on_timeout(Timeout::kPrevote, round, actions_);  // line 61
      break;
    case kPrecommitTimer:
      // Line 65, unless nothing asks for another round: this one has ended without a value, and the
      // payload that began it may have been ordered before.
      release_in_flight(Height(1));
      parked_ = true;
      break;
    default:
      return;
  }
  run_actions();
}

// --- what the base asks

bool TendermintEngine::proves_commit(const Certificate& certificate, const Block& block,
                                     const Membership& members) const {
  const Statement& statement = certificate.statement;
  if (statement.type != static_cast<uint8_t>(MessageType::kPrecommit) ||
      statement.height != block.height || statement.digest != block.digest) {
    return false;
  }
  const ByzantineQuorum needed(members);
  return needed.total() > 0 && weight_of(certificate, members) >= needed.quorum();
}

// A quorum that decided shares a correct replica with every quorum that is asked, and that one has
// precommitted, so it is locked (line 39) until the height ends here.
Height TendermintEngine::may_be_committed() const {
  return driver_.state().locked_round == kNoRound ? committed() : height();
}

bool TendermintEngine::agreement_waits() const {
  return driver_.state().step != Step::kNone && !parked_;
}

Duration TendermintEngine::patience_limit() const {
  return timeout_of(Timeout::kPropose, std::max<Round>(driver_.state().round, 0));
}

}  // namespace govchain::consensus::tendermint
