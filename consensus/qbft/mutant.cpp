#include "consensus/qbft/mutant.h"

#include <array>

namespace govchain::consensus::qbft {

// Where each comes from stands in README.md.
std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      MutantDescription{Mutant::kVoteNotPersisted, "qbft-vote-not-persisted",
                        "what a replica has accepted in a round is kept in memory only: after a "
                        "crash it votes for another block"},
      MutantDescription{Mutant::kSentBeforeDurable, "qbft-sent-before-durable",
                        "votes leave before the log has them: a crash between makes the replica "
                        "contradict itself"},
      MutantDescription{Mutant::kPrepareQuorumTooSmall, "qbft-prepare-quorum-too-small",
                        "2f PREPAREs count as a quorum, so that two blocks may be prepared in one "
                        "round"},
      MutantDescription{Mutant::kRoundChangeQuorumTooSmall, "qbft-round-change-quorum-too-small",
                        "f+1 ROUND-CHANGEs justify a proposal, so that a committed block may be "
                        "missing in them"},
      MutantDescription{Mutant::kProposalUnjustified, "qbft-proposal-unjustified",
                        "the proposal of a round above 0 is accepted on the word of its leader"},
      MutantDescription{Mutant::kHighestPreparedIgnored, "qbft-highest-prepared-ignored",
                        "any prepared block among the ROUND-CHANGEs is proposed and accepted, not "
                        "the one of the highest round"},
      MutantDescription{Mutant::kPreparedClaimUnproven, "qbft-prepared-claim-unproven",
                        "what a ROUND-CHANGE says of prepared blocks is believed without the "
                        "PREPAREs"},
      MutantDescription{Mutant::kPreparedNotTold, "qbft-prepared-not-told",
                        "ROUND-CHANGEs do not tell what was prepared, so that another block is "
                        "proposed at a committed height"},
      MutantDescription{Mutant::kPreparedLostAfterRecovery, "qbft-prepared-lost-after-recovery",
                        "prepared certificates are not read back after a crash"},
      MutantDescription{Mutant::kRoundLostAfterRecovery, "qbft-round-lost-after-recovery",
                        "the round asked for is not read back after a crash: the replica votes in "
                        "rounds that it has left"},
      MutantDescription{Mutant::kCommitAfterRoundChange, "qbft-commit-after-round-change",
                        "a replica that has asked for the next round still commits in the one that "
                        "it has left"},
      MutantDescription{Mutant::kCheckpointUnproven, "qbft-checkpoint-unproven",
                        "one replica's checkpoint counts as stable without its quorum"},
      MutantDescription{Mutant::kDuplicateNotSuppressed, "qbft-duplicate-not-suppressed",
                        "a committed payload that is passed on again is ordered again, and nobody "
                        "refuses the block"},
      MutantDescription{Mutant::kHonestBlamed, "qbft-honest-blamed",
                        "votes for different blocks in different rounds are taken for "
                        "equivocation"},
      // Autobahn, SOSP'24, section 5.1: a proof of availability needs f+1, one of them correct.
      MutantDescription{Mutant::kAvailabilityQuorumTooSmall, "qbft-availability-quorum-too-small",
                        "acknowledgements of f weight certify a batch, so that faulty replicas "
                        "alone vouch for bytes that nobody has"},
      // CometBFT's changes of validators wait for the height after the next for this reason
      // (ABCI specification, "Updating the validator set").
      MutantDescription{Mutant::kVersionActiveAtOnce, "qbft-version-active-at-once",
                        "new rules hold from the height after the block that decides them, and "
                        "not from the one after the checkpoint"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::qbft
