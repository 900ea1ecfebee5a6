// From commit certificates to commitment (OSDI'99 §4.2, "committed-local"): in order of height.

#include <algorithm>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::advance_commits() {
  while (!is_installing() && !is_stopped() && committed() < high()) {
    const Slot* const next = slot_at(committed().next());
    if (next == nullptr || !next->commit_certificate) return;
    const CertificateRef certificate = next->commit_certificate;
    const BlockRef block = next->body(certificate->statement.digest);
    if (!block) return;
    commit_block(block, certificate);
    if (commit_waits()) return;  // its bytes are being fetched
  }
}

void PbftEngine::on_committed(const BlockRef& block, const CertificateRef& certificate) {
  const Height height = block->height;
  if (Slot* const slot = slot_at(height)) {
    // The primary showed us another block than the quorum: that one is nowhere any more.
    if (slot->bound && slot->digest != block->digest) unindex_payloads(*slot->block);
    slot->commit_certificate = certificate;
    slot->keep_body(block);
  }
  unindex_payloads(*block);
  // Either the end of the epoch is known now, or the block was none of the chain's.
  if (height >= change_bound_at_) change_bound_at_ = {};
  accepted_ = std::max(accepted_, height);
  highest_prepared_ = std::max(highest_prepared_, height);
  last_progress_ = now();
  escalated_ = false;
  const bool of_this_view =
      certificate->statement.epoch == epoch() && certificate->statement.view == view_;
  if (!in_view_change_ && of_this_view) attempts_ = 0;
}

void PbftEngine::on_state_installed() {
  on_checkpoint_proven();
  accepted_ = std::max(accepted_, committed());
  highest_prepared_ = std::max(highest_prepared_, committed());
  if (committed() >= change_bound_at_) change_bound_at_ = {};
  in_flight_.clear();
  for (Height height = committed().next(); height <= accepted_ && height > low_; ++height) {
    if (slot(height).bound) (void)index_payloads(*slot(height).block);
  }
  last_progress_ = now();
  touch();
  try_enter_view();
}

bool PbftEngine::proves_commit(const Certificate& certificate, const Block& block,
                               const Membership& members) const {
  const ByzantineQuorum quorum(members);
  const uint64_t needed = planted(Mutant::kQuorumTooSmall)
                              ? std::max<uint64_t>(2 * quorum.faulty(), 1)
                              : quorum.quorum();
  const Statement& statement = certificate.statement;
  return statement.type == static_cast<uint8_t>(MessageType::kCommit) &&
         statement.height == block.height && statement.digest == block.digest &&
         ChainEngine::weight_of(certificate, members) >= needed;
}

bool PbftEngine::agreement_waits() const {
  if (accepted_ > committed()) return true;
  return committed() >= low_ && committed() < high() && slot(committed().next()).proposal;
}

}  // namespace govchain::consensus::pbft
