// State transfer (PBFT, OSDI'99 §4.3, TOCS'02 §5.3): when the blocks that a replica lacks are gone,
// it takes the state of a proven checkpoint instead. The proof begins with the changes of
// membership that the replica has not seen: each is certified by the members of the epoch that it
// ended, so that trust in the epoch it knows reaches the checkpoint's.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

void ChainEngine::send_checkpoint_proof(ReplicaId to, Epoch known, bool blocks_gone) {
  if (!stable_.certificate) return;
  Ref<Message> proof = new_common(CommonType::kCheckpointProof, Lane::kBody);
  proof->version = version_of_message(stable_.epoch);
  proof->height = stable_.height;
  proof->digest = stable_.state_root;
  CheckpointProofBody body;
  body.certificate = stable_.certificate;
  body.blocks_gone = blocks_gone;
  if (blocks_gone) body.ordered = ordered_at_checkpoint();
  for (const EpochStart& start : epochs_) {
    const bool unknown = start.membership.epoch > known && start.change.block;
    if (unknown && start.from <= stable_.height.next() && body.changes.size() < kMaxEpochProofs) {
      body.changes.push_back(start.change);
    }
  }
  encode_body(body, proof->body);
  seal_message(*proof);
  sink_->emit(effect::Send{to, MessageRef(std::move(proof)), last_ticket_});  // as in send_block()
}

// Of the payloads ordered last those that the checkpoint's state has seen. One in a block above it
// is not final for who takes the state.
std::vector<Digest> ChainEngine::ordered_at_checkpoint() const {
  seen_.clear();
  for (const StoredBlock& stored : recent_) {
    if (stored.block->height <= stable_.height) continue;
    for (const PayloadRef& payload : stored.block->payloads) {
      if (!seen_.find(payload->digest)) seen_.insert(payload->digest, 0);
    }
  }
  std::vector<Digest> digests;
  for (const Digest& digest : ordered_) {
    if (!seen_.find(digest)) digests.push_back(digest);
  }
  return digests;
}

void ChainEngine::receive_checkpoint_proof(uint32_t peer, const MessageRef& reference) {
  continue_checkpoint_proof(peer, reference);
}

// Looks at the next thing in the proof that this replica does not know yet, and has its signatures
// verified; it is called again when they are.
void ChainEngine::continue_checkpoint_proof(uint32_t peer, const MessageRef& reference) {
  std::optional<CheckpointProofBody> body = decode_checkpoint_proof(config_.hash, reference->body);
  if (!body) {
    ++counters_.malformed;
    return;
  }
  PendingVerification verification;
  verification.peer = peer;
  verification.message = reference;
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  const Membership& newest = epochs_.back().membership;
  for (const StoredBlock& change : body->changes) {
    if (change.block->epoch != newest.epoch) continue;
    if (!proves_change(change, newest)) {
      ++counters_.malformed;
      return;
    }
    append_claims(*change.certificate, *claims);
    verification.kind = PendingVerification::Kind::kEpochChange;
    verification.block = change.block;
    verification.certificate = change.certificate;
    (void)verify_later(std::move(verification), ClaimListRef(std::move(claims)));
    return;
  }
  const Statement& statement = body->certificate->statement;
  if (!is_checkpoint_proof(*body->certificate)) {
    ++(statement.epoch > newest.epoch ? counters_.future : counters_.malformed);
    return;
  }
  const bool useful =
      statement.height > proven_.height || (body->blocks_gone && statement.height > committed_);
  if (!useful) {
    ++counters_.stale;
    return;
  }
  append_claims(*body->certificate, *claims);
  verification.kind = PendingVerification::Kind::kCheckpoint;
  verification.certificate = body->certificate;
  verification.flag = body->blocks_gone;
  (void)verify_later(std::move(verification), ClaimListRef(std::move(claims)));
}

bool ChainEngine::is_checkpoint_proof(const Certificate& certificate) const {
  const Statement& statement = certificate.statement;
  if (statement.type != kCheckpointStatement || statement.view != View(0) ||
      statement.height == Height(0) ||
      statement.height.value() % config_.checkpoint_interval != 0) {
    return false;
  }
  const Membership& voting = members_at(statement.height);
  if (!is_of(statement, voting)) return false;
  return is_checkpoint_unproven() ||
         weight_of(certificate, voting) >= ByzantineQuorum(voting).quorum();
}

void ChainEngine::on_checkpoint_proof_verified(const PendingVerification& pending, bool valid) {
  if (!valid) {
    ++counters_.forged;
    return;
  }
  ++counters_.accepted;
  const Statement& statement = pending.certificate->statement;
  const Checkpoint checkpoint{statement.height, statement.digest, statement.epoch,
                              pending.certificate};
  adopt_checkpoint(checkpoint);
  if (!pending.flag) return;
  std::optional<CheckpointProofBody> body =
      decode_checkpoint_proof(config_.hash, pending.message->body);
  start_state_transfer(checkpoint, std::move(body->ordered));
}

// Of the checkpoint that the list of payloads goes with, even if a later one is proven already:
// what was ordered between the two is not in the list.
void ChainEngine::start_state_transfer(const Checkpoint& checkpoint, std::vector<Digest> ordered) {
  if (transfer_ || stopped_ || checkpoint.height <= committed_) return;
  transfer_ = StateTransfer{checkpoint, false, false, std::move(ordered)};
  sink_->emit(effect::FetchState{checkpoint});
}

void ChainEngine::on(const input::SnapshotFetched& input) {
  if (!transfer_ || transfer_->checkpoint.height != input.height) return;
  dirty_ = true;
  if (!input.available) {
    transfer_.reset();  // the next status brings it, or a newer one, up again
    return;
  }
  transfer_->fetched = true;
  continue_state_transfer();
}

// The state is replaced when no execution is under way that would be done on it again, and when the
// log can tell after a crash whose members agree upon what follows it.
void ChainEngine::continue_state_transfer() {
  if (!transfer_ || !transfer_->fetched || transfer_->installing) return;
  if (committed_ >= transfer_->checkpoint.height) {
    transfer_.reset();  // the blocks came after all
    return;
  }
  if (executed_ != committed_ || durable_ticket_ < epochs_ticket_) return;
  transfer_->installing = true;
  sink_->emit(effect::InstallSnapshot{transfer_->checkpoint});
}

void ChainEngine::on(const input::SnapshotInstalled& input) {
  if (!transfer_ || !transfer_->installing || transfer_->checkpoint.height != input.height) return;
  stable_ = transfer_->checkpoint;
  if (proven_.height < stable_.height) {
    proven_ = stable_;
    on_checkpoint_proven();
  }
  forget_foreign_payloads();
  learn_ordered(transfer_->ordered);
  transfer_.reset();
  committed_ = input.height;
  executed_ = input.height;
  executed_root_ = input.state_root;
  committed_tickets_.clear();
  recent_.clear();
  ++counters_.state_transfers;
  ++counters_.checkpoints;
  sink_->emit(effect::Metric{MetricId::kStateTransfer, input.height.value()});
  sink_->emit(effect::CheckpointStable{stable_});
  last_commit_at_ = now_;
  dirty_ = true;
  enter_epochs();
  waiting_commit_.reset();
  if (certifies()) forget_batches();
  on_state_installed();
  truncate_log();
  pass_on_own(true);
  make_stable_if_reached();
  answer_reads();
}

}  // namespace govchain::consensus::chain
