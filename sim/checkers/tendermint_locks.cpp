#include "sim/checkers/tendermint_locks.h"

#include <algorithm>
#include <string>

#include "consensus/tendermint/messages.h"

namespace govchain::sim {

using consensus::Membership;
using consensus::View;
using consensus::tendermint::MessageType;

void TendermintLockRule::begin() {
  chains_ = std::vector<Chain>(context_.chains());
  locks_.assign(context_.rows(), {});
}

void TendermintLockRule::sent(ReplicaAddress who, TimePoint now,
                              const consensus::Message& message) {
  // Others' messages are passed on as they are; they bind their senders. Nil binds nobody.
  if (message.protocol != consensus::Protocol::kTendermint ||
      message.sender.value() != who.replica || message.digest.is_zero()) {
    return;
  }
  if (message.type == static_cast<uint8_t>(MessageType::kPrevote)) {
    check_prevote(who, now, message);
    count(who, message);
  } else if (message.type == static_cast<uint8_t>(MessageType::kPrecommit)) {
    check_precommit(who, now, message);
  }
}

void TendermintLockRule::count(ReplicaAddress who, const consensus::Message& prevote) {
  Chain& chain = chains_[who.chain];
  auto tally = std::find_if(chain.tallies.begin(), chain.tallies.end(), [&](const Tally& known) {
    return known.height == prevote.height && known.round == prevote.view &&
           known.epoch == prevote.epoch && known.block == prevote.digest;
  });
  if (tally == chain.tallies.end()) {
    Tally fresh{prevote.epoch, prevote.height, prevote.view, prevote.digest, 0, {}};
    if (chain.tallies.size() < kRemembered) {
      chain.tallies.push_back(std::move(fresh));
      tally = chain.tallies.end() - 1;
    } else {
      tally = chain.tallies.begin() + static_cast<std::ptrdiff_t>(chain.next++ % kRemembered);
      chain.forgotten = std::max(chain.forgotten, tally->height);
      *tally = std::move(fresh);
    }
  }
  if (std::find(tally->voters.begin(), tally->voters.end(), prevote.sender) !=
      tally->voters.end()) {
    return;
  }
  tally->voters.push_back(prevote.sender);
  const Membership* const members = context_.membership(who.chain, prevote.epoch);
  const consensus::Member* const member =
      members == nullptr ? nullptr : members->find(prevote.sender);
  if (member != nullptr) tally->weight += member->weight;
}

void TendermintLockRule::check_prevote(ReplicaAddress who, TimePoint now,
                                       const consensus::Message& prevote) {
  const Lock& lock = locks_[context_.row(who)];
  if (lock.height != prevote.height || lock.epoch != prevote.epoch || lock.round >= prevote.view ||
      lock.block == prevote.digest || may_have_polka(who, prevote, lock.round, prevote.view)) {
    return;
  }
  context_.report("lock", who, now,
                  "prevotes another block in round " + std::to_string(prevote.view.value()) +
                      " of height " + std::to_string(prevote.height.value()) +
                      " than it precommitted in round " + std::to_string(lock.round.value()) +
                      ", and nobody had a polka for it");
}

void TendermintLockRule::check_precommit(ReplicaAddress who, TimePoint now,
                                         const consensus::Message& precommit) {
  Lock& lock = locks_[context_.row(who)];
  // Said again after a restart.
  const bool older = lock.height == precommit.height && lock.epoch == precommit.epoch &&
                     precommit.view <= lock.round;
  if (precommit.height < lock.height || older) return;
  lock = {precommit.epoch, precommit.height, precommit.view, precommit.digest};
  if (may_have_polka(who, precommit, precommit.view, precommit.view.next())) return;
  context_.report("polka", who, now,
                  "precommits in round " + std::to_string(precommit.view.value()) + " of height " +
                      std::to_string(precommit.height.value()) +
                      " what too few have prevoted there");
}

// For the vote's block, in a round from `first` on and before `last`.
bool TendermintLockRule::may_have_polka(ReplicaAddress who, const consensus::Message& vote,
                                        View first, View last) const {
  const Chain& chain = chains_[who.chain];
  const Membership* const members = context_.membership(who.chain, vote.epoch);
  if (members == nullptr || vote.height <= chain.forgotten) return true;
  const uint64_t needed = context_.commit_quorum(who.chain, *members);
  const uint64_t lies = dishonest_weight(who.chain, *members);
  return std::any_of(chain.tallies.begin(), chain.tallies.end(), [&](const Tally& tally) {
    return tally.height == vote.height && tally.epoch == vote.epoch && tally.block == vote.digest &&
           tally.round >= first && tally.round < last && tally.weight + lies >= needed;
  });
}

uint64_t TendermintLockRule::dishonest_weight(ChainIndex chain, const Membership& members) const {
  uint64_t weight = 0;
  for (const consensus::Member& member : members.members) {
    if (!context_.honest({chain, member.id.value()})) weight += member.weight;
  }
  return weight;
}

}  // namespace govchain::sim
