#pragma once
// What PBFT's messages are to a checker or an adversary.

#include <cstdint>

namespace govchain::sim {

enum class PbftRole : uint8_t {
  kOther,
  kProposal,    // pre-prepare: binds its sender to a block at (view, height)
  kPrepare,     // vote of the first phase
  kCommit,      // vote of the second phase
  kCheckpoint,  // vote for a state
  kViewChange,  // leaves all views below its own
  kNewView,
};

[[nodiscard]] PbftRole pbft_role(uint8_t type);

}  // namespace govchain::sim
