#pragma once
// Rule "progress": once faults are over and a quorum is up, waiting transactions are ordered within
// the description's bound, and none is passed over for ever.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class ProgressRule {
 public:
  // A transaction that waits for several bounds while this many blocks pass, each of which could
  // have held all that waits, is starved and not merely queued.
  static constexpr uint64_t kStarvationBlocks = 64;
  static constexpr int64_t kStarvationBounds = 4;

  ProgressRule(CheckContext& context, Duration bound) : context_(context), bound_(bound) {}
  void begin() { chains_.assign(context_.chains(), {}); }
  void pulse(const ChainPulse& pulse);

 private:
  struct Chain {
    uint64_t blocks = 0;
    TimePoint last_block;
    TimePoint oldest_waiting;
    uint64_t blocks_at_oldest = 0;
    TimePoint quorum_since;
    bool quorum_up = false;
    bool reported = false;
  };
  CheckContext& context_;
  Duration bound_;
  std::vector<Chain> chains_;
};

}  // namespace govchain::sim
