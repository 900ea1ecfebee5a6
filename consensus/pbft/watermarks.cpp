// Watermarks and what the log must hold of them (OSDI'99 §4.3). The checkpoints themselves are
// those of all chains (consensus/chain/checkpoints.cpp).

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// A quorum has this state: the low watermark rises, even if this replica is not there yet, because
// what lies below is decided and a quorum can show it. One of a later epoch says nothing of the
// heights that this epoch's members agree upon.
void PbftEngine::on_checkpoint_proven() {
  const Checkpoint& proven = proven_checkpoint();
  if (proven.epoch == epoch() && proven.height > low_) raise_low(proven);
}

void PbftEngine::raise_low(const Checkpoint& checkpoint) {
  const Height old_high = high();
  if (checkpoint.height > old_high) {
    // Far behind: nothing of the old window is left.
    low_ = checkpoint.height;
    for (uint64_t i = 1; i <= window_; ++i) slot(low_ + i).reuse(low_ + i);
  } else {
    for (Height height = low_.next(); height <= checkpoint.height; ++height) {
      slot(height).reuse(height + window_);
    }
    low_ = checkpoint.height;
  }
  low_proof_ = checkpoint.certificate;
  if (low_ >= change_bound_at_) change_bound_at_ = {};
  accepted_ = std::max(accepted_, low_);
}

// §4.3: the watermarks follow the newest proven checkpoint, and a VIEW-CHANGE names it as C, with
// nothing below it in P. While the log does not have it, a crash would bring the old watermarks
// back: prepared certificates above them would be dropped, and those below are gone already. That
// the host was given it (CheckpointStable) is no help: its store may be behind the log.
void PbftEngine::log_proven() {
  if (!low_proof_ || low_ <= proven_logged_) return;
  proven_logged_ = low_;
  persist(make_checkpoint_record(low_proof_));
}

Ticket PbftEngine::persist_view() {
  log_proven();
  ViewRecord record;
  record.epoch = epoch();
  record.view = view_;
  record.in_view_change = in_view_change_;
  if (!in_view_change_) {
    for (Height height = low_.next(); height <= high(); ++height) {
      if (slot(height).bound) record.bindings.emplace_back(height, slot(height).digest);
    }
  }
  view_ticket_ = persist(make_record(record));
  return view_ticket_;
}

void PbftEngine::persist_for(Slot& slot, Ref<LogRecord> record, Ticket& ticket) {
  if (slot.height > proven_logged_ + window_) log_proven();
  ticket = persist(std::move(record));
  if (slot.first_ticket == Ticket()) slot.first_ticket = ticket;
}

// A bound block is in the log since it was bound, or since a new view named it.
Ticket PbftEngine::logged_at(const Block& block) const {
  if (block.height <= low_ || block.height > high()) return {};
  const Slot& open = slot(block.height);
  const bool logged = open.bound && open.digest == block.digest && open.bound_ticket != Ticket();
  return logged ? open.first_ticket : Ticket();
}

// Blocks and certificates of open slots stay where they are, in records that are not cut off.
void PbftEngine::rewrite_log() {
  proven_logged_ = {};  // written anew with the view
  persist_view();
}

Ticket PbftEngine::needed_from() const {
  Ticket first = last_ticket().next();
  for (const Slot& open : slots_) {
    if (open.first_ticket != Ticket()) first = std::min(first, open.first_ticket);
  }
  return first;
}

}  // namespace govchain::consensus::pbft
