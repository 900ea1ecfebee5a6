#pragma once
// Whether what all clients saw fits one order of everything that happened, in which nothing comes
// before it was asked for or after it was answered: linearizability (Herlihy & Wing, TOPLAS 1990),
// of the whole ledger and not of single records.
//
// The chain proposes the order: a payload stands at the height of its block, a read at the height
// of the state that it was answered from. So the proposal has only to be checked, which takes
// n log n, where finding one is NP-complete (Gibbons & Korach, "Testing Shared Memories", SIAM J.
// Comput. 1997). Since replicas themselves say the heights, single registers are checked without
// them, too: whether a transaction was executed is written once and read often.

#include <cstdint>
#include <vector>

#include "analysis/live/chain_check.h"
#include "analysis/live/load_records.h"
#include "sim/world_result.h"

namespace govchain::analysis::live {

struct HistoryChecked {
  uint64_t operations = 0;  // payloads and reads with their heights
  uint64_t reads = 0;       // compared with the chain
  uint64_t registers = 0;   // transactions that were read
};

// Rules: "real-time order" (who asked after another's answer saw less, or was ordered before it),
// "read" (the transaction is not in the state that ought to have it, or the other way round),
// "linearizability" (of a register).
void check_history(const LoadRecords& records, const std::vector<ReplicaChain>& chains,
                   HistoryChecked& done, std::vector<sim::Violation>& violations);

}  // namespace govchain::analysis::live
