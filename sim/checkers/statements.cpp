#include "sim/checkers/statements.h"

#include <algorithm>

#include "consensus/pbft/engine.h"
#include "consensus/pbft/messages.h"
#include "consensus/raft/messages.h"
#include "sim/pbft_roles.h"

namespace govchain::sim {

using consensus::Message;
using consensus::View;

void StatementRule::begin() {
  replicas_.assign(context_.rows(), {});
  votes_.assign(context_.rows(), {});
  leaders_.assign(context_.chains(), {});
}

void StatementRule::sent(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                         const Message& message) {
  if (message.protocol == consensus::Protocol::kRaft) {
    sent_raft(who, now, to, message);
  } else {
    sent_pbft(who, now, message);
  }
}

uint32_t StatementRule::choose(Choices& choices, View term, uint32_t replica) {
  if (choices.empty()) choices.resize(kTerms);
  Choice& choice = choices[term.value() % kTerms];
  if (choice.known && choice.term == term) return choice.replica;
  // A term that was pushed out by one 256 later is too old to be judged.
  if (!choice.known || choice.term < term) choice = {term, replica, true};
  return replica;
}

void StatementRule::sent_raft(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                              const Message& message) {
  using consensus::raft::MessageType;
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kAppend:
    case MessageType::kHeartbeat:
    case MessageType::kCommitNotice:
    case MessageType::kInstallSnapshot: {
      const uint32_t leader = choose(leaders_[who.chain], message.view, who.replica);
      if (leader != who.replica) {
        context_.report("one-leader", who, now,
                        "leads term " + std::to_string(message.view.value()) + ", which replica " +
                            std::to_string(leader) + " led");
      }
      keep_view(who, now, message);
      return;
    }
    case MessageType::kVoteRequest:
    case MessageType::kVoteReply: {
      consensus::raft::VoteReplyBody reply;
      const bool request = message.type == static_cast<uint8_t>(MessageType::kVoteRequest);
      keep_view(who, now, message);
      if (!request && (to == nullptr || !decode_body(message, reply) || !reply.granted)) return;
      const uint32_t candidate = request ? who.replica : to->value();
      const uint32_t chosen = choose(votes_[context_.row(who)], message.view, candidate);
      if (chosen != candidate) {
        context_.report("double-vote", who, now,
                        "votes for " + std::to_string(candidate) + " in term " +
                            std::to_string(message.view.value()) + " after voting for " +
                            std::to_string(chosen));
      }
      return;
    }
    case MessageType::kAppendReply:
    case MessageType::kHeartbeatReply:
      keep_view(who, now, message);
      return;
    case MessageType::kCheckpointVote:
      bind(who, now, message, message.type);
      return;
    default:
      return;
  }
}

void StatementRule::keep_view(ReplicaAddress who, TimePoint now, const Message& message) {
  Replica& replica = replicas_[context_.row(who)];
  if (message.view < replica.left) {
    context_.report("monotone-view", who, now,
                    "acts in view " + std::to_string(message.view.value()) +
                        " after it had gone on to " + std::to_string(replica.left.value()));
  }
  replica.left = std::max(replica.left, message.view);
}

void StatementRule::sent_pbft(ReplicaAddress who, TimePoint now, const Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.sender.value() != who.replica) return;
  switch (pbft_role(message.type)) {
    case PbftRole::kProposal:
    case PbftRole::kPrepare:
    case PbftRole::kCommit:
      bind(who, now, message, 0);
      return;
    case PbftRole::kCheckpoint:
      bind(who, now, message, message.type);
      return;
    case PbftRole::kViewChange: {
      View& left = replicas_[context_.row(who)].left;
      left = std::max(left, message.view);
      check_locks(who, now, message);
      return;
    }
    case PbftRole::kNewView:
    case PbftRole::kOther:
      return;
  }
}

void StatementRule::bind(ReplicaAddress who, TimePoint now, const Message& message, uint8_t group) {
  Replica& replica = replicas_[context_.row(who)];
  if (replica.slots.empty()) replica.slots.resize(kRemembered);
  // Neighbouring heights and views have slots of their own; odd places are for checkpoints.
  const uint64_t place = 2 * (message.height.value() + 61 * message.view.value()) + (group & 1U);
  Slot& slot = replica.slots[place % kRemembered];
  const bool known = slot.used && slot.view == message.view && slot.height == message.height &&
                     slot.epoch == message.epoch && slot.group == group;
  const bool commit = group == 0 && pbft_role(message.type) == PbftRole::kCommit;
  if (known && slot.digest == message.digest) {
    slot.commit = slot.commit || commit;
    return;
  }
  const std::string subject = " (" + std::string(consensus::pbft::message_name(message.type)) +
                              ") at view " + std::to_string(message.view.value()) + ", height " +
                              std::to_string(message.height.value());
  if (known) {
    context_.report(
        "double-sign", who, now,
        "signed " + short_hex(message.digest) + " after " + short_hex(slot.digest) + subject);
    return;
  }
  if (group == 0 && message.view < replica.left) {
    context_.report("monotone-view", who, now,
                    "makes a new statement" + subject + " after it had asked for view " +
                        std::to_string(replica.left.value()));
  }
  slot = {message.digest, message.view, message.height, message.epoch, group, true, commit};
}

void StatementRule::check_locks(ReplicaAddress who, TimePoint now, const Message& view_change) {
  const auto body = consensus::pbft::decode_view_change(view_change.body);
  if (!body) return;
  for (const Slot& slot : replicas_[context_.row(who)].slots) {
    if (!slot.commit || slot.group != 0 || slot.epoch != view_change.epoch ||
        slot.height <= view_change.height || slot.view >= view_change.view) {
      continue;
    }
    const bool proven = std::any_of(
        body->proofs.begin(), body->proofs.end(), [&](const consensus::pbft::PreparedProof& proof) {
          return proof.height() == slot.height && proof.view() >= slot.view;
        });
    if (proven) continue;
    context_.report("lock", who, now,
                    "asks for view " + std::to_string(view_change.view.value()) +
                        " without proof of what it voted to commit at view " +
                        std::to_string(slot.view.value()) + ", height " +
                        std::to_string(slot.height.value()));
    return;
  }
}

}  // namespace govchain::sim
