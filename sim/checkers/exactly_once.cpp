#include "sim/checkers/exactly_once.h"

#include <limits>

namespace govchain::sim {

void ExactlyOnceRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  Chain& chain = chains_[who.chain];
  if (block.height <= chain.judged) return;
  chain.judged = block.height;
  // A restarted engine that knows only the digests in the blocks that it retains may order older
  // ones again; they are for the ledger to refuse (consensus/engine.h).
  const bool forgets =
      context_.traits(who.chain).payload_memory == consensus::PayloadMemory::kRetainedBlocks;
  const uint64_t window = forgets ? context_.chain(who.chain).engine.retained_blocks
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
