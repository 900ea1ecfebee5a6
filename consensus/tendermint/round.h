#pragma once
// Rounds of one height as the paper counts them: -1 is "none" (lockedRound, validRound), 0 the
// first.

#include <cstdint>

#include "consensus/types.h"

namespace govchain::consensus::tendermint {

using Round = int64_t;
inline constexpr Round kNoRound = -1;

// id(v) of the paper. The zero digest is nil.
using ValueId = Digest;

enum class VoteType : uint8_t { kPrevote, kPrecommit };
enum class Timeout : uint8_t { kPropose, kPrevote, kPrecommit };

[[nodiscard]] constexpr View view_of(Round round) {
  return View(round < 0 ? 0 : static_cast<uint64_t>(round));
}
[[nodiscard]] constexpr Round round_of(View view) { return static_cast<Round>(view.value()); }

}  // namespace govchain::consensus::tendermint
