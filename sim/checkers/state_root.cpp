#include "sim/checkers/state_root.h"

namespace govchain::sim {

void StateRootRule::root(ReplicaAddress who, TimePoint now, consensus::Height height,
                         const consensus::Digest& root, const char* how) {
  Entry* entry = chains_[who.chain].slot(height);
  if (entry == nullptr) return;
  if (!entry->known) {
    *entry = {root, true, who.replica};
    return;
  }
  if (entry->root == root) return;
  context_.report("state-root", who, now,
                  std::string(how) + " root " + short_hex(root) + " at height " +
                      std::to_string(height.value()) + ", but replica " +
                      std::to_string(entry->first) + " had " + short_hex(entry->root));
}

}  // namespace govchain::sim
