// Evidence of equivocation. An honest replica signs at most one pre-prepare, one prepare and one
// commit for a view and height, over all its lives: what it accepts is in its log before it speaks.
// Votes in different views may differ, and view-change messages of one view may (one is made again
// after a crash, with more in it), so neither is ever taken for evidence.

#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::suspect_conflict(Slot& slot, const MessageRef& first, const MessageRef& second) {
  ++counters_.conflicting;
  const uint32_t culprit = position_of(second->sender);
  if (slot.blamed.contains(culprit)) return;
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  for (const MessageRef& message : {first, second}) {
    claims->claims.push_back(
        {message->statement(config_.chain), message->sender, message->signature});
  }
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kConflict;
  verification.peer = culprit;
  verification.message = second;
  verification.other = first;
  verification.height = slot.height;
  if (!verify_later(std::move(verification), ClaimListRef(std::move(claims)))) return;
  slot.blamed.add(culprit);
}

void PbftEngine::on_conflict_verified(const PendingVerification& pending, bool valid) {
  Slot* const slot = slot_at(pending.height);
  if (!valid) {
    ++counters_.forged;
    if (slot != nullptr) slot->blamed.remove(position_of(pending.message->sender));
    return;
  }
  ++counters_.evidence;
  const auto signed_statement = [&](const Message& message) {
    return SignedStatement{message.statement(config_.chain), message.sender, message.signature};
  };
  sink_->emit(
      effect::EvidenceFound{signed_statement(*pending.other), signed_statement(*pending.message)});
  if (slot != nullptr && pending.message->type == static_cast<uint8_t>(MessageType::kPrePrepare)) {
    show_proposal(*slot);
  }
}

// Somebody prepared another block than the one that the primary sent here: the primary, or that
// replica, tells different things to different people. Each shows the others what the primary
// signed for it, once; two of these signatures together are evidence.
void PbftEngine::show_proposal(Slot& slot) {
  if (slot.relayed || !slot.proposal_verified || in_view_change_) return;
  slot.relayed = true;
  Ref<Message> relay = new_message(MessageType::kProposalRelay, Lane::kBody);
  relay->view = active_view_;
  relay->height = slot.height;
  relay->digest = slot.proposal->digest;
  Writer out(relay->body);
  out.signature(slot.proposal->signature);
  seal_message(*relay);
  sink_->emit(effect::Broadcast{MessageRef(std::move(relay)), slot.bound_ticket});
}

}  // namespace govchain::consensus::pbft
