#include "sim/checkers/progress.h"

#include <algorithm>

namespace govchain::sim {

void ProgressRule::pulse(const ChainPulse& pulse) {
  if (bound_ <= Duration::zero()) return;
  Chain& chain = chains_[pulse.chain];
  if (pulse.committed_blocks > chain.blocks) {
    chain.blocks = pulse.committed_blocks;
    chain.last_block = pulse.now;
  }
  if (pulse.quorum_up && !chain.quorum_up) chain.quorum_since = pulse.now;
  chain.quorum_up = pulse.quorum_up;
  const bool waiting = pulse.waiting > 0;
  if (waiting && pulse.oldest_waiting != chain.oldest_waiting) {
    chain.oldest_waiting = pulse.oldest_waiting;
    chain.blocks_at_oldest = pulse.committed_blocks;
  }
  if (!waiting || !pulse.quorum_up || chain.reported) return;
  const TimePoint start = std::max({pulse.calm_since, pulse.oldest_waiting, chain.quorum_since});
  if (start > pulse.now) return;
  if (pulse.now - std::max(start, chain.last_block) > bound_) {
    context_.report("progress", pulse.chain, pulse.now,
                    std::to_string(pulse.waiting) + " transactions wait, the oldest since " +
                        std::to_string(pulse.oldest_waiting.since_start().to_seconds()) +
                        " s; no block since " +
                        std::to_string(chain.last_block.since_start().to_seconds()) +
                        " s, no fault since " +
                        std::to_string(pulse.calm_since.since_start().to_seconds()) + " s");
    chain.reported = true;
    return;
  }
  const bool fits_one_block =
      pulse.waiting <= context_.chain(pulse.chain).engine.max_block_transactions;
  if (fits_one_block && pulse.now - start > bound_ * kStarvationBounds &&
      pulse.committed_blocks - chain.blocks_at_oldest >= kStarvationBlocks) {
    context_.report("progress", pulse.chain, pulse.now,
                    "a transaction waits since " +
                        std::to_string(pulse.oldest_waiting.since_start().to_seconds()) +
                        " s while other blocks are committed");
    chain.reported = true;
  }
}

}  // namespace govchain::sim
