#include "consensus/raft/mutant.h"

#include <array>

namespace govchain::consensus::raft {

std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      MutantDescription{Mutant::kTermNotPersisted, "raft-term-not-persisted",
                        "neither term nor vote is written: after a crash the replica is back in "
                        "an old term"},
      MutantDescription{Mutant::kVotedTwice, "raft-voted-twice",
                        "a replica votes for every candidate of a term, not for the first only"},
      MutantDescription{Mutant::kQuorumOffByOne, "raft-quorum-off-by-one",
                        "a leader commits with one acknowledgement less than a majority"},
      MutantDescription{Mutant::kAcknowledgeBeforeDurable, "raft-acknowledge-before-durable",
                        "a follower acknowledges an append before it is on disk"},
      MutantDescription{Mutant::kLogCheckDropped, "raft-log-check-dropped",
                        "a vote is given to a candidate whose log is behind"},
      MutantDescription{Mutant::kCommitBeyondVerified, "raft-commit-beyond-verified",
                        "a follower takes the leader's commit index for entries that it has not "
                        "compared with the leader's"},
      MutantDescription{Mutant::kReadWithoutConfirmation, "raft-read-without-confirmation",
                        "a leader answers reads without asking a majority whether it still leads"},
      MutantDescription{Mutant::kPreviousTermNotCompared, "raft-previous-term-not-compared",
                        "a follower appends without comparing the term of the entry before"},
      MutantDescription{Mutant::kDuplicateNotSuppressed, "raft-duplicate-not-suppressed",
                        "a leader orders a payload again that a follower passed on twice"},
      MutantDescription{Mutant::kCheckpointWithoutMajority, "raft-checkpoint-without-majority",
                        "a checkpoint is proven with one signature less than a majority"},
      MutantDescription{Mutant::kEarlierTermCommitted, "raft-earlier-term-committed",
                        "a leader commits entries of earlier terms by counting"},
      MutantDescription{Mutant::kJointHalfCounted, "raft-joint-half-counted",
                        "while a change of several voters is under way, the majority of the new "
                        "ones elects and commits alone"},
      MutantDescription{Mutant::kReadBeforeTermBegins, "raft-read-before-term-begins",
                        "a leader answers reads at its commit index before it has committed an "
                        "entry of its own term"},
      MutantDescription{Mutant::kSnapshotWithoutConfiguration,
                        "raft-snapshot-without-configuration",
                        "a follower that installs a snapshot goes on with the configuration that "
                        "it knew before"},
      MutantDescription{Mutant::kLeaseIgnoresDrift, "raft-lease-ignores-drift",
                        "a leader's lease for reads lasts a whole election timeout of its own "
                        "clock, as if all clocks ran alike (D §6.4.1)"},
      MutantDescription{Mutant::kLeaseKeptInTransfer, "raft-lease-kept-in-transfer",
                        "a leader that asked another to take over goes on to answer reads from "
                        "its lease"},
      MutantDescription{Mutant::kLeasePromiseForgotten, "raft-lease-promise-forgotten",
                        "a replica that restarts votes at once, whatever it promised a leader "
                        "before the crash"},
      MutantDescription{Mutant::kUnknownVersionFollowed, "raft-unknown-version-followed",
                        "software that is too old for the chain's rules goes on by those it knows "
                        "(what etcd's mustDetectDowngrade is there to prevent)"},
      MutantDescription{Mutant::kUpgradeUnasked, "raft-upgrade-unasked",
                        "a leader proposes new rules without knowing that a majority's software "
                        "can follow: the entry is never committed, and nothing behind it"},
      MutantDescription{Mutant::kElectionByHeads, "raft-election-by-heads",
                        "an election is won by most members, whatever they weigh, so that it may "
                        "miss a commit by weight (Gifford, \"Weighted Voting for Replicated "
                        "Data\", SOSP 1979)"},
      MutantDescription{Mutant::kWitnessBeforeCopies, "raft-witness-before-copies",
                        "a leader sends entries to witnesses as to everybody: one that only it and "
                        "a witness have keeps all others from being elected (braft, pull request "
                        "398)"},
      MutantDescription{Mutant::kWitnessVotesBlindly, "raft-witness-votes-blindly",
                        "a witness votes for whoever asks first, as if it had no log to compare "
                        "(an arbiter without a log, as in MongoDB)"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::raft
