#include "sim/checkers/statements.h"

#include <algorithm>

namespace govchain::sim {
namespace {

using consensus::Message;
using consensus::MessageRole;
using consensus::ProtocolTraits;
using consensus::StatementKind;

// Kinds of statements. Checkpoints have their own height and view 0.
constexpr uint8_t kCheckpoints = 0;
constexpr uint8_t kBlocks = 1;  // and, if each phase is a kind of its own, the next ones
constexpr size_t kMostKinds = 4;

uint8_t kind_of(const ProtocolTraits& traits, MessageRole role) {
  if (traits.statement_kind == StatementKind::kAllPhases || role == MessageRole::kProposal) {
    return kBlocks;
  }
  return role == MessageRole::kVote ? kBlocks + 1 : kBlocks + 2;
}

size_t kinds(const ProtocolTraits& traits) {
  return traits.statement_kind == StatementKind::kAllPhases ? 2 : kMostKinds;
}

}  // namespace

void StatementRule::sent(ReplicaAddress who, TimePoint now, const Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.sender.value() != who.replica) return;
  const ProtocolTraits& traits = context_.traits(who.chain);
  const MessageRole role = traits.roles.of(message.type);
  switch (role) {
    case MessageRole::kProposal:
    case MessageRole::kVote:
    case MessageRole::kFinalVote:
      bind(who, now, message, kind_of(traits, role));
      return;
    case MessageRole::kCheckpoint:
      bind(who, now, message, kCheckpoints);
      return;
    case MessageRole::kLeaderChange:
      leave(who, message);
      return;
    case MessageRole::kLeaderProof:
    case MessageRole::kOther:
      return;
  }
}

void StatementRule::leave(ReplicaAddress who, const Message& message) {
  Replica& replica = replicas_[context_.row(who)];
  if (context_.traits(who.chain).view_scope == consensus::ViewScope::kHeight) {
    if (message.height < replica.left_at) return;
    if (message.height > replica.left_at) replica.left = {};
    replica.left_at = message.height;
  }
  replica.left = std::max(replica.left, message.view);
}

bool StatementRule::has_left(ReplicaAddress who, const Message& message) const {
  const Replica& replica = replicas_[context_.row(who)];
  const bool counted = context_.traits(who.chain).view_scope == consensus::ViewScope::kChain ||
                       message.height == replica.left_at;
  return counted && message.view < replica.left;
}

void StatementRule::bind(ReplicaAddress who, TimePoint now, const Message& message, uint8_t kind) {
  const ProtocolTraits& traits = context_.traits(who.chain);
  Replica& replica = replicas_[context_.row(who)];
  if (replica.slots.empty()) replica.slots.resize(kRemembered * kinds(traits));
  const bool any_height =
      kind != kCheckpoints && traits.statement_key == consensus::StatementKey::kView;
  const Key key{message.view, any_height ? consensus::Height() : message.height, message.epoch,
                kind};
  // Neighbouring heights and views, and kinds, have slots of their own.
  const uint64_t place = kinds(traits) * (key.height.value() + 61 * key.view.value()) + kind;
  Slot& slot = replica.slots[place % replica.slots.size()];
  const bool known = slot.used && slot.key == key;
  if (known && slot.digest == message.digest) return;
  const std::string subject = " (" + std::string(traits.message_name(message.type)) + ") at view " +
                              std::to_string(message.view.value()) + ", height " +
                              std::to_string(message.height.value());
  if (known) {
    context_.report(
        "double-sign", who, now,
        "signed " + short_hex(message.digest) + " after " + short_hex(slot.digest) + subject);
    return;
  }
  if (kind != kCheckpoints && has_left(who, message)) {
    context_.report("monotone-view", who, now,
                    "makes a new statement" + subject + " after it had asked for view " +
                        std::to_string(replica.left.value()));
  }
  slot = {key, message.digest, true};
}

}  // namespace govchain::sim
