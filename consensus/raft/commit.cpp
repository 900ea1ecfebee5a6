// What is durable, committed and executed.

#include <algorithm>
#include <functional>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

// Our own acknowledgement: entries whose records are durable (dissertation §10.2.1: the leader
// writes while the followers do, and counts itself when its own write is done).
void RaftEngine::advance_durable() {
  while (durable_height_ < log_.last() &&
         log_.ticket_at(durable_height_.next()) <= durable_ticket_) {
    ++durable_height_;
  }
  if (is_leader()) {
    commit_by_counting();
  }
  execute_committed();
  make_stable();
}

// For mutants: as if there were one voter less to ask, or only the half of them that comes.
template <typename Acknowledged>
uint64_t RaftEngine::count_short(const Acknowledged& acknowledged) const {
  if (planted(Mutant::kJointHalfCounted)) {
    return configurations_.latest().quorum.incoming().committed(acknowledged);
  }
  const Membership& members = configurations_.latest().target;
  std::vector<std::pair<uint64_t, uint64_t>> standings;  // index and weight
  uint64_t total = 0;
  for (const NodeId voter : configuration().incoming) {
    const Member* member = members.find(replica_id(voter));
    standings.emplace_back(acknowledged(voter).value_or(0), member->weight);
    total += member->weight;
  }
  std::sort(standings.begin(), standings.end(), std::greater<>());
  uint64_t weight = 0;
  for (const auto& [index, share] : standings) {
    weight += share;
    if (weight >= std::max<uint64_t>(total / 2, 1)) return index;
  }
  return 0;
}

std::optional<uint64_t> RaftEngine::acknowledged_by(NodeId node) const {
  if (node == self_node()) return durable_height_.value();
  const Progress* progress = progress_.find(node);
  if (progress == nullptr) return std::nullopt;
  return progress->match;
}

void RaftEngine::commit_by_counting() {
  const auto acknowledged = [this](NodeId node) { return acknowledged_by(node); };
  uint64_t counted = planted(Mutant::kQuorumOffByOne) || planted(Mutant::kJointHalfCounted)
                         ? count_short(acknowledged)
                         : configurations_.latest().quorum.committed(acknowledged);
  if (has_witnesses_) counted = std::min(counted, count_copies());
  advance_commit(Height(std::min(counted, log_.last().value())));
  if (has_witnesses_ && is_leader()) feed_witnesses();
}

void RaftEngine::advance_commit(Height reached) {
  if (reached <= commit_) return;
  // §5.4.2: only entries of our own term are committed by counting; earlier ones with them.
  if (log_.term_at(reached) != term_ && !planted(Mutant::kEarlierTermCommitted)) return;
  commit_to(reached);
  if (!is_leader()) return;
  settle_reads();
  propose_if_due();
  announce_commit();
  try_reconfigure();
}

void RaftEngine::commit_to(Height height) {
  if (witness_) {
    commit_as_witness(height);
    return;
  }
  GOVCHAIN_ASSERT(height <= log_.last() || height <= commit_);
  while (commit_ < height) {
    const Height next = commit_.next();
    const BlockRef block = log_.block_at(next);
    GOVCHAIN_ASSERT(static_cast<bool>(block));
    ++commit_;
    if (next > emitted_) {
      emitted_ = next;
      sink_->emit(effect::Commit{block, CertificateRef(), log_.ticket_at(next)});
      ++counters_.committed_blocks;
    }
    note_committed(block);
    if (!block->control.empty()) on_configuration_committed(next);
    if (stopped_) return;
  }
  settle_pending();
  execute_committed();
}

void RaftEngine::note_committed(const BlockRef& block) {
  mempool_.commit(*block);
  unindex(*block);
  last_block_time_ = std::max(last_block_time_, block->wall_time);
}

// A block is executed when it is committed and also durable here, so that no state ever knows more
// than the log beside it.
void RaftEngine::execute_committed() {
  if (witness_) return;
  const Height limit = std::min(commit_, durable_height_);
  while (execute_sent_ < limit) {
    const BlockRef block = log_.block_at(execute_sent_.next());
    GOVCHAIN_ASSERT(static_cast<bool>(block));
    ++execute_sent_;
    const bool snapshot = execute_sent_.value() % config_.checkpoint_interval == 0;
    sink_->emit(effect::Execute{block, snapshot});
  }
}

}  // namespace govchain::consensus::raft
