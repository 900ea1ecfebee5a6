#include "sim/checkers/memory.h"

#include <algorithm>

namespace govchain::sim {

Bytes MemoryRule::limit(const ChainSpec& chain) {
  const consensus::EngineConfig& engine = chain.engine;
  // Blocks are held while they are in flight, until the next checkpoints make them old, and again
  // by peers that catch up.
  const uint64_t window = 4 * (engine.checkpoint_interval + engine.max_in_flight) + 16;
  const uint64_t per_block = engine.max_block_bytes.count() + 8'192 +
                             512 * uint64_t{engine.max_block_transactions} +
                             256 * uint64_t{chain.replicas.size()};
  const uint64_t per_member = 4U << 20U;
  const uint64_t fixed = 64U << 20U;  // tables of committed digests among them
  return Bytes(2 * engine.mempool_limit.count() + window * per_block +
               per_member * chain.replicas.size() + fixed);
}

void MemoryRule::sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine) {
  if (reported_[context_.row(who)]) return;
  const Bytes held = engine.memory();
  const Bytes allowed = limit(context_.chain(who.chain));
  if (held <= allowed) return;
  reported_[context_.row(who)] = true;
  context_.report("memory", who, now,
                  "the engine holds " + std::to_string(held.count()) + " bytes of " +
                      std::to_string(allowed.count()));
}

}  // namespace govchain::sim
