// Evidence of equivocation: two statements of one type, view and height that no honest replica
// signs both, over all its lives, because what it says is in its log before it speaks.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

void ChainEngine::suspect_conflict(const MessageRef& first, const MessageRef& second) {
  ++counters_.conflicting;
  const Blamed blamed{second->sender, second->type, second->view, second->height};
  if (std::find(blamed_.begin(), blamed_.end(), blamed) != blamed_.end()) return;
  const uint32_t culprit = position_of(second->sender);
  if (culprit == kNobody || culprit == self_) return;
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  for (const MessageRef& message : {first, second}) {
    claims->claims.push_back(
        {message->statement(config_.chain), message->sender, message->signature});
  }
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kConflict;
  verification.peer = from_ == kNobody ? culprit : from_;
  verification.message = second;
  verification.other = first;
  if (!verify_later(std::move(verification), ClaimListRef(std::move(claims)))) return;
  if (blamed_.size() < kMaxBlamed) {
    blamed_.push_back(blamed);
  } else {
    blamed_[blamed_next_++ % kMaxBlamed] = blamed;
  }
}

void ChainEngine::on_conflict_verified(const PendingVerification& pending, bool valid) {
  const Message& second = *pending.message;
  if (!valid) {
    ++counters_.forged;
    const Blamed blamed{second.sender, second.type, second.view, second.height};
    std::erase(blamed_, blamed);
    return;
  }
  ++counters_.evidence;
  const auto signed_statement = [&](const Message& message) {
    return SignedStatement{message.statement(config_.chain), message.sender, message.signature};
  };
  sink_->emit(effect::EvidenceFound{signed_statement(*pending.other), signed_statement(second)});
  if (second.epoch == epoch()) on_evidence(second);
}

}  // namespace govchain::consensus::chain
