#include "sim/checkers/prefix.h"

#include <algorithm>

namespace govchain::sim {

using consensus::Height;

void PrefixRule::executed(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  Replica& replica = replicas_[context_.row(who)];
  if (block.height != replica.executed.next()) {
    context_.report("order", who, now,
                    "executed height " + std::to_string(block.height.value()) + " after " +
                        std::to_string(replica.executed.value()));
  }
  replica.executed = block.height;
}

void PrefixRule::answered(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  Replica& replica = replicas_[context_.row(who)];
  if (block.height > replica.executed || block.height > agreement_.committed(who)) {
    context_.report("answer", who, now,
                    "answered clients about height " + std::to_string(block.height.value()) +
                        " with " + std::to_string(agreement_.committed(who).value()) +
                        " committed and " + std::to_string(replica.executed.value()) + " executed");
  }
  replica.answered = std::max(replica.answered, block.height);
}

void PrefixRule::snapshot_installed(ReplicaAddress who, Height height) {
  Replica& replica = replicas_[context_.row(who)];
  replica.executed = std::max(replica.executed, height);
}

void PrefixRule::restart(ReplicaAddress who, TimePoint now,
                         const consensus::RecoveredState& state) {
  Replica& replica = replicas_[context_.row(who)];
  replica.executed = state.executed_height;
  Height kept = state.executed_height;
  for (const consensus::StoredBlock& stored : state.blocks) {
    if (stored.block->height == kept.next()) kept = stored.block->height;
  }
  // A block that the log still holds is not lost: the engine commits it again.
  for (const consensus::LogRecordRef& record : state.records) {
    if (!record->block || record->block->height != kept.next()) continue;
    const consensus::Digest* agreed = agreement_.agreed(who.chain, record->block->height);
    if (agreed != nullptr && *agreed == record->block->digest) kept = record->block->height;
  }
  if (kept < replica.answered) {
    context_.report("durable-prefix", who, now,
                    "recovered up to height " + std::to_string(kept.value()) +
                        ", but had answered clients up to " +
                        std::to_string(replica.answered.value()));
  }
}

}  // namespace govchain::sim
