#include "sim/checkers/statement_book.h"

#include <algorithm>

#include "sim/checkers/context.h"

namespace govchain::sim {
namespace {

using consensus::Message;
using consensus::MessageRole;
using consensus::ProtocolTraits;
using consensus::Statement;
using consensus::StatementKey;
using consensus::StatementKind;
using consensus::ViewScope;

// Kinds of statements. Checkpoints have their own height and view 0.
constexpr uint8_t kCheckpoints = 0;
constexpr uint8_t kBlocks = 1;  // and, if each phase is a kind of its own, the next two

size_t kinds(const ProtocolTraits& traits) {
  return traits.statement_kind == StatementKind::kAllPhases ? 2 : 4;
}

uint8_t kind_of(const ProtocolTraits& traits, MessageRole role) {
  if (traits.statement_kind == StatementKind::kAllPhases || role == MessageRole::kProposal) {
    return kBlocks;
  }
  return role == MessageRole::kVote ? kBlocks + 1 : kBlocks + 2;
}

}  // namespace

bool contradict(const ProtocolTraits& traits, const Statement& a, const Statement& b) {
  const bool comparable = (traits.statement_key == StatementKey::kView || a.height == b.height) &&
                          (traits.statement_kind == StatementKind::kAllPhases || a.type == b.type);
  return comparable && a.chain == b.chain && a.protocol == b.protocol && a.epoch == b.epoch &&
         a.view == b.view && a.digest != b.digest;
}

std::optional<StatementBook::Contradiction> StatementBook::sign(const Message& message) {
  const MessageRole role = traits_->roles.of(message.type);
  switch (role) {
    case MessageRole::kProposal:
    case MessageRole::kVote:
    case MessageRole::kFinalVote:
      return bind(message, kind_of(*traits_, role));
    case MessageRole::kCheckpoint:
      return bind(message, kCheckpoints);
    case MessageRole::kLeaderChange:
      leave(message);
      return std::nullopt;
    case MessageRole::kLeaderProof:
    case MessageRole::kOther:
      return std::nullopt;
  }
  return std::nullopt;
}

void StatementBook::leave(const Message& message) {
  if (traits_->view_scope == ViewScope::kHeight) {
    if (message.height < left_at_) return;
    if (message.height > left_at_) left_ = {};
    left_at_ = message.height;
  }
  if (message.epoch < left_in_) return;
  if (message.epoch > left_in_) left_ = {};
  left_in_ = message.epoch;
  left_ = std::max(left_, message.view);
}

bool StatementBook::has_left(const Message& message) const {
  const bool counted = traits_->view_scope == ViewScope::kChain || message.height == left_at_;
  return counted && message.epoch == left_in_ && message.view < left_;
}

void StatementBook::intend(consensus::View view, consensus::Epoch epoch,
                           const consensus::Digest& digest) {
  if (intentions_.size() < kIntentions) intentions_.resize(kIntentions);
  intentions_[next_intention_++ % kIntentions] = {view, epoch, digest};
}

bool StatementBook::is_intended(const Message& message) const {
  return traits_->roles.of(message.type) == MessageRole::kProposal &&
         std::find(intentions_.begin(), intentions_.end(),
                   Intention{message.view, message.epoch, message.digest}) != intentions_.end();
}

std::optional<StatementBook::Contradiction> StatementBook::bind(const Message& message,
                                                                uint8_t kind) {
  if (slots_.empty()) slots_.resize(kRemembered * kinds(*traits_));
  const bool any_height = kind != kCheckpoints && traits_->statement_key == StatementKey::kView;
  const Key key{message.view, any_height ? consensus::Height() : message.height, message.epoch,
                kind};
  // Neighbouring heights and views, and kinds, have slots of their own.
  const uint64_t place = kinds(*traits_) * (key.height.value() + 61 * key.view.value()) + kind;
  Slot& slot = slots_[place % slots_.size()];
  const bool known = slot.key == key;
  if (known && slot.digest == message.digest) return std::nullopt;
  // Written out only when something is wrong: this runs for every statement.
  const auto subject = [&] {
    return " (" + std::string(traits_->message_name(message.type)) + ") at view " +
           std::to_string(message.view.value()) + ", height " +
           std::to_string(message.height.value());
  };
  if (known) {
    return Contradiction{"double-sign", "signed " + short_hex(message.digest) + " after " +
                                            short_hex(slot.digest) + subject()};
  }
  slot = {key, message.digest};
  if (kind == kCheckpoints || !has_left(message) || is_intended(message)) return std::nullopt;
  return Contradiction{"monotone-view", "makes a new statement" + subject() +
                                            " after it had asked for view " +
                                            std::to_string(left_.value())};
}

}  // namespace govchain::sim
