// A restart: what the log says this replica has signed binds it. What every chain has is restored
// before (consensus/chain/recovery.cpp).

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

namespace {

// Of records that name an epoch: those of one that is over count no more, and one that is ahead of
// what is committed shows that the log has lost something.
enum class Age : uint8_t { kOver, kPresent, kAhead };
Age age_of(Epoch record, Epoch present) {
  if (record == present) return Age::kPresent;
  return record < present ? Age::kOver : Age::kAhead;
}

}  // namespace

// committed() and the epoch are restored since the engine was made.
void PbftEngine::begin_reading() {
  reading_ = true;
  begin_epoch();
  recovered_.view.epoch = epoch();
}

bool PbftEngine::read_record(const LogRecordRef& reference, Ticket ticket) {
  if (!reading_) begin_reading();
  const LogRecord& record = *reference;
  Height height;
  if (record.block) {
    const Age age = age_of(record.block->epoch, epoch());
    if (age != Age::kPresent) return age == Age::kOver;
    height = record.block->height;
  }
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kView:
      return read_view_record(record);
    case RecordType::kCheckpoint:
      return read_checkpoint_record(record);
    case RecordType::kProposal: {
      const std::optional<ProposalRecord> proposal = read_proposal(record);
      if (!proposal) return false;
      if (proposal->view == recovered_.view.view && !recovered_.view.in_view_change) {
        recovered_.bindings[height] = {record.block->digest, proposal->signature};
      }
      break;
    }
    case RecordType::kBody:
      if (!record.block) return false;
      break;
    case RecordType::kPrepared: {
      std::optional<PreparedProof> proof = read_prepared(record);
      if (!proof) return false;
      const Age age = age_of(proof->prepares->statement.epoch, epoch());
      if (age != Age::kPresent) return age == Age::kOver;
      height = proof->height();
      Slot* const open = slot_at(height);
      const bool newer = open != nullptr && (!open->proof || open->proof->view() < proof->view());
      if (newer && !planted(Mutant::kLockLostAfterRecovery)) open->proof = std::move(proof);
      break;
    }
    default:
      return false;
  }
  Slot* const open = slot_at(height);
  if (open == nullptr) return true;
  if (record.block) open->keep_body(record.block);
  if (open->first_ticket == Ticket()) open->first_ticket = ticket;
  return true;
}

bool PbftEngine::read_view_record(const LogRecord& record) {
  std::optional<ViewRecord> view = read_view(record);
  if (!view) return false;
  const Age age = age_of(view->epoch, epoch());
  if (age != Age::kPresent) return age == Age::kOver;
  // Signatures of proposals in the same view are kept: the record may be a rewritten one.
  std::map<Height, std::pair<Digest, Signature>> bindings;
  for (const auto& [height, digest] : view->bindings) {
    const auto known = recovered_.bindings.find(height);
    const bool same = view->view == recovered_.view.view && known != recovered_.bindings.end() &&
                      known->second.first == digest;
    bindings[height] = {digest, same ? known->second.second : Signature{}};
  }
  recovered_.bindings = std::move(bindings);
  recovered_.view = std::move(*view);
  return true;
}

// A proven checkpoint. It stands before all records that rest on it.
bool PbftEngine::read_checkpoint_record(const LogRecord& record) {
  if (!record.certificate) return false;
  const Statement& statement = record.certificate->statement;
  const Age age = age_of(statement.epoch, epoch());
  if (age != Age::kPresent) return age == Age::kOver;
  if (!is_checkpoint_proof(*record.certificate)) return false;
  proven_logged_ = std::max(proven_logged_, statement.height);
  if (statement.height > low_) {
    raise_low(Checkpoint{statement.height, statement.digest, statement.epoch, record.certificate});
  }
  return true;
}

void PbftEngine::begin_protocol() {
  if (!reading_) begin_reading();
  view_ = recovered_.view.view;
  active_view_ = view_;
  in_view_change_ = recovered_.view.in_view_change;
  for (const StoredBlock& stored : recent_blocks()) {
    Slot* const open = slot_at(stored.block->height);
    if (open == nullptr) continue;
    open->keep_body(stored.block);
    open->commit_certificate = stored.certificate;
  }
  if (!restore_bindings()) return stop(true);
  recovered_ = {};
  if (low_proof_ && low_ > proven_checkpoint().height) {
    const Statement& statement = low_proof_->statement;
    adopt_checkpoint(Checkpoint{low_, statement.digest, statement.epoch, low_proof_});
    if (is_stopped()) return;
  }
  last_progress_ = now();
  say_again();
  touch();
}

bool PbftEngine::restore_bindings() {
  accepted_ = std::max(low_, committed());
  highest_prepared_ = accepted_;
  for (const Slot& open : slots_) {
    if (open.proof) highest_prepared_ = std::max(highest_prepared_, open.height);
  }
  if (in_view_change_) return true;
  for (const auto& [height, binding] : recovered_.bindings) {
    Slot* const open = slot_at(height);
    if (open == nullptr) continue;
    const auto& [digest, signature] = binding;
    if (open->body(digest)) {
      restore_binding(*open, digest, signature);
    } else if (height > committed()) {
      return false;  // bound without its block: the log has lost a record
    }
  }
  while (accepted_ < high() && slot(accepted_.next()).bound) ++accepted_;
  return true;
}

void PbftEngine::restore_binding(Slot& open, const Digest& digest, const Signature& signature) {
  open.bound = true;
  open.digest = digest;
  open.block = open.body(digest);
  open.prepared = open.proof && open.proof->view() == view_ && open.proof->digest() == digest;
  if (open.height > committed()) {
    const auto height = static_cast<uint32_t>(open.height.value());
    for (const PayloadRef& payload : open.block->payloads) {
      if (!in_flight_.find(payload->digest)) in_flight_.insert(payload->digest, height);
    }
    note_bound(*open.block);
  }
  if (signature == Signature{}) return;
  Ref<Message> proposal = new_own(MessageType::kPrePrepare, Lane::kBody);
  proposal->sender = id_of(primary_of(view_));
  proposal->height = open.height;
  proposal->digest = digest;
  proposal->signature = signature;
  if (open.block->view == view_) proposal->block = open.block;
  proposal->by_digest = names_payloads() && proposal->block && !proposal->block->payloads.empty();
  seal_message(*proposal);
  open.proposal = MessageRef(std::move(proposal));
  open.proposal_verified = true;
}

// Says again what it had said, because the crash may have come before it left.
void PbftEngine::say_again() {
  if (!has_vote()) return;
  if (in_view_change_) {
    attempts_ = 1;
    return send_view_change();
  }
  for (Height height = committed().next(); height <= accepted_ && height <= high(); ++height) {
    const Slot* const open = slot_at(height);
    if (open == nullptr || !open->bound) continue;
    if (is_primary()) {
      Ref<Message> draft = new_own(MessageType::kPrePrepare, Lane::kBody);
      draft->height = height;
      draft->digest = open->digest;
      if (open->block->view == view_) draft->block = open->block;
      request_signature(std::move(draft), Ticket());
    } else {
      vote(MessageType::kPrepare, *open, Ticket());
    }
    if (open->prepared) vote(MessageType::kCommit, *open, Ticket());
  }
}

}  // namespace govchain::consensus::pbft
