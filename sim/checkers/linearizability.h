#pragma once
// Whether a history of reads and writes of one register is linearizable (Herlihy & Wing,
// "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 1990): whether every
// operation can be given a moment between its call and its return so that each read returns what
// was written last. Linearizability is local (§3.3): a store is linearizable if each of its
// registers is.

#include <cstdint>
#include <optional>
#include <vector>

namespace govchain::sim {

struct RegisterOperation {
  enum class Kind : uint8_t { kRead, kWrite };
  Kind kind = Kind::kRead;
  uint64_t value = 0;  // written or returned; 0 is what a register holds before any write
  uint64_t called = 0;
  // Nullopt: no answer, so it may have happened at any time since its call, or never. Reads without
  // an answer say nothing and are left out by whoever makes the history.
  std::optional<uint64_t> returned;
};

enum class Linearizability : uint8_t { kLinearizable, kViolated, kUndecided };

// Times are those of any one clock; two equal ones count as concurrent. Undecided only if more than
// `max_states` partial orders had to be looked at.
[[nodiscard]] Linearizability check_register(const std::vector<RegisterOperation>& history,
                                             uint64_t max_states = 1'000'000);

}  // namespace govchain::sim
