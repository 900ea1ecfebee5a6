#include "sim/checkers/exactly_once.h"

namespace govchain::sim {

void ExactlyOnceRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  Chain& chain = chains_[who.chain];
  if (block.height <= chain.judged) return;
  chain.judged = block.height;
  for (const consensus::PayloadRef& payload : block.payloads) {
    if (chain.index.find(payload->digest)) {
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
    chain.index.insert(payload->digest, 0);
  }
}

}  // namespace govchain::sim
