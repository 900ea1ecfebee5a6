#include "sim/checkers/hotstuff_rules.h"

#include <algorithm>

#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"
#include "consensus/hotstuff/records.h"

namespace govchain::sim {

using consensus::Message;
using consensus::Protocol;
using consensus::View;
using consensus::hotstuff::MessageType;
using consensus::hotstuff::RecordType;

// Every epoch counts its views from the beginning.
HotstuffRule::Replica& HotstuffRule::replica(ReplicaAddress who, consensus::Epoch epoch) {
  Replica& known = replicas_[context_.row(who)];
  if (known.epoch < epoch) {
    known = {};
    known.epoch = epoch;
  }
  if (known.votes.empty()) known.votes.resize(kRemembered);
  return known;
}

// The record says on what the vote rests; it stands before the vote leaves.
std::optional<HotstuffRule::Logged> HotstuffRule::persist(ReplicaAddress who,
                                                          const consensus::LogRecord& record) {
  if (context_.chain(who.chain).protocol != Protocol::kHotstuff ||
      record.type != static_cast<uint8_t>(RecordType::kNode)) {
    return std::nullopt;
  }
  const auto node = consensus::hotstuff::read_node(record);
  if (!node) return std::nullopt;
  Replica& known = replica(who, node->promise.epoch);
  Vote& vote = known.votes[node->view.value() % kRemembered];
  const bool sent = vote.view == node->view && vote.sent;
  const View certified = node->body.parent_view();
  const consensus::Digest digest = consensus::hotstuff::node_digest(
      context_.chain(who.chain).engine.hash,
      {record.block->digest, node->body.parent, node->view, certified});
  vote = {node->view,
          certified,
          digest,
          node->body.parent,
          node->body.timeout.has_value(),
          node->body.timeout ? node->body.timeout->highest() : View(0),
          sent};
  if (record.block->proposer.value() != who.replica) return std::nullopt;
  return Logged{node->view, node->promise.epoch, digest};
}

const HotstuffRule::Vote* HotstuffRule::find(const Replica& known, const consensus::Digest& node) {
  const auto found = std::find_if(known.votes.begin(), known.votes.end(), [&](const Vote& vote) {
    return vote.view != View(0) && vote.node == node;
  });
  return found == known.votes.end() ? nullptr : &*found;
}

// True as well where the branch leads to nodes that it never voted for: then nothing can be said.
bool HotstuffRule::extends_lock(const Replica& known, const Vote& vote) {
  for (const Vote* node = &vote; node != nullptr; node = find(known, node->parent)) {
    if (node->parent == known.locked) return true;
    if (node->certified < known.locked_view) return false;
  }
  return true;
}

void HotstuffRule::check_vote(ReplicaAddress who, TimePoint now, Replica& known, const Vote& vote) {
  using consensus::hotstuff::CommitRule;
  bool safe = false;
  if (context_.chain(who.chain).settings.hotstuff.commit_rule == CommitRule::kTwoChain) {
    safe =
        vote.certified.next() == vote.view || (vote.by_timeout && vote.certified >= vote.highest);
  } else {
    safe = vote.certified > known.locked_view || known.locked_view == View(0) ||
           extends_lock(known, vote);
    const Vote* const parent = find(known, vote.parent);
    if (parent != nullptr && parent->certified > known.locked_view) {
      known.locked_view = parent->certified;
      known.locked = parent->parent;
    }
  }
  if (safe) return;
  context_.report("safe-vote", who, now,
                  "votes in view " + std::to_string(vote.view.value()) +
                      " on the certificate of view " + std::to_string(vote.certified.value()));
}

void HotstuffRule::sent(ReplicaAddress who, TimePoint now, const Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.protocol != Protocol::kHotstuff || message.sender.value() != who.replica) return;
  if (message.type == static_cast<uint8_t>(MessageType::kVote)) return voted(who, now, message);
  if (message.type == static_cast<uint8_t>(MessageType::kTimeout)) {
    return gave_up(who, now, message);
  }
}

void HotstuffRule::voted(ReplicaAddress who, TimePoint now, const Message& message) {
  Replica& known = replica(who, message.epoch);
  Vote& vote = known.votes[message.view.value() % kRemembered];
  if (known.epoch != message.epoch || vote.view != message.view || vote.sent) return;
  vote.sent = true;
  known.obliged = std::max(known.obliged, vote.certified);
  check_vote(who, now, known, vote);
  if (message.view > known.given_up) return;
  context_.report("given-up", who, now,
                  "votes in view " + std::to_string(message.view.value()) +
                      " after it gave up view " + std::to_string(known.given_up.value()));
}

void HotstuffRule::gave_up(ReplicaAddress who, TimePoint now, const Message& message) {
  Replica& known = replica(who, message.epoch);
  if (known.epoch != message.epoch || message.view <= known.given_up) return;
  known.given_up = message.view;
  const std::optional<View> highest = consensus::hotstuff::highest_of(message.digest);
  if (highest && *highest >= known.obliged) return;
  context_.report("lock", who, now,
                  "gives up view " + std::to_string(message.view.value()) +
                      " without telling of the certificate of view " +
                      std::to_string(known.obliged.value()) + " that it has voted on");
}

}  // namespace govchain::sim
