// State transfer (OSDI'99 §4.3, TOCS'02 §5.3): when the blocks that a replica lacks are gone, it
// takes the state of a proven checkpoint instead.

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::send_checkpoint_proof(uint32_t peer, bool blocks_gone) {
  if (!stable_.certificate) return;
  Ref<Message> proof = new_message(MessageType::kCheckpointProof, Lane::kBody);
  proof->height = stable_.height;
  proof->digest = stable_.state_root;
  CheckpointProofBody body;
  body.certificate = stable_.certificate;
  body.blocks_gone = blocks_gone;
  if (blocks_gone) body.ordered = ordered_at_checkpoint();
  encode_body(body, proof->body);
  send(id_of(peer), std::move(proof));
}

// Of the payloads ordered last those that the checkpoint's state has seen. One in a block above it
// is not final for who takes the state, and may be in a block that it has prepared.
std::vector<Digest> PbftEngine::ordered_at_checkpoint() const {
  DigestIndex later(config_.seed);
  for (Height height = std::max(low_, stable_.height).next();
       height <= std::min(committed_, high()); ++height) {
    const Slot& open = slot(height);
    if (!open.commit_certificate) continue;
    const BlockRef block = open.body(open.commit_certificate->statement.digest);
    if (!block) continue;
    for (const PayloadRef& payload : block->payloads) {
      if (!later.find(payload->digest)) later.insert(payload->digest, 0);
    }
  }
  std::vector<Digest> digests;
  for (const Digest& digest : ordered_) {
    if (!later.find(digest)) digests.push_back(digest);
  }
  return digests;
}

void PbftEngine::receive_checkpoint_proof(uint32_t peer, const MessageRef& reference) {
  std::optional<CheckpointProofBody> body = decode_checkpoint_proof(reference->body);
  if (!body || !is_checkpoint_proof(*body->certificate)) {
    ++counters_.malformed;
    return;
  }
  const Height height = body->certificate->statement.height;
  const bool useful = height > low_ || (body->blocks_gone && height > committed_);
  if (!useful) {
    ++counters_.stale;
    return;
  }
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  append_claims(*body->certificate, *claims);
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kCheckpointProof;
  verification.peer = peer;
  verification.message = reference;
  verification.certificate = body->certificate;
  verification.flag = body->blocks_gone;
  (void)verify_later(std::move(verification), ClaimListRef(std::move(claims)));
}

void PbftEngine::on_checkpoint_proof_verified(const PendingVerification& pending, bool valid) {
  if (!valid) {
    ++counters_.forged;
    return;
  }
  ++counters_.accepted;
  const Statement& statement = pending.certificate->statement;
  Checkpoint checkpoint;
  checkpoint.height = statement.height;
  checkpoint.state_root = statement.digest;
  checkpoint.epoch = statement.epoch;
  checkpoint.certificate = pending.certificate;
  adopt_checkpoint(checkpoint);
  if (!pending.flag) return;
  std::optional<CheckpointProofBody> body = decode_checkpoint_proof(pending.message->body);
  start_state_transfer(std::move(body->ordered));
}

void PbftEngine::start_state_transfer(std::vector<Digest> ordered) {
  if (transfer_ || stopped_ || proven_.height <= committed_) return;
  transfer_ = StateTransfer{proven_, false, false, std::move(ordered)};
  sink_->emit(effect::FetchState{proven_});
}

void PbftEngine::on(const input::SnapshotFetched& input) {
  if (!transfer_ || transfer_->checkpoint.height != input.height) return;
  dirty_ = true;
  if (!input.available) {
    transfer_.reset();  // the next status brings it, or a newer one, up again
    return;
  }
  transfer_->fetched = true;
  continue_state_transfer();
}

// The state is replaced when no execution is under way that would be done on it again.
void PbftEngine::continue_state_transfer() {
  if (!transfer_ || !transfer_->fetched || transfer_->installing) return;
  if (committed_ >= transfer_->checkpoint.height) {
    transfer_.reset();  // the blocks came after all
    return;
  }
  if (executed_ != committed_) return;
  transfer_->installing = true;
  sink_->emit(effect::InstallSnapshot{transfer_->checkpoint});
}

void PbftEngine::on(const input::SnapshotInstalled& input) {
  if (!transfer_ || !transfer_->installing || transfer_->checkpoint.height != input.height) return;
  stable_ = transfer_->checkpoint;
  forget_foreign_payloads();
  learn_ordered(transfer_->ordered);
  transfer_.reset();
  committed_ = input.height;
  execute_sent_ = input.height;
  executed_ = input.height;
  executed_root_ = input.state_root;
  accepted_ = std::max(accepted_, committed_);
  highest_prepared_ = std::max(highest_prepared_, committed_);
  ++counters_.state_transfers;
  ++counters_.checkpoints;
  sink_->emit(effect::Metric{MetricId::kStateTransfer, input.height.value()});
  sink_->emit(effect::CheckpointStable{stable_});
  truncate_log();
  in_flight_.clear();
  for (Height height = committed_.next(); height <= accepted_ && height > low_; ++height) {
    if (slot(height).bound) (void)index_payloads(*slot(height).block);
  }
  pass_on_own(true);
  last_progress_ = now_;
  dirty_ = true;
  make_stable_if_reached();
  advance_commits();
  apply_catch_up();
  answer_reads();
  try_enter_view();
}

}  // namespace govchain::consensus::pbft
