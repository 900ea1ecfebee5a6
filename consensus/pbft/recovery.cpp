// A restart: what the log says this replica has signed binds it, and what is committed is executed
// again from the state that survived.

#include <algorithm>
#include <map>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

struct PbftEngine::RecoveredLog {
  ViewRecord view;
  std::map<Height, std::pair<Digest, Signature>> bindings;  // of the last view
  std::map<std::pair<Height, Digest>, BlockRef> bodies;
  std::map<Height, CertificateRef> commits;
};

void PbftEngine::recover(RecoveredState recovered) {
  last_ticket_ = recovered.last_ticket;
  durable_ticket_ = last_ticket_;
  if (!recovered.fresh) ++counters_.recoveries;
  executed_ = recovered.executed_height;
  executed_root_ = recovered.state_root;
  if (!restore_watermark(recovered)) return stop(true);
  for (uint64_t i = 1; i <= window_; ++i) slot(low_ + i).reuse(low_ + i);
  RecoveredLog log;
  const uint64_t first = last_ticket_.value() + 1 - recovered.records.size();
  for (size_t i = 0; i < recovered.records.size(); ++i) {
    if (!read_record(recovered.records[i], Ticket(first + i), log)) return stop(true);
  }
  view_ = log.view.view;
  active_view_ = view_;
  in_view_change_ = log.view.in_view_change;
  restore_commits(recovered, log);
  if (stopped_ || !restore_bindings(log)) return stop(true);
  if (!recovered.fresh) {
    sink_->emit(effect::Metric{MetricId::kRecovery, committed_.value()});
    window_high_ = recovered.executed_height;
    load_window();
  }
  resume();
}

// The newest proven checkpoint: the stored one, or a later one that the log has because this
// replica's state was not there yet. The effect that stored the former came before all records that
// rest on it.
bool PbftEngine::restore_watermark(const RecoveredState& recovered) {
  proven_ = recovered.checkpoint;
  if (executed_ >= proven_.height) stable_ = proven_;
  for (const LogRecordRef& record : recovered.records) {
    if (static_cast<RecordType>(record->type) != RecordType::kCheckpoint) continue;
    if (!record->certificate || !is_checkpoint_proof(*record->certificate)) return false;
    const Statement& statement = record->certificate->statement;
    proven_logged_ = std::max(proven_logged_, statement.height);
    if (statement.height <= proven_.height) continue;
    proven_.height = statement.height;
    proven_.state_root = statement.digest;
    proven_.epoch = statement.epoch;
    proven_.certificate = record->certificate;
  }
  low_ = proven_.height;
  return true;
}

bool PbftEngine::read_record(const LogRecordRef& reference, Ticket ticket, RecoveredLog& log) {
  const LogRecord& record = *reference;
  Height height;
  if (record.block) {
    height = record.block->height;
    log.bodies[{height, record.block->digest}] = record.block;
  }
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kView: {
      std::optional<ViewRecord> view = read_view(record);
      if (!view) return false;
      // Signatures of proposals in the same view are kept: the record may be a rewritten one.
      std::map<Height, std::pair<Digest, Signature>> bindings;
      for (const auto& [bound, digest] : view->bindings) {
        const auto known = log.bindings.find(bound);
        const bool same = view->view == log.view.view && known != log.bindings.end() &&
                          known->second.first == digest;
        bindings[bound] = {digest, same ? known->second.second : Signature{}};
      }
      log.bindings = std::move(bindings);
      log.view = std::move(*view);
      return true;
    }
    case RecordType::kProposal: {
      const std::optional<ProposalRecord> proposal = read_proposal(record);
      if (!proposal) return false;
      if (proposal->view == log.view.view && !log.view.in_view_change) {
        log.bindings[height] = {record.block->digest, proposal->signature};
      }
      break;
    }
    case RecordType::kBody:
      if (!record.block) return false;
      break;
    case RecordType::kPrepared: {
      std::optional<PreparedProof> proof = read_prepared(record);
      if (!proof) return false;
      height = proof->height();
      Slot* const open = slot_at(height);
      const bool newer = open != nullptr && (!open->proof || open->proof->view() < proof->view());
      if (newer && !planted(Mutant::kLockLostAfterRecovery)) open->proof = std::move(proof);
      break;
    }
    case RecordType::kWindow: {
      const std::optional<std::vector<Digest>> digests = decode_digests(record.bytes);
      if (!digests) return false;
      learn_ordered(*digests);
      return true;
    }
    case RecordType::kCheckpoint:
      return true;  // restore_watermark() has it
    case RecordType::kCommitted:
      if (!record.certificate) return false;
      height = record.certificate->statement.height;
      log.commits[height] = record.certificate;
      break;
    default:
      return false;
  }
  Slot* const open = slot_at(height);
  if (open == nullptr) return true;
  if (record.block) open->keep_body(record.block);
  if (open->first_ticket == Ticket()) open->first_ticket = ticket;
  return true;
}

// Committed blocks: those in the store are executed again; those that only the log holds are
// committed again, for the store may have lost them.
void PbftEngine::restore_commits(const RecoveredState& recovered, const RecoveredLog& log) {
  committed_ = executed_;
  const auto execute = [&](const BlockRef& block) {
    committed_ = block->height;
    sink_->emit(effect::Execute{block, committed_.value() % config_.checkpoint_interval == 0});
    remember_ordered(*block);
    last_block_time_ = std::max(last_block_time_, block->wall_time);
  };
  for (const StoredBlock& stored : recovered.blocks) {
    if (!stored.block || stored.block->height != committed_.next()) return stop(true);
    execute(stored.block);
    if (Slot* open = slot_at(committed_)) {
      open->keep_body(stored.block);
      open->commit_certificate = stored.certificate;
    }
  }
  for (const auto& [height, certificate] : log.commits) {
    const auto body = log.bodies.find({height, certificate->statement.digest});
    if (body == log.bodies.end()) continue;
    if (Slot* open = slot_at(height)) open->commit_certificate = certificate;
    if (height != committed_.next()) continue;
    sink_->emit(effect::Commit{body->second, certificate, Ticket()});
    execute(body->second);
  }
  execute_sent_ = committed_;
  committed_at_tick_ = committed_;
}

bool PbftEngine::restore_bindings(const RecoveredLog& log) {
  accepted_ = std::max(low_, committed_);
  highest_prepared_ = accepted_;
  for (const Slot& open : slots_) {
    if (open.proof) highest_prepared_ = std::max(highest_prepared_, open.height);
  }
  if (in_view_change_) return true;
  for (const auto& [height, binding] : log.bindings) {
    Slot* const open = slot_at(height);
    if (open == nullptr) continue;
    const auto& [digest, signature] = binding;
    if (!open->body(digest)) return false;  // bound without its block: the log has lost a record
    restore_binding(*open, digest);
    if (signature == Signature{}) continue;
    Ref<Message> proposal = Ref<Message>::make();
    proposal->protocol = Protocol::kPbft;
    proposal->type = static_cast<uint8_t>(MessageType::kPrePrepare);
    proposal->lane = Lane::kBody;
    proposal->sender = id_of(primary_of(view_));
    proposal->epoch = membership_.epoch;
    proposal->view = view_;
    proposal->height = height;
    proposal->digest = digest;
    proposal->signature = signature;
    proposal->block = open->block;
    seal_message(*proposal);
    open->proposal = MessageRef(std::move(proposal));
    open->proposal_verified = true;
  }
  while (accepted_ < high() && slot(accepted_.next()).bound) ++accepted_;
  return true;
}

void PbftEngine::restore_binding(Slot& open, const Digest& digest) {
  open.bound = true;
  open.digest = digest;
  open.block = open.body(digest);
  open.prepared = open.proof && open.proof->view() == view_ && open.proof->digest() == digest;
  if (open.height <= committed_) return;
  const auto height = static_cast<uint32_t>(open.height.value());
  for (const PayloadRef& payload : open.block->payloads) {
    if (!in_flight_.find(payload->digest)) in_flight_.insert(payload->digest, height);
  }
  last_block_time_ = std::max(last_block_time_, open.block->wall_time);
}

// Says again what it had said, because the crash may have come before it left.
void PbftEngine::resume() {
  make_stable_if_reached();
  if (stopped_) return;
  if (in_view_change_) {
    attempts_ = 1;
    return send_view_change();
  }
  for (Height height = committed_.next(); height <= accepted_ && height <= high(); ++height) {
    const Slot* open = slot_at(height);
    if (open == nullptr || !open->bound) continue;
    if (primary_of(view_) == self_) {
      Ref<Message> draft = new_message(MessageType::kPrePrepare, Lane::kBody);
      draft->height = height;
      draft->digest = open->digest;
      if (open->block->view == view_) draft->block = open->block;
      request_signature(MessageRef(std::move(draft)), Ticket());
    } else {
      vote(MessageType::kPrepare, *open, Ticket());
    }
    if (open->prepared) vote(MessageType::kCommit, *open, Ticket());
  }
}

// The digests of payloads ordered lately were in memory only: they are read back from the block
// store, downwards from the state's height in chunks, until the store has no more or enough are
// known.
void PbftEngine::load_window() {
  if (window_high_ == Height(0) || window_chunk_ == 0 ||
      window_blocks_ >= config_.retained_blocks) {
    return;
  }
  const uint64_t count = std::min<uint64_t>(window_chunk_, window_high_.value());
  const Token token = new_token();
  loads_.push_back({token, kNobody});
  sink_->emit(effect::Load{token, Height(window_high_.value() + 1 - count),
                           static_cast<uint32_t>(count), Bytes(UINT64_MAX)});
}

void PbftEngine::on_window_loaded(const input::Loaded& input) {
  if (input.blocks.empty()) {
    window_chunk_ /= 2;  // the store begins within this chunk
    return load_window();
  }
  std::vector<Digest> digests;
  for (const StoredBlock& stored : input.blocks) {
    for (const PayloadRef& payload : stored.block->payloads) digests.push_back(payload->digest);
  }
  learn_ordered(digests);
  window_blocks_ += input.blocks.size();
  window_high_ = Height(input.blocks.front().block->height.value() - 1);
  dirty_ = true;
  load_window();
}

}  // namespace govchain::consensus::pbft
