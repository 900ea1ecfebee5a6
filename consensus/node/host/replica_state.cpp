// Execution, answers, snapshots and state transfer of a replica.

#include <algorithm>
#include <utility>

#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

void Replica::executed(Height height, const Digest& state_root, std::vector<Receipt> receipts) {
  executed_height_ = height;
  inputs_.emplace_back(input::Executed{height, state_root});
  outcomes_.push_back(Outcome{height, std::move(receipts)});
  answer();
  answer_reads();
}

// Clients hear of a block once it is final, durable and executed here.
void Replica::answer() {
  while (!released_.empty() && !outcomes_.empty()) {
    const Height final = released_.front().block->height;
    const Height executed = outcomes_.front().height;
    if (executed == final) listener_.on_final(released_.front(), outcomes_.front().receipts);
    if (executed <= final) outcomes_.pop_front();
    if (final <= executed) released_.pop_front();
  }
}

// A read is answered once the state has got as far as the engine said. One that rests on a lease is
// looked at again then: if the lease has passed meanwhile, the engine is asked anew.
void Replica::answer_reads() {
  std::erase_if(waiting_reads_, [this](const effect::ReadReady& read) {
    if (read.height > executed_height_) return false;
    if (read.valid_until != TimePoint::max() && now() >= read.valid_until) {
      inputs_.emplace_back(input::ReadRequested{read.token});
    } else {
      listener_.on_read_ready(read.token, read.height);
    }
    return true;
  });
}

void Replica::take_state_word(ReplicaId from, StateWord word) {
  if (word.request) return serve_state(from, *word.request);
  pursue(fetch_.on_part(from, std::move(*word.part), now()));
}

// Read on the snapshot thread, sent from there: the loop has nothing to decide about it.
void Replica::serve_state(ReplicaId to, const StateRequest& request) {
  snapshot_thread_->read_part(request.height, request.offset, parts_.fetch.part_bytes,
                              [this, to, request](Result<SnapshotFolder::Part> found) {
                                StatePart part{request.height, request.offset, 0, {}};
                                if (found) {
                                  part.total = found->size;
                                  part.bytes = std::move(found->bytes);
                                }
                                // Who gets nothing asks another peer after a while.
                                (void)transport_->send_bulk(to, encode(part));
                              });
}

void Replica::pursue(StateFetch::Progress progress) {
  for (const StateFetch::Ask& ask : progress.asks) {
    (void)transport_->send_bulk(ask.peer, encode(ask.request));
  }
  if (progress.complete) execution_->check(fetch_.checkpoint(), fetch_.take());
  if (progress.failed) {
    inputs_.emplace_back(input::SnapshotFetched{fetch_.checkpoint().height, false});
  }
}

void Replica::note_connection(ReplicaId peer, bool up) {
  if (up) {
    connected_.insert(peer);
  } else {
    connected_.erase(peer);
    pursue(fetch_.on_down(peer, now()));
  }
}

void Replica::installed(const Checkpoint& checkpoint) {
  executed_height_ = checkpoint.height;
  checkpoint_height_ = std::max(checkpoint_height_, checkpoint.height);
  state_due_.reset();
  snapshot_thread_->release_below(checkpoint.height);
  // Those that were executed here before are answered as any other, once they are durable.
  const Height known = outcomes_.empty() ? Height() : outcomes_.back().height;
  std::erase_if(released_, [&](const StoredBlock& stored) {
    return stored.block->height > known && stored.block->height <= checkpoint.height;
  });
  listener_.on_overtaken(checkpoint.height);
  inputs_.emplace_back(input::SnapshotInstalled{checkpoint.height, checkpoint.state_root});
  answer_reads();
}

// A crash may take back a checkpoint that the store has and has not synced, and other blocks may
// then come to stand below it; so its state is written only after that.
void Replica::allow_due_state() {
  if (!state_due_ || checkpoint_height_ < *state_due_) return;
  state_due_.reset();
  commands_.emplace_back(
      WhenStored{[this, durable = checkpoint_height_] { snapshot_thread_->allow(durable); }});
}

// What lies below the written state is not needed to start again, and blocks are kept for lagging
// peers as long as the configuration says.
void Replica::drop_blocks_below(Height state) {
  if (parts_.archive) return;
  const uint64_t retained = parts_.engine.retained_blocks;
  if (state.value() > retained) {
    commands_.emplace_back(PruneBlocks{Height(state.value() - retained)});
  }
}

}  // namespace govchain::consensus::node
