#include "consensus/pbft/mutant.h"

#include <array>

namespace govchain::consensus::pbft {

std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      MutantDescription{Mutant::kVoteNotPersisted, "pbft-vote-not-persisted",
                        "what a replica has accepted in a view is kept in memory only: after a "
                        "crash it votes for another block"},
      MutantDescription{Mutant::kSentBeforeDurable, "pbft-sent-before-durable",
                        "votes leave before the log has them: a crash between makes the replica "
                        "contradict itself"},
      MutantDescription{Mutant::kQuorumTooSmall, "pbft-quorum-too-small",
                        "2f votes count as a quorum, so that two quorums may share faulty "
                        "replicas only"},
      MutantDescription{Mutant::kNewViewUnchecked, "pbft-new-view-unchecked",
                        "a new view is entered on the word of its primary, with whatever "
                        "view-change messages f+1 sent"},
      MutantDescription{Mutant::kPreparedProofDropped, "pbft-prepared-proof-dropped",
                        "view-change messages do not tell what was prepared, so that a new view "
                        "may order other blocks at committed heights"},
      MutantDescription{Mutant::kCheckpointUnproven, "pbft-checkpoint-unproven",
                        "one replica's checkpoint counts as stable without its quorum"},
      MutantDescription{Mutant::kStaleViewAccepted, "pbft-stale-view-accepted",
                        "a replica that has asked for a new view goes on voting in the old one"},
      MutantDescription{Mutant::kLockLostAfterRecovery, "pbft-lock-lost-after-recovery",
                        "prepared certificates are not read back after a crash"},
      MutantDescription{Mutant::kDuplicateNotSuppressed, "pbft-duplicate-not-suppressed",
                        "a committed payload that is passed on again is ordered again, and nobody "
                        "refuses the block"},
      MutantDescription{Mutant::kHonestBlamed, "pbft-honest-blamed",
                        "votes for different blocks in different views are taken for "
                        "equivocation"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::pbft
