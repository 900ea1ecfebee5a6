#pragma once
// Planted bugs, to prove that the checkers find them. The production archive has none: planted() is
// constexpr false there and every branch on it disappears.

#include <cstdint>
#include <span>

#include "consensus/mutant_description.h"

namespace govchain::consensus::tendermint {

enum class Mutant : uint8_t {
  kNone = 0,
  kVoteNotPersisted,
  kSentBeforeDurable,
  kQuorumTooSmall,
  kLockIgnored,
  kValidRoundUnchecked,
  kPrecommitWithoutPolka,
  kLockLostAfterRecovery,
  kProposalForgotten,
  kDuplicateNotSuppressed,
  kHonestBlamed,
  kAcknowledgedBeforeDurable,
  kUnknownVersionFollowed,
};

// The broken engines that a campaign must catch, in the order of the enumeration.
[[nodiscard]] std::span<const MutantDescription> mutant_catalogue();

#ifdef GOVCHAIN_MUTANTS
// Of this process; set before engines are made.
inline Mutant planted_mutant = Mutant::kNone;
inline void plant(uint8_t mutant) { planted_mutant = static_cast<Mutant>(mutant); }
[[nodiscard]] inline bool planted(Mutant mutant) { return planted_mutant == mutant; }
#else
inline void plant(uint8_t /*mutant*/) {}
[[nodiscard]] constexpr bool planted(Mutant /*mutant*/) { return false; }
#endif

}  // namespace govchain::consensus::tendermint
