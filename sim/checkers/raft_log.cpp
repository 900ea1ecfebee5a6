#include "sim/checkers/raft_log.h"

#include <algorithm>

#include "consensus/raft/messages.h"

namespace govchain::sim {

using consensus::Height;
using consensus::View;

void RaftLogRule::begin() {
  chains_.assign(context_.chains(), {});
  logs_.assign(context_.rows(), {});
  leads_.assign(context_.rows(), {});
}

void RaftLogRule::write(Log& log, const consensus::Block& block) {
  if (log.empty()) log.resize(kHeights);
  log[block.height.value() % kHeights] = {block.height, block.view, !block.control.empty()};
}

// The log is append-only: an entry replaces what was said of its height and of everything above.
void RaftLogRule::persist(ReplicaAddress who, TimePoint now, const consensus::LogRecord& record) {
  if (!record.block || context_.chain(who.chain).protocol != consensus::Protocol::kRaft) return;
  const consensus::Block& block = *record.block;
  if (block.height == Height()) return;
  Log& log = logs_[context_.row(who)];
  write(log, block);
  const Height below(block.height.value() - 1);
  const Entry before = log[below.value() % kHeights];
  if (below == Height() || before.height != below) return;  // a snapshot's, and not in the log
  Chain& chain = chains_[who.chain];
  if (chain.places.empty()) chain.places.resize(kHeights);
  Place& place = chain.places[block.height.value() % kHeights];
  if (place.height > block.height) return;
  if (place.height < block.height) {
    place.height = block.height;
    place.links.clear();
  }
  for (const Link& link : place.links) {
    if (link.term != block.view) continue;
    if (link.before == before.term) return;
    context_.report("log-matching", who, now,
                    "appends height " + std::to_string(block.height.value()) + " of term " +
                        std::to_string(block.view.value()) + " to an entry of term " +
                        std::to_string(before.term.value()) + ", but at replica " +
                        std::to_string(link.first) + " it follows one of term " +
                        std::to_string(link.before.value()));
    return;
  }
  place.links.push_back({block.view, before.term, who.replica});
}

// A leader's first entry of its term stands at the end of the log with which it was elected. While
// no later term is known, everything committed so far is of earlier terms and has to be below.
void RaftLogRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  using consensus::raft::MessageType;
  if (message.protocol != consensus::Protocol::kRaft) return;
  const auto type = static_cast<MessageType>(message.type);
  if (type == MessageType::kHeartbeat || type == MessageType::kCommitNotice) {
    announced(who, now, message.view, message.height);
    return;
  }
  consensus::raft::AppendBody body;
  const bool appends = type == MessageType::kAppend || type == MessageType::kAppendNames;
  if (!appends || !decode_body(message, body)) return;
  announced(who, now, message.view, body.commit);
  if (!message.block) return;
  Chain& chain = chains_[who.chain];
  if (message.view <= chain.newest_term || message.block->view != message.view) return;
  chain.newest_term = message.view;
  if (message.block->height > chain.committed) return;
  context_.report("leader-completeness", who, now,
                  "leads term " + std::to_string(message.view.value()) + " from height " +
                      std::to_string(message.block->height.value()) + ", but " +
                      std::to_string(chain.committed.value()) + " was committed");
}

// What the leader knew as committed when it was elected is given; from then on it commits by
// counting, and an entry of an earlier term that many have may still be overwritten (figure 8).
void RaftLogRule::announced(ReplicaAddress who, TimePoint now, View term, Height commit) {
  Lead& lead = leads_[context_.row(who)];
  if (term < lead.term || (term == lead.term && commit <= lead.announced)) return;
  const bool counted = term == lead.term;
  lead = {term, commit};
  const Log& log = logs_[context_.row(who)];
  if (!counted || log.empty()) return;
  const Entry entry = log[commit.value() % kHeights];
  // A leader that a configuration leaves out announces it alone, on the way to an entry of its own
  // term.
  if (entry.height != commit || entry.term == term || entry.configures) return;
  context_.report("commit-own-term", who, now,
                  "commits height " + std::to_string(commit.value()) + " of term " +
                      std::to_string(entry.term.value()) + " by counting in term " +
                      std::to_string(term.value()));
}

void RaftLogRule::commit(ReplicaAddress who, const consensus::Block& block) {
  if (context_.chain(who.chain).protocol != consensus::Protocol::kRaft) return;
  Chain& chain = chains_[who.chain];
  chain.committed = std::max(chain.committed, block.height);
  chain.newest_term = std::max(chain.newest_term, block.view);
}

void RaftLogRule::snapshot_installed(ReplicaAddress who) { logs_[context_.row(who)].clear(); }

void RaftLogRule::restart(ReplicaAddress who, const consensus::RecoveredState& state) {
  Log& log = logs_[context_.row(who)];
  log.clear();
  if (context_.chain(who.chain).protocol != consensus::Protocol::kRaft) return;
  for (const consensus::LogRecordRef& record : state.records) {
    if (record->block) write(log, *record->block);
  }
}

}  // namespace govchain::sim
