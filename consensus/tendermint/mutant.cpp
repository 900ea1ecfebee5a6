#include "consensus/tendermint/mutant.h"

#include <array>

namespace govchain::consensus::tendermint {

std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      MutantDescription{Mutant::kVoteNotPersisted, "tendermint-vote-not-persisted",
                        "votes are kept in memory only: after a crash a replica votes otherwise "
                        "(what CometBFT's privval state file is there to prevent)"},
      MutantDescription{Mutant::kSentBeforeDurable, "tendermint-sent-before-durable",
                        "votes leave before the log has them: a crash between makes the replica "
                        "contradict itself"},
      MutantDescription{Mutant::kQuorumTooSmall, "tendermint-quorum-too-small",
                        "2f votes count as a quorum, so that two quorums may share faulty "
                        "replicas only"},
      MutantDescription{Mutant::kLockIgnored, "tendermint-lock-ignored",
                        "a locked replica prevotes whatever is proposed (lines 23 and 29): a later "
                        "round may decide otherwise"},
      MutantDescription{Mutant::kValidRoundUnchecked, "tendermint-valid-round-unchecked",
                        "a proposal's valid round is believed without its polka (line 28): any "
                        "proposer unlocks everybody"},
      MutantDescription{Mutant::kPrecommitWithoutPolka, "tendermint-precommit-without-polka",
                        "a proposal is locked and precommitted without 2f+1 prevotes for it "
                        "(line 36)"},
      MutantDescription{Mutant::kLockLostAfterRecovery, "tendermint-lock-lost-after-recovery",
                        "the lock is not read back after a crash"},
      MutantDescription{Mutant::kProposalForgotten, "tendermint-proposal-forgotten",
                        "a proposer that crashed proposes another block in the same round"},
      MutantDescription{Mutant::kDuplicateNotSuppressed, "tendermint-duplicate-not-suppressed",
                        "a committed payload that is passed on again is ordered again, and nobody "
                        "refuses the block"},
      MutantDescription{Mutant::kHonestBlamed, "tendermint-honest-blamed",
                        "votes for different blocks in different rounds are taken for "
                        "equivocation"},
      // Narwhal's workers store a batch before they answer (report_batch, in its worker's
      // handlers).
      MutantDescription{Mutant::kAcknowledgedBeforeDurable,
                        "tendermint-acknowledged-before-durable",
                        "a batch is acknowledged before the log has its bytes: a crash between "
                        "leaves a certificate for bytes that nobody has"},
      // July 2015: Bitcoin miners went on by the rules before version 3 (BIP 66) when these were in
      // force, and the chain forked (bitcoin.org, alert of 4 July 2015).
      MutantDescription{Mutant::kUnknownVersionFollowed, "tendermint-unknown-version-followed",
                        "software that is too old for the rules of an epoch goes on voting and "
                        "executing by those it knows"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::tendermint
