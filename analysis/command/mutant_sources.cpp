#include "analysis/command/mutant_sources.h"

#include <algorithm>
#include <iterator>

namespace govchain::analysis {
namespace {

struct Source {
  std::string_view mutant;
  std::string_view source;
};

// OSDI'99: Castro & Liskov, Practical Byzantine Fault Tolerance. TOCS'02: the same authors, with
// recovery. Raft: Ongaro & Ousterhout, USENIX ATC'14, extended version; D: Ongaro's dissertation.
// Where no publication states the rule, the README that does is named.
constexpr Source kSources[] = {
    {"raft/term-not-persisted", "Raft figure 2, persistent state"},
    {"raft/voted-twice", "Raft §5.2, first come, first served"},
    {"raft/quorum-off-by-one", "Raft §5.3, a majority"},
    {"raft/acknowledge-before-durable", "Raft figure 2, stable storage before responding to RPCs"},
    {"raft/log-check-dropped", "Raft §5.4.1, election restriction"},
    {"raft/commit-beyond-verified", "Raft figure 2, AppendEntries step 5, index of last new entry"},
    {"raft/read-without-confirmation", "D §6.4, heartbeats before a read"},
    {"raft/previous-term-not-compared", "Raft §5.3, consistency check"},
    {"raft/duplicate-not-suppressed", "D §6.3, serial numbers of clients"},
    {"raft/checkpoint-without-majority", "OSDI'99 §4.3, stable checkpoints"},
    {"raft/earlier-term-committed", "Raft §5.4.2, figure 8"},
    {"raft/joint-half-counted", "D §4.3, joint consensus"},
    {"raft/read-before-term-begins", "D §6.4 step 1, a no-op in the new term"},
    {"raft/snapshot-without-configuration", "D §5.1, configuration in a snapshot"},
    {"raft/lease-ignores-drift", "D §6.4.1, bound on clock drift"},
    {"raft/lease-kept-in-transfer", "D §6.4.1 with §3.10, leadership transfer"},
    {"raft/lease-promise-forgotten", "D §6.4.1, followers that restart"},
    {"raft/unknown-version-followed", "etcd, mustDetectDowngrade"},
    {"raft/upgrade-unasked",
     "consensus/README.md, Upgrades: the leader asks who knows the version"},
    {"raft/election-by-heads", "Gifford, Weighted Voting for Replicated Data, SOSP'79"},
    {"raft/witness-before-copies",
     "braft, pull request 398; consensus/raft/README.md, Witnesses, 2"},
    {"raft/witness-votes-blindly", "Raft §5.4.1; consensus/raft/README.md, Witnesses, 3"},
    {"pbft/vote-not-persisted", "OSDI'99 §4.2, the log of messages, with crashes"},
    {"pbft/sent-before-durable", "OSDI'99 §4.2, the log of messages, with crashes"},
    {"pbft/quorum-too-small", "Malkhi & Reiter 1998, Byzantine quorum systems; OSDI'99 §4.2"},
    {"pbft/new-view-unchecked", "OSDI'99 §4.4; Abraham et al., arXiv 1712.01367"},
    {"pbft/prepared-proof-dropped", "OSDI'99 §4.4, the set P"},
    {"pbft/checkpoint-unproven", "OSDI'99 §4.3, the proof of a checkpoint"},
    {"pbft/stale-view-accepted", "OSDI'99 §4.4, what is accepted after a VIEW-CHANGE"},
    {"pbft/lock-lost-after-recovery", "OSDI'99 §4.4, the set P, with crashes; TOCS'02, recovery"},
    {"pbft/duplicate-not-suppressed", "OSDI'99 §4.1, exactly-once semantics"},
    {"pbft/honest-blamed", "Haeberlen et al., PeerReview, SOSP'07, accuracy"},
    {"tendermint/vote-not-persisted", "CometBFT, privval state file"},
    {"tendermint/sent-before-durable", "CometBFT, write-ahead log of a node's own messages"},
    {"tendermint/quorum-too-small", "arXiv 1807.04938, lines 36 and 49"},
    {"tendermint/lock-ignored", "arXiv 1807.04938, lines 23 and 29"},
    {"tendermint/valid-round-unchecked", "arXiv 1807.04938, line 28"},
    {"tendermint/precommit-without-polka", "arXiv 1807.04938, line 36"},
    {"tendermint/lock-lost-after-recovery", "CometBFT, replay of the write-ahead log"},
    {"tendermint/proposal-forgotten", "CometBFT, privval state file, proposals"},
    {"tendermint/duplicate-not-suppressed", "CometBFT, cache of the mempool"},
    {"tendermint/honest-blamed", "CometBFT, DuplicateVoteEvidence: same height, round and type"},
    {"tendermint/acknowledged-before-durable",
     "Narwhal, report_batch stores, then answers; consensus/chain/README.md, Certified batches, 2"},
    {"tendermint/unknown-version-followed",
     "Bitcoin, alert of 4 July 2015: blocks by the rules before BIP 66"},
    {"qbft/vote-not-persisted", "arXiv 2002.03613, one PREPARE a round, with crashes"},
    {"qbft/sent-before-durable", "arXiv 2002.03613, one PREPARE a round, with crashes"},
    {"qbft/prepare-quorum-too-small", "Saltini & Hyland-Wood, arXiv 1901.07160, quorums of IBFT"},
    {"qbft/round-change-quorum-too-small", "arXiv 2002.03613, justification of a PRE-PREPARE"},
    {"qbft/proposal-unjustified", "arXiv 2002.03613, justification of a PRE-PREPARE"},
    {"qbft/highest-prepared-ignored", "arXiv 2002.03613, HighestPrepared"},
    {"qbft/prepared-claim-unproven", "arXiv 2002.03613, justification of a ROUND-CHANGE"},
    {"qbft/prepared-not-told", "arXiv 2002.03613, prepared round and value in a ROUND-CHANGE"},
    {"qbft/prepared-lost-after-recovery", "arXiv 2002.03613, prepared round, with crashes"},
    {"qbft/round-lost-after-recovery", "arXiv 2002.03613, current round, with crashes"},
    {"qbft/commit-after-round-change", "arXiv 2002.03613, messages of the current round only"},
    {"qbft/checkpoint-unproven", "OSDI'99 §4.3, the proof of a checkpoint"},
    {"qbft/duplicate-not-suppressed", "OSDI'99 §4.1, exactly-once semantics"},
    {"qbft/honest-blamed", "Haeberlen et al., PeerReview, SOSP'07, accuracy"},
    {"qbft/availability-quorum-too-small",
     "Autobahn, arXiv 2401.10369: f+1 votes prove that data is available"},
    {"qbft/version-active-at-once",
     "consensus/chain/README.md, Membership: not before the next checkpoint"},
    {"hotstuff/voted-view-forgotten", "DiemBFT, SafetyRules, last voted round on disk"},
    {"hotstuff/sent-before-durable", "DiemBFT, SafetyRules, on disk before a vote is given out"},
    {"hotstuff/quorum-too-small", "arXiv 1803.05069, certificates of n - f"},
    {"hotstuff/commit-over-gap", "Jolteon, arXiv 2106.10362, consecutive rounds of a two-chain"},
    {"hotstuff/safe-vote-ignored", "Jolteon, arXiv 2106.10362, when to vote"},
    {"hotstuff/lock-not-updated", "Jolteon, arXiv 2106.10362, highest certificate"},
    {"hotstuff/timeout-highest-ignored", "Jolteon, arXiv 2106.10362, timeout certificates"},
    {"hotstuff/certificate-unverified", "arXiv 1803.05069, certificates are verified"},
    {"hotstuff/vote-after-timeout", "Jolteon, arXiv 2106.10362, no vote after a timeout"},
    {"hotstuff/ancestors-not-checked", "OSDI'99 §4.1, exactly-once semantics, on unfinal branches"},
    {"hotstuff/honest-blamed", "Haeberlen et al., PeerReview, SOSP'07, accuracy"},
    {"hotstuff/availability-unverified", "Aptos, ProofOfStore::verify"},
    {"hotstuff/unknown-version-approved",
     "Bitcoin, alert of 4 July 2015: BIP 66 signalled by half who did not enforce it"},
};

}  // namespace

std::string_view mutant_source(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kSources), std::end(kSources),
                                         [&](const Source& known) { return known.mutant == name; });
  return found == std::end(kSources) ? std::string_view() : found->source;
}

}  // namespace govchain::analysis
