#include "consensus/raft/mutant.h"

#include <array>

namespace govchain::consensus::raft {

std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      MutantDescription{Mutant::kVoteNotPersisted, "raft-vote-not-persisted",
                        "the vote of a term is kept in memory only: after a crash the replica "
                        "votes again in the same term"},
      MutantDescription{Mutant::kTermNotPersisted, "raft-term-not-persisted",
                        "neither term nor vote is written: after a crash the replica is back in "
                        "an old term"},
      MutantDescription{Mutant::kCommitOfEarlierTerm, "raft-commit-of-earlier-term",
                        "a leader commits an entry of an earlier term by counting replicas "
                        "(paper, figure 8)"},
      MutantDescription{Mutant::kAcknowledgeBeforeDurable, "raft-acknowledge-before-durable",
                        "a follower acknowledges an append before it is on disk"},
      MutantDescription{Mutant::kStaleTermAccepted, "raft-stale-term-accepted",
                        "a follower takes appends from the leader of an earlier term"},
      MutantDescription{Mutant::kLogCheckDropped, "raft-log-check-dropped",
                        "a vote is given to a candidate whose log is behind"},
      MutantDescription{Mutant::kTruncationBeyondCommit, "raft-truncation-beyond-commit",
                        "any append cuts off the log behind it, as if it always conflicted, and "
                        "the acknowledgement still names the old end"},
      MutantDescription{Mutant::kJointQuorumUsesNewMajority, "raft-joint-uses-new-majority",
                        "in a joint configuration the majority of the new half suffices"},
      MutantDescription{Mutant::kCommitBeyondVerified, "raft-commit-beyond-verified",
                        "a follower takes the leader's commit index for entries that it has not "
                        "compared with the leader's"},
      MutantDescription{Mutant::kReadWithoutConfirmation, "raft-read-without-confirmation",
                        "a leader answers reads without asking a majority whether it still leads"},
      MutantDescription{Mutant::kPreviousTermNotCompared, "raft-previous-term-not-compared",
                        "a follower appends without comparing the term of the entry before"},
      MutantDescription{Mutant::kDuplicateNotSuppressed, "raft-duplicate-not-suppressed",
                        "a leader orders a payload again that a follower passed on twice"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::raft
