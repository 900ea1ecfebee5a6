#pragma once
// Rule "memory": what an engine holds stays below what its configuration allows.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class MemoryRule {
 public:
  explicit MemoryRule(CheckContext& context) : context_(context) {}
  void begin() { reported_.assign(context_.rows(), false); }
  void sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine);
  // Mempool, the blocks that may be in flight or wait for a checkpoint, and bookkeeping per member.
  [[nodiscard]] static Bytes limit(const ChainSpec& chain);

 private:
  CheckContext& context_;
  std::vector<bool> reported_;
};

}  // namespace govchain::sim
