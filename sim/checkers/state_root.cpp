#include "sim/checkers/state_root.h"

namespace govchain::sim {

using consensus::Digest;
using consensus::Height;

void StateRootRule::executed(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                             const Digest& root) {
  Entry* entry = chains_[who.chain].slot(block.height);
  if (entry == nullptr) return;
  if (entry->known && (entry->block == block.digest || entry->block.is_zero())) {
    compare(who, now, block.height, *entry, root, "executed to");
    entry->block = block.digest;
    return;
  }
  *entry = {block.digest, root, true, who.replica};
}

void StateRootRule::claimed(ReplicaAddress who, TimePoint now, Height height, const Digest& root,
                            const char* how) {
  Entry* entry = chains_[who.chain].slot(height);
  if (entry == nullptr) return;
  if (entry->known) {
    compare(who, now, height, *entry, root, how);
    return;
  }
  *entry = {Digest{}, root, true, who.replica};
}

void StateRootRule::compare(ReplicaAddress who, TimePoint now, Height height, const Entry& entry,
                            const Digest& root, const char* how) {
  if (entry.root == root) return;
  context_.report("state-root", who, now,
                  std::string(how) + " root " + short_hex(root) + " at height " +
                      std::to_string(height.value()) + ", but replica " +
                      std::to_string(entry.first) + " had " + short_hex(entry.root));
}

}  // namespace govchain::sim
