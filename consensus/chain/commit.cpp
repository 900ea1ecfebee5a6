// Blocks: making them, judging them, and what happens when one is final.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

bool ChainEngine::work_waits() const {
  const bool change = approved_.has_value() && !epoch_end_;
  return mempool_.waiting_payloads() > 0 || change;
}

bool ChainEngine::batch_is_due(bool with_change) {
  const bool change = with_change && approved_.has_value() && !epoch_end_;
  const bool full = mempool_.waiting_bytes() >= config_.max_block_bytes ||
                    mempool_.waiting_transactions() >= config_.max_block_transactions;
  if (change || full) {
    cancel_timer(kBatchTimer);
    return true;
  }
  if (mempool_.waiting_payloads() == 0) {
    cancel_timer(kBatchTimer);
    return false;
  }
  const TimePoint due = *mempool_.oldest_waiting() + config_.batch_delay;
  if (due > now_) {
    set_timer(kBatchTimer, due);
    return false;
  }
  cancel_timer(kBatchTimer);
  return true;
}

BlockRef ChainEngine::make_block(Height height, View view, int64_t wall_floor, BlockWish wish) {
  Ref<Block> block = Ref<Block>::make();
  block->height = height;
  block->view = view;
  block->epoch = membership_.epoch;
  block->proposer = config_.self;
  // Never before an earlier block's time, even if the clock was set back.
  block->wall_time = wall_known_ ? std::max(wall_time(), wall_floor) : 0;
  if (wish.payloads) {
    if (certifies()) hold_back_expired(height);
    mempool_.select(height, config_.max_block_bytes, config_.max_block_transactions,
                    block->payloads);
    if (certifies()) attach_availability(*block);
  }
  if (wish.control && approved_ && !epoch_end_) encode_control(*approved_, block->control);
  if (wish.payloads && block->payloads.empty() && block->control.empty()) return {};
  seal_block(config_.hash, *block);
  return BlockRef(std::move(block));
}

bool ChainEngine::is_well_formed(const Block& block) const {
  return block.epoch == epoch() && block.payload_size() <= config_.max_block_bytes &&
         block.transactions() <= config_.max_block_transactions &&
         block.payloads.size() <= kMaxPayloadsPerBlock &&
         (block.control.empty() || is_valid_control(block));
}

bool ChainEngine::is_timely(const Block& block) const {
  if (!wall_known_ || block.wall_time == 0) return true;
  const int64_t tolerance = config_.wall_clock_tolerance.nanoseconds();
  const int64_t mine = wall_time();
  return block.wall_time <= mine + tolerance && block.wall_time >= mine - tolerance;
}

bool ChainEngine::is_fresh(const Block& block) const {
  if (is_duplicate_ordered()) return true;
  seen_.clear();
  for (const PayloadRef& payload : block.payloads) {
    if (mempool_.is_committed(payload->digest) || seen_.find(payload->digest)) return false;
    seen_.insert(payload->digest, 0);
  }
  return true;
}

void ChainEngine::mark_in_flight(const Block& block) {
  mempool_.mark_in_flight(block.height, block.payloads);
}

void ChainEngine::release_in_flight(Height from) { mempool_.release(from); }

void ChainEngine::commit_block(const BlockRef& agreed, const CertificateRef& certificate) {
  GOVCHAIN_ASSERT(agreed->height == committed_.next() && !is_installing());
  if (stopped_) return;
  const BlockRef block = whole_block(agreed);
  if (!block) return wait_for_bytes(agreed, certificate);
  waiting_commit_.reset();
  // What the log has by its names alone needs the batches that hold the bytes, or is written whole.
  const std::optional<Ticket> bytes = bytes_logged_at(*agreed);
  const Ticket body = bytes ? logged_at(*agreed) : Ticket();
  const Ticket ticket =
      persist(make_committed_record(certificate, body == Ticket() ? block : BlockRef()));
  committed_tickets_.push_back(
      {block->height, ticket, body == Ticket() ? ticket : std::min(body, *bytes)});
  committed_ = block->height;
  std::erase_if(held_blocks_, [&](const BlockRef& held) { return held->height <= committed_; });
  const bool checkpoint = committed_.value() % config_.checkpoint_interval == 0;
  sink_->emit(effect::Commit{block, certificate, ticket});
  sink_->emit(effect::Execute{block, checkpoint});
  remember_ordered(*block);
  last_block_time_ = std::max(last_block_time_, block->wall_time);
  cache({block, certificate});
  ++counters_.committed_blocks;
  last_commit_at_ = now_;
  dirty_ = true;
  if (!block->control.empty()) {
    note_change({block, certificate});
    epochs_ticket_ = ticket;
  }
  enter_epochs();
  if (certifies()) forget_batches();
  on_committed(block, certificate);
}

void ChainEngine::cache(const StoredBlock& stored) {
  if (recent_.size() == kCachedBlocks) recent_.erase(recent_.begin());
  recent_.push_back(stored);
}

// Memory keeps what lies above the stable checkpoint, and EngineConfig::retained_blocks up to it,
// as the host's store does: what a replica gives to others must not depend on when it was
// restarted.
void ChainEngine::drop_unretained() {
  const auto kept = std::find_if(recent_.begin(), recent_.end(), [&](const StoredBlock& stored) {
    return stored.block->height >= stable_.height ||
           stable_.height.value() - stored.block->height.value() < config_.retained_blocks;
  });
  recent_.erase(recent_.begin(), kept);
}

void ChainEngine::remember_ordered(const Block& block) {
  mempool_.commit(block);
  if (batches_.size() > 0) forget_ordered_batches(block);
  for (const PayloadRef& payload : block.payloads) note_ordered(payload->digest);
}

void ChainEngine::note_ordered(const Digest& digest) {
  if (ordered_.size() < kRemembered) {
    ordered_.push_back(digest);
  } else {
    ordered_[ordered_next_++ % kRemembered] = digest;
  }
}

// Payloads whose blocks this replica does not have. Those that its own clients wait for stay, until
// enough peers say so (receive_already_ordered): one peer's word must not cost a client its
// payload. Nor may it be ordered twice, so it is not proposed meanwhile: others may, who know, and
// where this replica is a quorum by itself nobody else looks. Whoever is told of the state next is
// told of these as well.
void ChainEngine::learn_ordered(const std::vector<Digest>& digests) {
  Ref<Block> block = Ref<Block>::make();
  for (const Digest& digest : digests) {
    if (mempool_.is_committed(digest)) continue;
    if (mempool_.is_pending(digest)) {
      note_ordered(digest);
      doubt(digest);
      continue;
    }
    Ref<Payload> payload = Ref<Payload>::make();
    payload->digest = digest;
    block->payloads.emplace_back(std::move(payload));
  }
  remember_ordered(*block);
}

void ChainEngine::on(const input::Executed& input) {
  // A snapshot may have overtaken it.
  if (input.height != executed_.next()) return;
  executed_ = input.height;
  executed_root_ = input.state_root;
  dirty_ = true;
  if (input.height.value() % config_.checkpoint_interval == 0) sign_checkpoint();
  make_stable_if_reached();
  continue_state_transfer();
  answer_reads();
}

}  // namespace govchain::consensus::chain
