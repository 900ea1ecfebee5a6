#include "sim/checkers/exactly_once.h"

#include <limits>

namespace govchain::sim {

void ExactlyOnceRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  Chain& chain = chains_[who.chain];
  if (block.height <= chain.judged) return;
  chain.judged = block.height;
  // PBFT reads the digests back from the blocks that it retains when it restarts; what is older is
  // for the ledger to refuse (consensus/engine.h). Raft keeps them with its snapshots.
  const ChainSpec& spec = context_.chain(who.chain);
  const uint64_t window = spec.protocol == consensus::Protocol::kPbft
                              ? spec.engine.retained_blocks
                              : std::numeric_limits<uint64_t>::max();
  for (const consensus::PayloadRef& payload : block.payloads) {
    if (const auto earlier = chain.index.find(payload->digest)) {
      if (block.height.value() - *earlier > window) continue;
      context_.report("exactly-once", who, now,
                      "payload " + short_hex(payload->digest) + " committed again at height " +
                          std::to_string(block.height.value()));
      continue;
    }
    if (chain.ring.size() < kPayloads) {
      chain.ring.push_back(payload->digest);
    } else {
      consensus::Digest& oldest = chain.ring[chain.next++ % kPayloads];
      chain.index.erase(oldest);
      oldest = payload->digest;
    }
    chain.index.insert(payload->digest, static_cast<uint32_t>(block.height.value()));
  }
}

}  // namespace govchain::sim
