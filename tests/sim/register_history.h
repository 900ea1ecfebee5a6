#pragma once
// Histories of one register, for tests of their checker: drawn at random, judged by another
// algorithm, and spoilt.

#include <vector>

#include "sim/checkers/linearizability.h"
#include "sim/random.h"

namespace govchain::sim::test {

using History = std::vector<RegisterOperation>;

// Linearizable, with a moment drawn for each operation first. Every value is written once, no two
// times are equal, and some writes are not answered.
[[nodiscard]] History draw_history(RandomStream& random, uint64_t operations);

// The answer of another algorithm, for histories in which every value is written once and no two
// times are equal: Gibbons & Korach, "Testing Shared Memories", SIAM J. Comput. 1997. All
// operations of one value happen without any other in between, so each value has a zone, and zones
// say it all.
[[nodiscard]] bool is_linearizable_by_zones(const History& history);

// One random change: to what a read returned, or to when something was called or answered.
[[nodiscard]] History change_anything(History history, RandomStream& random);

// Changes after which no order explains the history, whatever else is in it. Every value must be
// written once.
enum class Spoiling : uint8_t {
  kOverwritten,   // a read returns what had been overwritten before it was called
  kNeverWritten,  // a read returns what nobody wrote
  kLostWrite,     // an answered write was never seen: its readers saw what was there before it
  kBackInTime,    // a read returns less than an earlier read, of a write that is not answered yet
  kBackAndForth,  // of three reads one after the other, the second returns something else
  kBeforeCalled,  // a read returns what was written after it had returned
};
inline constexpr Spoiling kSpoilings[] = {Spoiling::kOverwritten,  Spoiling::kNeverWritten,
                                          Spoiling::kLostWrite,    Spoiling::kBackInTime,
                                          Spoiling::kBackAndForth, Spoiling::kBeforeCalled};

// All places at which it can be spoilt in this way, up to `most` of them drawn at random.
[[nodiscard]] std::vector<History> spoil(const History& history, Spoiling how, size_t most,
                                         RandomStream& random);

}  // namespace govchain::sim::test
