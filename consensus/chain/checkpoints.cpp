// Checkpoints: a quorum of the epoch's members says the same of the state after a height. What lies
// below is garbage then (PBFT, OSDI'99 §4.3).

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

// The entry for `height`, taken over from a lower one if need be; null if it cannot be open now.
CheckpointEntry* ChainEngine::checkpoint_entry(Height height) {
  const uint64_t interval = config_.checkpoint_interval;
  const Height low = std::max(stable_.height, proven_.height);
  const Height base = std::max(low, executed_);
  // Of peers that are ahead, the next checkpoints only: a replica that lags further gets a proof.
  if (height.value() % interval != 0 || height <= low ||
      height > base + (kCheckpointEntries - 1) * interval) {
    return nullptr;
  }
  CheckpointEntry& entry =
      checkpoints_[static_cast<size_t>(height.value() / interval % kCheckpointEntries)];
  const Membership& voting = members_at(height);
  if (entry.height == height && entry.epoch == voting.epoch) return &entry;
  if (entry.height > height) return nullptr;
  if (entry.votes.messages.size() != voting.size()) entry.votes = VoteTable();
  entry.votes.resize(voting.size());
  entry.votes.clear();
  entry.height = height;
  entry.epoch = voting.epoch;
  return &entry;
}

void ChainEngine::receive_checkpoint(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  if (from != message.sender || message.sender == config_.self) {
    ++counters_.unauthorised;
    return;
  }
  if (message.view != View(0) || message.height.value() % config_.checkpoint_interval != 0 ||
      message.block || !message.body.empty()) {
    ++counters_.malformed;
    return;
  }
  CheckpointEntry* const entry = checkpoint_entry(message.height);
  if (entry == nullptr) {
    ++(message.height <= std::max(stable_.height, proven_.height) ? counters_.stale
                                                                  : counters_.future);
    return;
  }
  const Membership& voting = members_at(message.height);
  const Member* const member = voting.find(message.sender);
  if (member == nullptr || message.epoch != voting.epoch) {
    ++(message.epoch > voting.epoch ? counters_.future : counters_.unauthorised);
    return;
  }
  if (message.version != voting.version) {
    ++counters_.malformed;
    return;
  }
  MessageRef& held = entry->votes.messages[static_cast<size_t>(member - voting.members.data())];
  if (held) {
    // Two states of one height contradict each other, but a replica whose own store is damaged may
    // sign both without malice, so it is only counted.
    ++(held->digest == message.digest ? counters_.duplicate : counters_.conflicting);
    return;
  }
  held = reference;
  sink_->emit(effect::Verify{new_token(), reference});
}

void ChainEngine::on_checkpoint_verified(const MessageRef& reference, bool valid) {
  CheckpointEntry* const entry = checkpoint_entry(reference->height);
  if (entry == nullptr || entry->epoch != reference->epoch) return;
  const Membership& voting = members_at(reference->height);
  const Member* const member = voting.find(reference->sender);
  if (member == nullptr) return;
  const auto position = static_cast<uint32_t>(member - voting.members.data());
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

void ChainEngine::count_checkpoint(const CheckpointEntry& entry, const Digest& root) {
  // Votes beyond the quorum come as well; there is no use for another certificate.
  if (entry.height <= proven_.height) return;
  const Membership& voting = members_at(entry.height);
  const VoteTable& votes = entry.votes;
  const auto agrees = [&](uint32_t i) {
    return votes.messages[i] && votes.verified.contains(i) && votes.messages[i]->digest == root;
  };
  uint64_t weight = 0;
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    if (agrees(i)) weight += voting.members[i].weight;
  }
  if (weight < ByzantineQuorum(voting).quorum() && !is_checkpoint_unproven()) return;
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = Statement{config_.chain, entry.epoch,  protocol_, kCheckpointStatement,
                                     View(0),       entry.height, root,      voting.version};
  for (uint32_t i = 0; i < votes.messages.size(); ++i) {
    if (!agrees(i)) continue;
    certificate->signers.push_back(votes.messages[i]->sender);
    certificate->signatures.push_back(votes.messages[i]);
  }
  adopt_checkpoint(
      Checkpoint{entry.height, root, entry.epoch, CertificateRef(std::move(certificate))});
}

// A quorum has this state, even if this replica is not there yet.
void ChainEngine::adopt_checkpoint(const Checkpoint& checkpoint) {
  if (checkpoint.height <= proven_.height) return;
  proven_ = checkpoint;
  dirty_ = true;
  on_checkpoint_proven();
  make_stable_if_reached();
  ask_soon();
}

void ChainEngine::sign_checkpoint() {
  const Membership& voting = members_at(executed_);
  const Member* const own = voting.find(config_.self);
  if (own == nullptr || own->weight == 0) return;
  Ref<Message> draft = new_message(static_cast<uint8_t>(CommonType::kCheckpoint), Lane::kVote);
  draft->epoch = voting.epoch;
  draft->version = voting.version;
  draft->view = View(0);
  draft->height = executed_;
  draft->digest = executed_root_;
  request_signature(std::move(draft), committed_ticket(executed_));
}

// What makes the block at `height` durable; nothing to wait for if a restart found it.
Ticket ChainEngine::committed_ticket(Height height) const {
  for (const CommittedTicket& committed : committed_tickets_) {
    if (committed.height == height) return committed.ticket;
  }
  return {};
}

void ChainEngine::make_stable_if_reached() {
  if (proven_.height <= stable_.height || executed_ < proven_.height) return;
  if (executed_ == proven_.height && executed_root_ != proven_.state_root) {
    // A quorum executed the same blocks to another state: this replica's machine is broken.
    return stop(true);
  }
  make_stable();
}

void ChainEngine::make_stable() {
  stable_ = proven_;
  ++counters_.checkpoints;
  sink_->emit(effect::CheckpointStable{stable_});
  drop_unretained();
  truncate_log();
}

// What is still needed first: the payloads ordered last, how the memberships came about, and what
// binds the protocol. Blocks committed above the checkpoint stay where they are.
void ChainEngine::truncate_log() {
  // Software that the state has outdated writes nothing more: what it has written stays for newer
  // software to go on from.
  if (stopped_) return;
  Ticket before = persist(make_window_record(ordered_));
  for (const EpochStart& start : epochs_) {
    if (start.change.block) {
      epochs_ticket_ = persist(make_epoch_record(start.change.certificate, start.change.block));
    }
  }
  rewrite_log();
  before = std::min(before, needed_from());
  std::erase_if(committed_tickets_, [&](const CommittedTicket& committed) {
    return committed.height <= stable_.height;
  });
  for (const CommittedTicket& committed : committed_tickets_) {
    before = std::min(before, committed.needed);
  }
  // This replica has promised to keep them.
  batches_.for_each([&](const HeldBatch& held) {
    if (held.ticket != Ticket()) before = std::min(before, held.ticket);
  });
  sink_->emit(effect::Truncate{before, last_ticket_});
}

}  // namespace govchain::consensus::chain
