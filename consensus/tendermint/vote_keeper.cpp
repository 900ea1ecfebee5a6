#include "consensus/tendermint/vote_keeper.h"

#include <algorithm>
#include <utility>

namespace govchain::consensus::tendermint {

void VoteCount::resize(size_t members) {
  cast_.assign(members, {});
  tallies_.clear();
  total_ = 0;
}

void VoteCount::clear() {
  for (Cast& cast : cast_) {
    if (cast.cast) cast = {};
  }
  seconds_.clear();
  tallies_.clear();
  total_ = 0;
}

bool VoteCount::add(const Vote& vote, uint64_t weight) {
  Cast& cast = cast_[vote.sender];
  if (cast.cast) return false;
  cast = {vote.value, vote.message, true};
  total_ += weight;
  tally(vote.value, weight);
  return true;
}

bool VoteCount::add_second(const Vote& vote, uint64_t weight) {
  if (!has(vote.sender) || find(vote.sender, vote.value) != nullptr) return false;
  const auto own = std::count_if(seconds_.begin(), seconds_.end(), [&](const Second& second) {
    return second.sender == vote.sender;
  });
  if (static_cast<size_t>(own) >= kSecondsOfOne) return false;
  seconds_.push_back({vote.sender, vote.value, vote.message});
  tally(vote.value, weight);
  return true;
}

void VoteCount::tally(const ValueId& value, uint64_t weight) {
  for (Tally& tally : tallies_) {
    if (tally.value != value) continue;
    tally.weight += weight;
    return;
  }
  tallies_.push_back({value, weight});
}

const MessageRef* VoteCount::find(uint32_t sender, const ValueId& value) const {
  if (cast_[sender].cast && cast_[sender].value == value) return &cast_[sender].message;
  for (const Second& second : seconds_) {
    if (second.sender == sender && second.value == value) return &second.message;
  }
  return nullptr;
}

void VoteCount::remove(uint32_t sender, uint64_t weight) {
  Cast& cast = cast_[sender];
  if (!cast.cast) return;
  total_ -= weight;
  for (Tally& tally : tallies_) {
    if (find(sender, tally.value) != nullptr) tally.weight -= weight;
  }
  std::erase_if(seconds_, [&](const Second& second) { return second.sender == sender; });
  cast = {};
}

uint64_t VoteCount::weight(const ValueId& value) const {
  for (const Tally& tally : tallies_) {
    if (tally.value == value) return tally.weight;
  }
  return 0;
}

void VoteKeeper::reset(const std::vector<uint64_t>& weights, uint64_t quorum, uint64_t weak) {
  rounds_.clear();
  spare_.clear();
  weights_ = weights;
  quorum_ = quorum;
  weak_ = weak;
}

void VoteKeeper::clear() {
  while (!rounds_.empty()) remove_round(rounds_.size() - 1);
}

void VoteKeeper::remove_round(size_t index) {
  constexpr size_t kSpareRounds = 4;
  if (spare_.size() < kSpareRounds) {
    RoundVotes& votes = rounds_[index];
    votes.prevotes.clear();
    votes.precommits.clear();
    votes.senders_weight = 0;
    votes.emitted = 0;
    spare_.push_back(std::move(votes));
  }
  rounds_.erase(rounds_.begin() + static_cast<std::ptrdiff_t>(index));
}

void VoteKeeper::forget_before(Round present, Round needed) {
  for (size_t i = 0; i < rounds_.size();) {
    if (rounds_[i].round + kPastRounds < present && rounds_[i].round != needed) {
      remove_round(i);
    } else {
      ++i;
    }
  }
}

const RoundVotes* VoteKeeper::find(Round round) const {
  for (const RoundVotes& votes : rounds_) {
    if (votes.round == round) return &votes;
  }
  return nullptr;
}

RoundVotes& VoteKeeper::round_votes(Round round) {
  const auto place =
      std::lower_bound(rounds_.begin(), rounds_.end(), round,
                       [](const RoundVotes& votes, Round wanted) { return votes.round < wanted; });
  if (place != rounds_.end() && place->round == round) return *place;
  RoundVotes fresh;
  if (!spare_.empty()) {
    fresh = std::move(spare_.back());
    spare_.pop_back();
  } else {
    fresh.prevotes.resize(weights_.size());
    fresh.precommits.resize(weights_.size());
  }
  fresh.round = round;
  return *rounds_.insert(place, std::move(fresh));
}

// Of one sender, votes in at most kFutureRounds rounds beyond the present and the next one.
void VoteKeeper::make_room(uint32_t sender, Round round, Round present) {
  if (round <= present + 1) return;
  const auto has = [sender](const RoundVotes& votes) {
    return votes.prevotes.has(sender) || votes.precommits.has(sender);
  };
  uint32_t held = 0;
  for (const RoundVotes& votes : rounds_) {
    if (votes.round > present + 1 && votes.round != round && has(votes)) ++held;
  }
  for (size_t i = 0; i < rounds_.size() && held >= kFutureRounds; ++i) {
    RoundVotes& votes = rounds_[i];
    if (votes.round <= present + 1 || votes.round == round || !has(votes)) continue;
    votes.prevotes.remove(sender, weights_[sender]);
    votes.precommits.remove(sender, weights_[sender]);
    votes.senders_weight -= weights_[sender];
    --held;
    if (votes.prevotes.total() == 0 && votes.precommits.total() == 0) remove_round(i--);
  }
}

bool VoteKeeper::add(const Vote& vote, Round present, Threshold& reached) {
  reached = {};
  if (vote.sender >= weights_.size() || weights_[vote.sender] == 0) return false;
  make_room(vote.sender, vote.round, present);
  RoundVotes& votes = round_votes(vote.round);
  const bool known = votes.prevotes.has(vote.sender) || votes.precommits.has(vote.sender);
  const uint64_t weight = weights_[vote.sender];
  if (!votes.of(vote.type).add(vote, weight)) return false;
  if (!known) votes.senders_weight += weight;
  tell_once(vote, votes, present, reached);
  return true;
}

bool VoteKeeper::add_conflicting(const Vote& vote, Round present, Threshold& reached) {
  reached = {};
  if (find(vote.round) == nullptr) return false;
  RoundVotes& votes = round_votes(vote.round);
  if (!votes.of(vote.type).add_second(vote, weights_[vote.sender])) return false;
  tell_once(vote, votes, present, reached);
  return true;
}

void VoteKeeper::tell_once(const Vote& vote, RoundVotes& votes, Round present,
                           Threshold& reached) const {
  const Threshold threshold = threshold_of(vote, votes, present);
  const uint32_t bit = 1U << static_cast<uint32_t>(threshold.kind);
  if (threshold.kind != ThresholdKind::kNone && (votes.emitted & bit) == 0) {
    votes.emitted |= bit;
    reached = threshold;
  }
}

Threshold VoteKeeper::threshold_of(const Vote& vote, const RoundVotes& votes, Round present) const {
  if (vote.round > present && votes.senders_weight >= weak_) {
    return {ThresholdKind::kSkip, vote.round, {}};
  }
  const bool prevote = vote.type == VoteType::kPrevote;
  const VoteCount& count = votes.of(vote.type);
  if (count.weight(vote.value) >= quorum_) {
    if (!vote.value.is_zero()) {
      return {prevote ? ThresholdKind::kPolkaValue : ThresholdKind::kPrecommitValue, vote.round,
              vote.value};
    }
    return {prevote ? ThresholdKind::kPolkaNil : ThresholdKind::kPrecommitAny, vote.round, {}};
  }
  if (count.total() < quorum_) return {};
  return {prevote ? ThresholdKind::kPolkaAny : ThresholdKind::kPrecommitAny, vote.round, {}};
}

bool VoteKeeper::has_polka(Round round, const ValueId& value) const {
  const RoundVotes* const votes = find(round);
  return votes != nullptr && votes->prevotes.weight(value) >= quorum_;
}

bool VoteKeeper::has_polka_any(Round round) const {
  const RoundVotes* const votes = find(round);
  return votes != nullptr && votes->prevotes.total() >= quorum_;
}

bool VoteKeeper::has_precommits(Round round, const ValueId& value) const {
  const RoundVotes* const votes = find(round);
  return votes != nullptr && votes->precommits.weight(value) >= quorum_;
}

bool VoteKeeper::has_precommits_any(Round round) const {
  const RoundVotes* const votes = find(round);
  return votes != nullptr && votes->precommits.total() >= quorum_;
}

Round VoteKeeper::skip_target(Round present) const {
  for (size_t i = rounds_.size(); i > 0; --i) {
    if (rounds_[i - 1].round <= present) break;
    if (rounds_[i - 1].senders_weight >= weak_) return rounds_[i - 1].round;
  }
  return kNoRound;
}

const ValueId* VoteKeeper::decided_value(Round round, VoteType type) const {
  const RoundVotes* const votes = find(round);
  if (votes == nullptr) return nullptr;
  for (const VoteCount::Tally& tally : votes->of(type).tallies()) {
    if (tally.weight >= quorum_) return &tally.value;
  }
  return nullptr;
}

}  // namespace govchain::consensus::tendermint
