// A replica that comes back: from its write-ahead log, the blocks in its store and its state.

#include <algorithm>
#include <utility>
#include <vector>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

// What the records say, in their order.
struct RaftEngine::Replayed {
  HardState hard_state;
  Ticket hard_state_ticket;
  BaseRecord base;  // the last one at or below the known end of the chain
  bool has_base = false;
  Ticket base_ticket;
  std::optional<View> executed_term;  // of the state's height, if a record says it
  struct Entry {
    BlockRef block;
    Ticket ticket;
  };
  std::vector<Entry> entries;  // consecutive heights
};

void RaftEngine::recover(RecoveredState recovered) {
  last_ticket_ = recovered.last_ticket;
  durable_ticket_ = recovered.last_ticket;
  executed_ = execute_sent_ = recovered.executed_height;
  executed_root_ = recovered.state_root;
  stable_ = proven_ = recovered.checkpoint;
  const Member* self = config_.genesis.find(config_.self);
  witness_ = (self != nullptr && self->is_witness()) ||
             std::any_of(recovered.records.begin(), recovered.records.end(),
                         [](const LogRecordRef& record) { return is_of_witness(*record); });
  if (witness_) {
    if (!recover_witness(recovered)) stop(true);
    return;
  }
  Replayed replayed;
  if (!replay(recovered, replayed) || !rebuild_log(recovered, replayed)) {
    stop(true);
    return;
  }
  // A term is durable before any entry of it: a log that says otherwise has lost records.
  if (replayed.hard_state.term < log_.last_term()) {
    stop(true);
    return;
  }
  term_ = replayed.hard_state.term;
  vote_ = replayed.hard_state.vote;
  saved_ = replayed.hard_state;
  hard_state_ticket_ = replayed.hard_state_ticket;
  base_ticket_ = replayed.base_ticket;
  finish_recovery(recovered.fresh);
}

void RaftEngine::finish_recovery(bool fresh) {
  durable_height_ = log_.last();
  verified_ = commit_;
  announced_commit_ = commit_;
  if (fresh) return;
  ++counters_.recoveries;
  sink_->emit(effect::Metric{MetricId::kRecovery, log_.last().value()});
}

bool RaftEngine::replay(const RecoveredState& recovered, Replayed& replayed) const {
  const Height reached =
      std::max(recovered.executed_height,
               recovered.blocks.empty() ? Height() : recovered.blocks.back().block->height);
  uint64_t ticket = recovered.last_ticket.value() - recovered.records.size();
  for (const LogRecordRef& record : recovered.records) {
    ++ticket;
    switch (static_cast<RecordType>(record->type)) {
      case RecordType::kHardState: {
        const std::optional<HardState> state = read_hard_state(*record);
        if (!state || state->term < replayed.hard_state.term) return false;
        replayed.hard_state = *state;
        replayed.hard_state_ticket = Ticket(ticket);
        break;
      }
      case RecordType::kEntry: {
        if (!record->block) return false;
        const Height height = record->block->height;
        std::vector<Replayed::Entry>& entries = replayed.entries;
        while (!entries.empty() && entries.back().block->height >= height) entries.pop_back();
        // A gap is what an installed snapshot leaves; the state must cover it.
        if (!entries.empty() && entries.back().block->height.next() != height) entries.clear();
        entries.push_back(Replayed::Entry{record->block, Ticket(ticket)});
        break;
      }
      case RecordType::kBase:
      case RecordType::kInstallation: {
        std::optional<BaseRecord> base = read_base(*record);
        if (!base) return false;
        if (base->height > reached) break;  // never installed, or its snapshot did not survive
        if (base->height == recovered.executed_height) replayed.executed_term = base->term;
        // A checkpoint below it became stable while the snapshot was being installed.
        if (replayed.has_base && base->height < replayed.base.height) break;
        if (static_cast<RecordType>(record->type) == RecordType::kInstallation &&
            base->height <= recovered.executed_height) {
          const bool agrees = std::any_of(
              replayed.entries.begin(), replayed.entries.end(), [&](const Replayed::Entry& entry) {
                return entry.block->height == base->height && entry.block->view == base->term;
              });
          if (!agrees) replayed.entries.clear();
        }
        replayed.base = std::move(*base);
        replayed.has_base = true;
        replayed.base_ticket = Ticket(ticket);
        break;
      }
      default:
        return false;
    }
  }
  return true;
}

bool RaftEngine::rebuild_log(const RecoveredState& recovered, const Replayed& replayed) {
  const Height executed = recovered.executed_height;
  Height start = executed;
  std::optional<View> start_term;
  if (start == Height()) start_term = View();
  if (replayed.has_base) {
    configurations_.reset(replayed.base.configuration);
    store_from_ = replayed.base.store_from;
    if (replayed.base.height <= executed) {
      start = replayed.base.height;
      start_term = replayed.base.term;
    }
  } else if (!replayed.entries.empty() && replayed.entries.front().block->height == Height(1)) {
    start = Height();
    start_term = View();
  }
  // Of a checkpoint whose successor is in the log already and not in the store: without its term it
  // could be given to nobody (snapshot_message()).
  if (!start_term) start_term = replayed.executed_term;
  log_.reset(start, start_term);
  const auto take = [this, &replayed](const BlockRef& block, Ticket ticket) {
    if (block->height <= log_.last()) return true;
    if (block->height != log_.last().next() || block->view < log_.last_term()) return false;
    index_uncommitted(*block);
    log_.append(block, ticket);
    last_block_time_ = std::max(last_block_time_, block->wall_time);
    const bool known = replayed.has_base && block->height <= replayed.base.height;
    return known || block->control.empty() || configurations_.append(block->height, block->control);
  };
  // Blocks of the store fill in where the records begin later or end earlier.
  size_t next_stored = 0;
  const auto take_stored = [&](Height below) {
    for (; next_stored < recovered.blocks.size(); ++next_stored) {
      const BlockRef& block = recovered.blocks[next_stored].block;
      if (block->height >= below) return true;
      if (!take(block, Ticket())) return false;
    }
    return true;
  };
  for (const Replayed::Entry& entry : replayed.entries) {
    if (!take_stored(entry.block->height)) return false;
    if (entry.block->height > start && !take(entry.block, entry.ticket)) return false;
  }
  if (!take_stored(Height(UINT64_MAX))) return false;
  plan_window(replayed);
  // A voter must know the last term of its log; without it the log is not whole.
  if (!log_.term_at(log_.last()) || log_.last() < executed) return false;
  const Height stored = recovered.blocks.empty() ? executed : recovered.blocks.back().block->height;
  commit_ = std::max({executed, stored, std::min(replayed.hard_state.commit, log_.last())});
  // Newer software may have gone further than this one can.
  if (const std::optional<Height> end = configurations_.end_of(config_.newest_version)) {
    if (!knows(configurations_.at(*end).members.version)) {
      commit_ = std::max(executed, std::min(commit_, *end));
    }
  }
  emitted_ = std::max(stored, executed);
  for (Height height = log_.base().next(); height <= commit_; ++height) {
    const BlockRef block = log_.block_at(height);
    note_committed(block);
    if (height > emitted_) {
      emitted_ = height;
      sink_->emit(effect::Commit{block, CertificateRef(), log_.ticket_at(height)});
      ++counters_.committed_blocks;
    }
  }
  return true;
}

// --- The window of committed payloads

void RaftEngine::plan_window(const Replayed& replayed) {
  const uint64_t base = log_.base().value();
  window_from_ = Height(base + 1);
  window_bottom_ = window_from_;
  if (base == 0) return;
  if (replayed.has_base) {
    mempool_.restore_committed(replayed.base.committed);
    window_from_ = std::min(window_from_, std::max(replayed.base.window_from, Height(1)));
  }
  const uint64_t retained = config_.retained_blocks;
  window_bottom_ =
      Height(std::max<uint64_t>({1, store_from_.value(), base > retained ? base - retained : 1}));
}

// Who leads must know what was ordered lately, or it orders it again. Blocks of our own store tell,
// newest chunk first, until half the window is full (what is committed meanwhile takes the rest).
// Nothing is proposed before that.
void RaftEngine::load_window() {
  const uint64_t high = window_from_.value() - 1;
  if (high < window_bottom_.value() || window_payloads_ >= kMaxWindowDigests / 2) {
    window_load_ = Token();
    propose_if_due();
    return;
  }
  const uint64_t low =
      high - window_bottom_.value() < kLoadBlocks ? window_bottom_.value() : high - kLoadBlocks + 1;
  window_chunk_ = Height(low);
  load_window_chunk(Height(low));
}

void RaftEngine::load_window_chunk(Height low) {
  window_low_ = low;
  window_load_ = new_token();
  const uint64_t count = window_from_.value() - low.value();
  sink_->emit(effect::Load{window_load_, low, static_cast<uint32_t>(count),
                           config_.max_block_bytes * kLoadBlocks});
}

void RaftEngine::on_window_loaded(const input::Loaded& input) {
  Height next = window_low_;
  for (const StoredBlock& stored : input.blocks) {
    if (!stored.block || stored.block->height != next || next >= window_from_) break;
    mempool_.commit(*stored.block);
    window_payloads_ += stored.block->payloads.size();
    ++next;
  }
  if (next == window_low_) {
    // The store has no more than this; followers that are further behind ask again later.
    window_load_ = Token();
    propose_if_due();
  } else if (next < window_from_) {
    load_window_chunk(next);
  } else {
    window_from_ = window_chunk_;
    load_window();
  }
}

}  // namespace govchain::consensus::raft
