#include "consensus/hotstuff/mutant.h"

#include <array>

namespace govchain::consensus::hotstuff {

std::span<const MutantDescription> mutant_catalogue() {
  static constexpr std::array kCatalogue = {
      // Diem's safety rules keep last_voted_round in persistent storage for this.
      MutantDescription{Mutant::kVotedViewForgotten, "hotstuff-voted-view-forgotten",
                        "the view voted in last is kept in memory only: after a crash the replica "
                        "votes twice in a view"},
      MutantDescription{Mutant::kSentBeforeDurable, "hotstuff-sent-before-durable",
                        "votes leave before the log has them: a crash between makes the replica "
                        "contradict itself"},
      MutantDescription{Mutant::kQuorumTooSmall, "hotstuff-quorum-too-small",
                        "2f votes make a certificate, so that two certificates of one view may "
                        "share faulty replicas only"},
      // Why Jolteon and PODC'19 demand consecutive views and direct parents.
      MutantDescription{Mutant::kCommitOverGap, "hotstuff-commit-over-gap",
                        "certified parent and child are final even if a view between them failed"},
      MutantDescription{Mutant::kSafeVoteIgnored, "hotstuff-safe-vote-ignored",
                        "any well-formed proposal of the present view gets a vote, whatever this "
                        "replica is locked on or a certificate of timeouts says"},
      MutantDescription{Mutant::kLockNotUpdated, "hotstuff-lock-not-updated",
                        "what the certificates seen oblige to, the locked node and the highest "
                        "certificate told in a TIMEOUT, stays what it was at first"},
      // A leader that withholds the newest certificate: the forking attack on Fast-HotStuff's
      // predecessors (Niu, Gai, Jalalzai & Feng, arXiv 2107.04947, section 4).
      MutantDescription{Mutant::kTimeoutHighestIgnored, "hotstuff-timeout-highest-ignored",
                        "after a failed view the leader may build on an older certificate than "
                        "those that the timeouts report"},
      MutantDescription{Mutant::kCertificateUnverified, "hotstuff-certificate-unverified",
                        "the signatures inside certificates are not verified"},
      MutantDescription{Mutant::kVoteAfterTimeout, "hotstuff-vote-after-timeout",
                        "a replica that gave up a view goes on voting in it"},
      MutantDescription{Mutant::kAncestorsNotChecked, "hotstuff-ancestors-not-checked",
                        "payloads are compared with final blocks only: an unfinal ancestor's are "
                        "ordered again"},
      MutantDescription{Mutant::kHonestBlamed, "hotstuff-honest-blamed",
                        "votes for different nodes in different views are taken for equivocation"},
      // Aptos' ProofOfStore::verify is what it leaves out.
      MutantDescription{Mutant::kAvailabilityUnverified, "hotstuff-availability-unverified",
                        "the signatures inside availability certificates are not verified: a name "
                        "is voted for whose bytes nobody has"},
      // A threshold of those who say that they are ready for new rules is worth nothing if they say
      // so whatever they run: half of Bitcoin's miners had signalled BIP 66 and did not enforce it
      // (bitcoin.org, alert of 4 July 2015).
      MutantDescription{Mutant::kUnknownVersionApproved, "hotstuff-unknown-version-approved",
                        "a replica approves rules that its own software does not know, so that "
                        "the chain may move to where no quorum can follow"},
  };
  return kCatalogue;
}

}  // namespace govchain::consensus::hotstuff
