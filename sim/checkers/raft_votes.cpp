#include "sim/checkers/raft_votes.h"

#include <algorithm>

#include "consensus/raft/messages.h"

namespace govchain::sim {

using consensus::Message;
using consensus::View;
using consensus::raft::MessageType;

void RaftVoteRule::begin() {
  terms_.assign(context_.rows(), {});
  votes_.assign(context_.rows(), {});
  leaders_.assign(context_.chains(), {});
}

void RaftVoteRule::sent(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                        const Message& message) {
  if (message.protocol != consensus::Protocol::kRaft) return;
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kAppend:
    case MessageType::kAppendNames:
    case MessageType::kHeartbeat:
    case MessageType::kCommitNotice:
    case MessageType::kInstallSnapshot:
      leads(who, now, message);
      return;
    case MessageType::kVoteRequest:
    case MessageType::kVoteReply:
      votes(who, now, to, message);
      return;
    case MessageType::kAppendReply:
    case MessageType::kHeartbeatReply:
      keep_term(who, now, message);
      return;
    default:
      return;
  }
}

uint32_t RaftVoteRule::choose(Choices& choices, View term, uint32_t replica) {
  if (choices.empty()) choices.resize(kTerms);
  Choice& choice = choices[term.value() % kTerms];
  if (choice.known && choice.term == term) return choice.replica;
  // A term that was pushed out by one 256 later is too old to be judged.
  if (!choice.known || choice.term < term) choice = {term, replica, true};
  return replica;
}

void RaftVoteRule::leads(ReplicaAddress who, TimePoint now, const Message& message) {
  const uint32_t leader = choose(leaders_[who.chain], message.view, who.replica);
  if (leader != who.replica) {
    context_.report("one-leader", who, now,
                    "leads term " + std::to_string(message.view.value()) + ", which replica " +
                        std::to_string(leader) + " led");
  }
  keep_term(who, now, message);
}

void RaftVoteRule::votes(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                         const Message& message) {
  keep_term(who, now, message);
  consensus::raft::VoteReplyBody reply;
  const bool request = message.type == static_cast<uint8_t>(MessageType::kVoteRequest);
  if (!request && (to == nullptr || !decode_body(message, reply) || !reply.granted)) return;
  const uint32_t candidate = request ? who.replica : to->value();
  const uint32_t chosen = choose(votes_[context_.row(who)], message.view, candidate);
  if (chosen == candidate) return;
  context_.report("double-vote", who, now,
                  "votes for " + std::to_string(candidate) + " in term " +
                      std::to_string(message.view.value()) + " after voting for " +
                      std::to_string(chosen));
}

void RaftVoteRule::keep_term(ReplicaAddress who, TimePoint now, const Message& message) {
  View& term = terms_[context_.row(who)];
  if (message.view < term) {
    context_.report("monotone-view", who, now,
                    "acts in view " + std::to_string(message.view.value()) +
                        " after it had gone on to " + std::to_string(term.value()));
  }
  term = std::max(term, message.view);
}

}  // namespace govchain::sim
