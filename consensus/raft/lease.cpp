// Leases for reads (dissertation §6.4.1). Whoever hears from a leader promises by its answer not to
// help elect another for an election timeout T of its own clock. If a majority answered the
// heartbeats of a round that was sent at time t of the leader's clock, nobody else can lead before
// the earliest of these promises ends. A clock may run slow or fast by a share d of true time: a
// promise lasts at least T / (1 + d), and the leader's clock shows at most L = T (1 - d) / (1 + d)
// while T / (1 + d) pass, so that the lease is [t, t + L).
//
// Three things would break a promise and are seen to here and elsewhere:
//   - An election that the leader itself asks for disregards promises (§3.10): it gives up its
//   lease
//     for the rest of its term (send_timeout_now).
//   - A replica that restarts has forgotten what it promised: it promises anew (begin).
//   - A voter that learns of a higher term knows no leader any more: promises do not depend on
//   that.
// Membership may change under a lease: the quorum is that of the latest configuration, whose
// majorities meet those of the ones before and after it, and who appended one has heard from us.

#include <algorithm>

#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {
namespace {

Duration lease_length(Duration election_timeout, uint32_t drift_ppm) {
  constexpr uint32_t kMillion = 1'000'000;
  if (planted(Mutant::kLeaseIgnoresDrift)) return election_timeout;
  const uint32_t drift = std::min(drift_ppm, kMillion);
  const auto length =
      static_cast<Wide>(election_timeout.nanoseconds()) * (kMillion - drift) / (kMillion + drift);
  return Duration::nanoseconds(static_cast<int64_t>(length));
}

}  // namespace

void RaftEngine::begin_round() {
  ++read_round_;
  for (PendingRead& read : reads_) {
    if (read.round == 0 && read.index != Height()) read.round = read_round_;
  }
  if (!raft_.lease_reads) return;
  rounds_sent_.resize(kLeaseRounds);
  rounds_sent_[read_round_ % kLeaseRounds] = now_;
}

// `progress` answered `round`, at the latest now, and so promised at the earliest when it was sent.
void RaftEngine::note_lease(Progress& progress, uint64_t round) const {
  if (!raft_.lease_reads || round == 0 || round > read_round_) return;
  if (read_round_ - round >= kLeaseRounds) return;
  const auto sent = static_cast<uint64_t>(rounds_sent_[round % kLeaseRounds].nanoseconds());
  progress.lease_since = std::max(progress.lease_since, sent + 1);
}

// When our lease ends; nothing if we have none now.
std::optional<TimePoint> RaftEngine::lease_end() const {
  if (!raft_.lease_reads || !is_leader() || lease_given_up_) return std::nullopt;
  const auto promised = [this](NodeId voter) -> std::optional<uint64_t> {
    if (voter == self_node()) return static_cast<uint64_t>(now_.nanoseconds()) + 1;
    const Progress* progress = progress_.find(voter);
    return progress == nullptr ? 0 : progress->lease_since;
  };
  const uint64_t since = configurations_.latest().quorum.committed(promised);
  if (since == 0) return std::nullopt;
  const TimePoint end =
      TimePoint::since_start(Duration::nanoseconds(static_cast<int64_t>(since - 1))) +
      lease_length(election_timeout_, raft_.max_clock_drift_ppm);
  if (end <= now_) return std::nullopt;
  return end;
}

void RaftEngine::promise_leader() {
  if (raft_.lease_reads) promised_until_ = now_ + election_timeout_;
}

}  // namespace govchain::consensus::raft
