#include "sim/checkers/hotstuff_rules.h"

#include <algorithm>

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
void HotstuffRule::persist(ReplicaAddress who, const consensus::LogRecord& record) {
  if (context_.chain(who.chain).protocol != Protocol::kHotstuff ||
      record.type != static_cast<uint8_t>(RecordType::kNode)) {
    return;
  }
  const auto node = consensus::hotstuff::read_node(record);
  if (!node) return;
  Replica& known = replica(who, node->promise.epoch);
  Vote& vote = known.votes[node->view.value() % kRemembered];
  if (vote.view == node->view) {
    vote.certified = node->body.parent_view();
  } else {
    vote = {node->view, node->body.parent_view(), false};
  }
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
