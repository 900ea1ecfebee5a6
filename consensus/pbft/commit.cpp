// From commit certificates to execution (OSDI'99 §4.2, "committed-local"): in order of height.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::advance_commits() {
  if (transfer_ && transfer_->installing) return;
  while (committed_ < high()) {
    Slot* next = slot_at(committed_.next());
    if (next == nullptr || !next->commit_certificate) return;
    const CertificateRef certificate = next->commit_certificate;
    const BlockRef block = next->body(certificate->statement.digest);
    if (!block) return;
    commit_block(block, certificate);
  }
}

void PbftEngine::commit_block(const BlockRef& block, const CertificateRef& certificate) {
  GOVCHAIN_ASSERT(block->height == committed_.next());
  Slot* const slot = slot_at(block->height);
  Ticket ticket;
  // The body is in the log already if this replica bound it.
  const bool logged = slot != nullptr && slot->bound && slot->digest == block->digest &&
                      slot->bound_ticket != Ticket();
  if (slot != nullptr) {
    // The primary showed us another block than the quorum: that one is nowhere any more.
    if (slot->bound && slot->digest != block->digest) unindex_payloads(*slot->block);
    slot->commit_certificate = certificate;
    slot->keep_body(block);
    persist_for(*slot, make_committed_record(certificate, logged ? BlockRef() : block), ticket);
  } else {
    ticket = persist(make_committed_record(certificate, block));
  }
  committed_ = block->height;
  execute_sent_ = committed_;
  const bool checkpoint = committed_.value() % config_.checkpoint_interval == 0;
  if (checkpoint) {
    if (CheckpointEntry* entry = checkpoint_entry(committed_)) entry->committed_ticket = ticket;
  }
  sink_->emit(effect::Commit{block, certificate, ticket});
  sink_->emit(effect::Execute{block, checkpoint});
  unindex_payloads(*block);
  remember_ordered(*block);
  last_block_time_ = std::max(last_block_time_, block->wall_time);
  accepted_ = std::max(accepted_, committed_);
  highest_prepared_ = std::max(highest_prepared_, committed_);
  ++counters_.committed_blocks;
  last_progress_ = now_;
  escalated_ = false;
  if (!in_view_change_ && certificate->statement.view == view_) attempts_ = 0;
  dirty_ = true;
}

void PbftEngine::remember_ordered(const Block& block) {
  mempool_.commit(block);
  for (const PayloadRef& payload : block.payloads) {
    if (ordered_.size() < kRemembered) {
      ordered_.push_back(payload->digest);
    } else {
      ordered_[ordered_next_++ % kRemembered] = payload->digest;
    }
  }
}

// Payloads whose blocks this replica does not have. Those that its own clients wait for stay, until
// enough peers say so (receive_already_ordered): one peer's word must not cost a client its
// payload.
void PbftEngine::learn_ordered(const std::vector<Digest>& digests) {
  Ref<Block> block = Ref<Block>::make();
  for (const Digest& digest : digests) {
    if (mempool_.is_pending(digest) || mempool_.is_committed(digest)) continue;
    Ref<Payload> payload = Ref<Payload>::make();
    payload->digest = digest;
    block->payloads.emplace_back(std::move(payload));
  }
  remember_ordered(*block);
}

void PbftEngine::on(const input::Executed& input) {
  // A snapshot may have overtaken it.
  if (input.height != executed_.next()) return;
  executed_ = input.height;
  executed_root_ = input.state_root;
  dirty_ = true;
  if (input.height.value() % config_.checkpoint_interval == 0) {
    CheckpointEntry* const entry = checkpoint_entry(input.height);
    Ticket after;
    if (entry != nullptr) {
      entry->own_root = input.state_root;
      after = entry->committed_ticket;
    }
    Ref<Message> draft = new_message(MessageType::kCheckpoint, Lane::kVote);
    draft->view = View(0);
    draft->height = input.height;
    draft->digest = input.state_root;
    request_signature(MessageRef(std::move(draft)), after);
  }
  make_stable_if_reached();
  continue_state_transfer();
  answer_reads();
}

}  // namespace govchain::consensus::pbft
