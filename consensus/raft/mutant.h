#pragma once
// Planted bugs, to prove that the checkers find them. The production archive has none: planted() is
// constexpr false there and every branch on it disappears.

#include <cstdint>
#include <span>
#include <string_view>

namespace govchain::consensus::raft {

enum class Mutant : uint8_t {
  kNone = 0,
  kTermNotPersisted,
  kVotedTwice,
  kQuorumOffByOne,
  kAcknowledgeBeforeDurable,
  kLogCheckDropped,
  kCommitBeyondVerified,
  kReadWithoutConfirmation,
  kPreviousTermNotCompared,
  kDuplicateNotSuppressed,
  kCheckpointWithoutMajority,
  kEarlierTermCommitted,
  kJointHalfCounted,
  kReadBeforeTermBegins,
  kSnapshotWithoutConfiguration,
  kLeaseIgnoresDrift,
  kLeaseKeptInTransfer,
  kLeasePromiseForgotten,
};

struct MutantDescription {
  Mutant mutant;
  std::string_view name;         // what `fuzz --mutant` takes
  std::string_view description;  // what is broken, in a line
};

// The broken engines that a campaign must catch, in the order of the enumeration.
[[nodiscard]] std::span<const MutantDescription> mutant_catalogue();

#ifdef GOVCHAIN_MUTANTS
// Of this process; set before engines are made.
inline Mutant planted_mutant = Mutant::kNone;
[[nodiscard]] inline bool planted(Mutant mutant) { return planted_mutant == mutant; }
#else
[[nodiscard]] constexpr bool planted(Mutant /*mutant*/) { return false; }
#endif

}  // namespace govchain::consensus::raft
