// A restart. First what every chain has: committed blocks are executed again from the state that
// survived, and the memberships that led to the present one are known again. Then the protocol
// reads its own records, which bind it.

#include <algorithm>
#include <map>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

struct ChainEngine::RecoveredLog {
  struct Commit {
    CertificateRef certificate;
    Ticket ticket;
  };
  std::map<std::pair<Height, Digest>, BlockRef> bodies;
  std::map<Height, Ticket> first_bodies;
  std::map<Height, Commit> commits;
  Ticket first_batch{UINT64_MAX};  // which blocks need which batches is not looked at
  [[nodiscard]] Ticket bodies_at(Height height, Ticket otherwise) const {
    const Ticket first = std::min(first_batch, otherwise);
    const auto found = first_bodies.find(height);
    return found == first_bodies.end() ? first : std::min(found->second, first);
  }
};

void ChainEngine::recover(RecoveredState recovered) {
  last_ticket_ = recovered.last_ticket;
  durable_ticket_ = last_ticket_;
  if (!recovered.fresh) ++counters_.recoveries;
  executed_ = recovered.executed_height;
  executed_root_ = recovered.state_root;
  proven_ = recovered.checkpoint;
  if (executed_ >= proven_.height) stable_ = proven_;
  RecoveredLog log;
  const uint64_t first = last_ticket_.value() + 1 - recovered.records.size();
  for (size_t i = 0; i < recovered.records.size(); ++i) {
    if (!read_common_record(recovered.records[i], Ticket(first + i), log)) return stop(true);
  }
  if (!restore_commits(recovered, log)) return stop(true);
  const Membership& present = members_at(committed_.next());
  if (present.epoch != epoch()) {
    use_membership(present);
    on_epoch_changed();
  }
  if (certifies()) forget_batches();
  resumes_batches_ = certifies() && batches_.size() > 0;
  sink_->emit(effect::MembershipActive{membership_, epoch_since()});
  // The log may be further than this software, if newer one was here before.
  leave_if_outdated();
  if (stopped_) return;
  for (size_t i = 0; i < recovered.records.size(); ++i) {
    const LogRecordRef& record = recovered.records[i];
    if (record->type >= kFirstCommonRecord) continue;
    if (record->block && record->block->height > committed_) hold_block(record->block);
    if (!read_record(record, Ticket(first + i))) return stop(true);
  }
  committed_at_tick_ = committed_;
  if (!recovered.fresh) {
    sink_->emit(effect::Metric{MetricId::kRecovery, committed_.value()});
    window_high_ = recovered.executed_height;
    load_window();
  }
  make_stable_if_reached();
  if (!stopped_) begin_protocol();
}

Height ChainEngine::epoch_since() const {
  for (const EpochStart& start : epochs_) {
    if (start.membership.epoch == epoch()) return start.from;
  }
  return Height(1);
}

bool ChainEngine::read_common_record(const LogRecordRef& reference, Ticket ticket,
                                     RecoveredLog& log) {
  const LogRecord& record = *reference;
  if (record.type == kBatchRecord) {
    if (!record.block || !record.block->availability.empty()) return false;
    if (batches_.find(record.block->digest) == nullptr) {
      HeldBatch& held = batches_.add(record.block);
      held.ticket = ticket;
      held.restored = true;
      log.first_batch = std::min(log.first_batch, ticket);
    }
    return true;
  }
  if (record.block) {
    log.bodies[{record.block->height, record.block->digest}] = record.block;
    log.first_bodies.try_emplace(record.block->height, ticket);
  }
  if (record.type < kFirstCommonRecord) return true;
  switch (static_cast<CommonRecord>(record.type)) {
    case CommonRecord::kBatch:
      return false;  // read above
    case CommonRecord::kCommitted:
      if (!record.certificate) return false;
      log.commits[proven_height(*record.certificate)] = {record.certificate, ticket};
      read_committed_change(log, record.certificate);
      return true;
    case CommonRecord::kWindow: {
      const std::optional<std::vector<Digest>> digests = decode_digests(record.bytes);
      if (!digests) return false;
      learn_ordered(*digests);
      return true;
    }
    case CommonRecord::kEpoch: {
      if (!record.certificate || !record.block) return false;
      const StoredBlock change{record.block, record.certificate};
      // Written anew at every checkpoint.
      if (record.block->epoch < epochs_.back().membership.epoch) return true;
      if (!proves_change(change, epochs_.back().membership)) return false;
      learn_epoch(change);
      return true;
    }
  }
  return false;
}

// A change of membership that was committed since the last checkpoint stands in no Epoch record
// yet, but the state may hold its block already, so that it is not committed again either; and one
// that follows it may stand in a record, if others have shown that one.
void ChainEngine::read_committed_change(const RecoveredLog& log,
                                        const CertificateRef& certificate) {
  const Height height = proven_height(*certificate);
  const Membership& newest = epochs_.back().membership;
  for (auto body = log.bodies.lower_bound({height, Digest{}});
       body != log.bodies.end() && body->first.first == height; ++body) {
    if (body->second->control.empty() || body->second->epoch != newest.epoch) continue;
    const StoredBlock change{whole_block(body->second), certificate};
    if (!change.block) continue;
    if (proves_change(change, newest)) return learn_epoch(change);
  }
}

// Blocks in the store are executed again; those that only the log holds are committed again, for
// the store may have lost them.
bool ChainEngine::restore_commits(const RecoveredState& recovered, const RecoveredLog& log) {
  committed_ = executed_;
  // What the state has, and the list in the last Window record has not: the crash may have come
  // between a checkpoint and the next record, and the store may not keep these blocks.
  for (const auto& [height, commit] : log.commits) {
    if (height > executed_) break;
    if (const BlockRef agreed = find_body(log, *commit.certificate)) remember_ordered(*agreed);
  }
  for (const StoredBlock& stored : recovered.blocks) {
    if (!stored.block || stored.block->height != committed_.next()) return false;
    if (!knows(members_at(stored.block->height).version)) break;
    restore_block(stored);
  }
  for (const auto& [height, commit] : log.commits) {
    if (height > stable_.height) {
      committed_tickets_.push_back({height, commit.ticket, log.bodies_at(height, commit.ticket)});
    }
    if (height != committed_.next() || !knows(members_at(height).version)) continue;
    const BlockRef agreed = find_body(log, *commit.certificate);
    if (!agreed) continue;
    const BlockRef block = whole_block(agreed);
    if (!block) continue;
    sink_->emit(effect::Commit{block, commit.certificate, Ticket()});
    restore_block({block, commit.certificate});
  }
  return true;
}

BlockRef ChainEngine::find_body(const RecoveredLog& log, const Certificate& certificate) const {
  const Height height = proven_height(certificate);
  for (auto body = log.bodies.lower_bound({height, Digest{}});
       body != log.bodies.end() && body->first.first == height; ++body) {
    if (proves_commit(certificate, *body->second, members_at(height))) return body->second;
  }
  return {};
}

void ChainEngine::restore_block(const StoredBlock& stored) {
  committed_ = stored.block->height;
  const bool checkpoint = committed_.value() % config_.checkpoint_interval == 0;
  sink_->emit(effect::Execute{stored.block, checkpoint});
  remember_ordered(*stored.block);
  last_block_time_ = std::max(last_block_time_, stored.block->wall_time);
  cache(stored);
  if (!stored.block->control.empty()) note_change(stored);
}

// The digests of payloads ordered lately were in memory only: they are read back from the block
// store, downwards from the state's height in chunks, until the store has no more or enough are
// known.
void ChainEngine::load_window() {
  if (window_high_ == Height(0) || window_chunk_ == 0 ||
      window_blocks_ >= config_.retained_blocks) {
    return;
  }
  const uint64_t count = std::min<uint64_t>(window_chunk_, window_high_.value());
  const Token token = new_token();
  loads_.push_back({token, kNobody, epoch()});
  sink_->emit(effect::Load{token, Height(window_high_.value() + 1 - count),
                           static_cast<uint32_t>(count), Bytes(UINT64_MAX)});
}

void ChainEngine::on_window_loaded(const input::Loaded& input) {
  if (input.blocks.empty()) {
    window_chunk_ /= 2;  // the store begins within this chunk
    return load_window();
  }
  std::vector<Digest> digests;
  for (const StoredBlock& stored : input.blocks) {
    for (const PayloadRef& payload : stored.block->payloads) digests.push_back(payload->digest);
  }
  // Sent again by a client, perhaps, before this replica remembered that it has ordered it.
  for (const Digest& digest : digests) {
    const PayloadRef payload = mempool_.find(digest);
    if (!payload) continue;
    if (mempool_.origin_of(digest) == config_.self) {
      sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
    }
    (void)mempool_.remove(digest);
  }
  learn_ordered(digests);
  window_blocks_ += input.blocks.size();
  window_high_ = Height(input.blocks.front().block->height.value() - 1);
  dirty_ = true;
  load_window();
}

}  // namespace govchain::consensus::chain
