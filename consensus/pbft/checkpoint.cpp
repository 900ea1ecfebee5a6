// Checkpoints, watermarks and garbage collection (OSDI'99 §4.3).

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// The entry for `height`, taken over from a lower one if need be; null if it cannot be open now.
CheckpointEntry* PbftEngine::checkpoint_entry(Height height) {
  const uint64_t interval = config_.checkpoint_interval;
  if (height.value() % interval != 0 || height <= low_ || height > high() + interval) {
    return nullptr;
  }
  CheckpointEntry& entry =
      checkpoints_[static_cast<size_t>(height.value() / interval % checkpoints_.size())];
  if (entry.height != height) {
    if (entry.height > height) return nullptr;
    entry.reuse(height);
  }
  return &entry;
}

void PbftEngine::receive_checkpoint(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  const uint32_t position = position_of(message.sender);
  if (from != message.sender || position == kNobody || position == self_) {
    ++counters_.unauthorised;
    return;
  }
  if (message.view != View(0) || message.height.value() % config_.checkpoint_interval != 0) {
    ++counters_.malformed;
    return;
  }
  CheckpointEntry* const entry = checkpoint_entry(message.height);
  if (entry == nullptr) {
    ++(message.height <= low_ ? counters_.stale : counters_.future);
    return;
  }
  MessageRef& held = entry->votes.messages[position];
  if (held) {
    // Two states of one height contradict each other, but a replica whose own store is damaged may
    // sign both without malice, so it is only counted.
    ++(held->digest == message.digest ? counters_.duplicate : counters_.conflicting);
    return;
  }
  held = reference;
  sink_->emit(effect::Verify{new_token(), reference});
}

void PbftEngine::on_checkpoint_verified(const MessageRef& reference, bool valid) {
  CheckpointEntry* const entry = checkpoint_entry(reference->height);
  if (entry == nullptr) return;
  const uint32_t position = position_of(reference->sender);
  MessageRef& held = entry->votes.messages[position];
  if (held != reference || entry->votes.verified.contains(position)) return;
  if (!valid) {
    ++counters_.forged;
    held.reset();
    return;
  }
  ++counters_.accepted;
  entry->votes.verified.add(position);
  count_checkpoint(*entry, reference->digest);
}

void PbftEngine::count_checkpoint(CheckpointEntry& entry, const Digest& root) {
  uint64_t weight = 0;
  VoteTable& votes = entry.votes;
  const auto agrees = [&](uint32_t i) {
    return votes.messages[i] && votes.verified.contains(i) && votes.messages[i]->digest == root;
  };
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    if (agrees(i)) weight += weight_of(i);
  }
  if (weight < quorum_.quorum() && !planted(Mutant::kCheckpointUnproven)) return;
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = Statement{config_.chain,
                                     membership_.epoch,
                                     Protocol::kPbft,
                                     kCheckpointStatement,
                                     View(0),
                                     entry.height,
                                     root};
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    if (!agrees(i)) continue;
    certificate->signers.push_back(votes.messages[i]->sender);
    certificate->signatures.push_back(votes.messages[i]);
  }
  Checkpoint checkpoint;
  checkpoint.height = entry.height;
  checkpoint.state_root = root;
  checkpoint.epoch = membership_.epoch;
  checkpoint.certificate = CertificateRef(std::move(certificate));
  adopt_checkpoint(checkpoint);
}

// A quorum has this state: the low watermark rises, even if this replica is not there yet, because
// what lies below is decided and a quorum can show it.
void PbftEngine::adopt_checkpoint(const Checkpoint& checkpoint) {
  if (checkpoint.height <= low_) return;
  const Height old_high = high();
  proven_ = checkpoint;
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
  accepted_ = std::max(accepted_, low_);
  dirty_ = true;
  make_stable_if_reached();
}

void PbftEngine::make_stable_if_reached() {
  if (proven_.height <= stable_.height || executed_ < proven_.height) return;
  if (executed_ == proven_.height && executed_root_ != proven_.state_root) {
    // A quorum executed the same blocks to another state: this replica's machine is broken.
    return stop(true);
  }
  make_stable();
}

void PbftEngine::make_stable() {
  stable_ = proven_;
  ++counters_.checkpoints;
  sink_->emit(effect::CheckpointStable{stable_});
  truncate_log();
}

// What is still needed first: the view and what it binds above the checkpoint. Blocks and
// certificates of open slots stay where they are, in records that are not truncated.
void PbftEngine::truncate_log() {
  Ticket before = persist(make_window_record(ordered_));
  proven_logged_ = {};  // written anew with the view, if it is still ahead
  const Ticket rewritten = persist_view();
  for (const Slot& open : slots_) {
    if (open.first_ticket != Ticket()) before = std::min(before, open.first_ticket);
  }
  sink_->emit(effect::Truncate{before, rewritten});
}

// §4.3: the watermarks follow the newest proven checkpoint, and a VIEW-CHANGE names it as C, with
// nothing below it in P. While only memory has it, a crash would bring the old watermarks back:
// prepared certificates above them would be dropped, and those below are gone already.
void PbftEngine::log_proven() {
  if (proven_.height <= std::max(stable_.height, proven_logged_)) return;
  proven_logged_ = proven_.height;
  persist(make_checkpoint_record(proven_.certificate));
}

Ticket PbftEngine::persist_view() {
  log_proven();
  ViewRecord record;
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

}  // namespace govchain::consensus::pbft
