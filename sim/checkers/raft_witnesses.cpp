#include "sim/checkers/raft_witnesses.h"

#include <algorithm>

#include "consensus/fault_model.h"
#include "consensus/raft/records.h"

namespace govchain::sim {

using consensus::Height;
using consensus::Ticket;

void RaftWitnessRule::begin(std::span<const consensus::Membership> genesis) {
  chains_.assign(context_.chains(), {});
  replicas_.assign(context_.rows(), {});
  for (ChainIndex i = 0; i < chains_.size(); ++i) {
    chains_[i].genesis = genesis[i];
    uint64_t total = 0;
    uint64_t full = 0;
    for (const consensus::Member& member : genesis[i].members) {
      total += member.weight;
      full += member.signing_weight();
    }
    if (full == total) continue;
    chains_[i].needed = full - consensus::tolerated_faults(consensus::FaultModel::kCrash, total);
  }
}

void RaftWitnessRule::persist(ReplicaAddress who, TimePoint now, Ticket ticket,
                              const consensus::LogRecord& record) {
  if (!judged(who)) return;
  consensus::BlockRef block = record.block;
  const bool by_digest = !block && consensus::raft::is_of_witness(record);
  if (by_digest) {
    block = consensus::raft::read_witness_entry(context_.chain(who.chain).engine.hash, record);
  }
  if (!block || block->height == Height()) return;
  if (!block->control.empty()) {
    chains_[who.chain].needed = 0;  // other members, other weights
    return;
  }
  if (by_digest) {
    judge(who, now, *block);
    return;
  }
  Replica& replica = replicas_[context_.row(who)];
  if (replica.entries.empty()) replica.entries.resize(kHeights);
  replica.entries[block->height.value() % kHeights] = {block->height, block->view, ticket};
  replica.last = block->height;
  replica.last_term = block->view;
}

void RaftWitnessRule::durable(ReplicaAddress who, Ticket ticket) {
  Ticket& durable = replicas_[context_.row(who)].durable;
  durable = std::max(durable, ticket);
}

void RaftWitnessRule::covered(ReplicaAddress who, Height height) {
  Height& covered = replicas_[context_.row(who)].covered;
  covered = std::max(covered, height);
}

void RaftWitnessRule::restart(ReplicaAddress who, const consensus::RecoveredState& state) {
  if (!judged(who)) return;
  Replica& replica = replicas_[context_.row(who)];
  replica.durable = state.last_ticket;
  covered(who, state.executed_height);
  for (const consensus::StoredBlock& stored : state.blocks) covered(who, stored.block->height);
  // What the crash took was not durable.
  for (Entry& entry : replica.entries) {
    if (entry.ticket > state.last_ticket) entry = {};
  }
}

bool RaftWitnessRule::has(const Replica& replica, const consensus::Block& block) {
  // A log of a later term is as good: it replaced what it had, and can be voted for by the witness.
  if (block.height <= replica.covered || block.view < replica.last_term) return true;
  if (replica.entries.empty() || block.height > replica.last) return false;
  const Entry& entry = replica.entries[block.height.value() % kHeights];
  return entry.height == block.height && entry.term == block.view &&
         entry.ticket <= replica.durable;
}

void RaftWitnessRule::judge(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  const Chain& chain = chains_[who.chain];
  uint64_t copies = 0;
  for (const consensus::Member& member : chain.genesis.members) {
    const ReplicaAddress other{who.chain, member.id.value()};
    if (has(replicas_[context_.row(other)], block)) copies += member.signing_weight();
  }
  if (copies >= chain.needed) return;
  context_.report("witness-copies", who, now,
                  "knows of height " + std::to_string(block.height.value()) + " of term " +
                      std::to_string(block.view.value()) + ", of which full voters of weight " +
                      std::to_string(copies) + " have a copy, not " + std::to_string(chain.needed));
}

}  // namespace govchain::sim
