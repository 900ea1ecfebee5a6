// Signatures of others: each peer may cause a bounded number of verifications at a time.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

// Votes come straight from their senders and hold nothing else that is signed: the usual case needs
// no entry here, because the answer brings the message back.
void ChainEngine::verify_message(uint32_t peer, uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.block && shows_block(message)) return verify_shown_block(peer, sender, reference);
  Ref<ClaimList> claims;
  if (!message.body.empty() || message.block) {
    claims = Ref<ClaimList>::make();
    append_claims(message, *claims);
    if (message.block && !message.block->availability.empty()) {
      append_availability_claims(*message.block, *claims);
    }
    if (message.block && !message.block->control.empty()) {
      const std::optional<MembershipControl> control = decode_control(message.block->control);
      if (control) append_claims(*control->approvals, *claims);
    }
  }
  const bool inner = claims && !claims->claims.empty();
  if (!inner && peer == sender) {
    Peer& state = peers_[peer];
    if (state.verifications >= verifications_per_peer_) {
      ++counters_.oversize;
      return refuse(sender, reference);
    }
    ++state.verifications;
    sink_->emit(effect::Verify{new_token(), reference});
    return;
  }
  if (!claims) claims = Ref<ClaimList>::make();
  claims->claims.push_back({message.statement(config_.chain), message.sender, message.signature});
  verify_inside(peer, sender, reference, std::move(claims));
}

// Its digest was asked for, and so is all that it covers; the proofs of its payloads are beside it.
void ChainEngine::verify_shown_block(uint32_t peer, uint32_t sender, const MessageRef& reference) {
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  if (!reference->block->availability.empty()) {
    append_availability_claims(*reference->block, *claims);
  }
  if (claims->claims.empty()) return on_message_verified(reference, true);
  verify_inside(peer, sender, reference, std::move(claims));
}

void ChainEngine::verify_inside(uint32_t peer, uint32_t sender, const MessageRef& reference,
                                Ref<ClaimList> claims) {
  PendingVerification pending;
  pending.kind = PendingVerification::Kind::kMessage;
  pending.peer = peer;
  pending.message = reference;
  if (!verify_later(std::move(pending), ClaimListRef(std::move(claims)))) {
    refuse(sender, reference);
  }
}

bool ChainEngine::verify_later(PendingVerification pending, ClaimListRef claims) {
  Peer& state = peers_[pending.peer];
  if (state.verifications >= verifications_per_peer_) {
    ++counters_.oversize;
    return false;
  }
  ++state.verifications;
  pending.token = new_token();
  pending.epoch = epoch();
  if (claims) {
    sink_->emit(effect::VerifyClaims{pending.token, std::move(claims)});
  } else {
    sink_->emit(effect::VerifyPayloads{pending.token, pending.block});
  }
  verifying_.push_back(std::move(pending));
  return true;
}

void ChainEngine::verify_payloads(const BlockRef& block) {
  if (holds_payloads(*block)) return on_payloads_verified(block, true);
  PendingVerification pending;
  pending.kind = PendingVerification::Kind::kPayloads;
  pending.peer = from_ == kNobody ? (is_member() ? self_ : 0) : from_;
  pending.block = block;
  if (!verify_later(std::move(pending), {})) on_payloads_verified(block, false);
}

void ChainEngine::on(const input::Verified& input) {
  const auto found = std::find_if(
      verifying_.begin(), verifying_.end(),
      [&](const PendingVerification& pending) { return pending.token == input.token; });
  if (found != verifying_.end()) {
    PendingVerification pending = std::move(*found);
    if (found != verifying_.end() - 1) *found = std::move(verifying_.back());
    verifying_.pop_back();
    if (pending.epoch == epoch()) {
      --peers_[pending.peer].verifications;
    } else {
      pending.peer = kNobody;  // positions are others now
    }
    dirty_ = true;
    return on_pending_verified(pending, input.valid);
  }
  if (!input.message) return;
  switch (static_cast<CommonType>(input.message->type)) {
    case CommonType::kCheckpoint:
      return on_checkpoint_verified(input.message, input.valid);
    case CommonType::kApproval:
      return on_approval_verified(input.message, input.valid);
    case CommonType::kAcknowledgement:
      return on_acknowledgement_verified(input.message, input.valid);
    default:
      break;
  }
  if (input.message->epoch != epoch()) return;
  Peer& state = peers_[position_of(input.message->sender)];
  if (state.verifications > 0) --state.verifications;
  on_message_verified(input.message, input.valid);
}

void ChainEngine::on_message_verified(const MessageRef& message, bool valid) {
  if (message->epoch != epoch()) {
    ++(valid ? counters_.stale : counters_.forged);
    return;
  }
  const uint32_t sender = position_of(message->sender);
  if (!valid) {
    ++counters_.forged;
    return refuse(sender, message);
  }
  ++counters_.accepted;
  if (message->block && !message->block->availability.empty()) learn_availability(*message->block);
  const uint32_t before = std::exchange(from_, from_ == kNobody ? sender : from_);
  accept(sender, message);
  from_ = before;
}

void ChainEngine::on_pending_verified(const PendingVerification& pending, bool valid) {
  using Kind = PendingVerification::Kind;
  switch (pending.kind) {
    case Kind::kMessage:
      from_ = pending.peer;
      on_message_verified(pending.message, valid);
      from_ = kNobody;
      return;
    case Kind::kConflict:
      return on_conflict_verified(pending, valid);
    case Kind::kBlock:
      return on_block_verified(pending, valid);
    case Kind::kEpochChange:
      return on_epoch_change_verified(pending, valid);
    case Kind::kCheckpoint:
      return on_checkpoint_proof_verified(pending, valid);
    case Kind::kPayloads:
      if (!valid) ++counters_.forged;
      return on_payloads_verified(pending.block, valid);
    case Kind::kRequest:
      return on_request_verified(pending, valid);
    case Kind::kAvailability:
      if (!valid) {
        ++counters_.forged;
        return;
      }
      ++counters_.accepted;
      return learn_certificate(pending.block, pending.certificate);
    case Kind::kBatch:
      return on_batch_verified(pending, valid);
  }
}

void ChainEngine::append_claims(const Certificate& certificate, ClaimList& claims) {
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    claims.claims.push_back(
        {certificate.statement, certificate.signers[i], certificate.signatures[i]});
  }
}

}  // namespace govchain::consensus::chain
