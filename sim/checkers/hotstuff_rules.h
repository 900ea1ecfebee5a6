#pragma once
// Rules of HotStuff, over all lives of a replica:
//   "given-up"  who has signed that it gives up a view makes no new vote in it or in an earlier one
//               (Jolteon, arXiv 2106.10362, Fig. 2, "Timeout");
//   "safe-vote" what it votes on satisfies the voting rule of its chain: Jolteon, Fig. 2, "Vote",
//   or
//               safeNode of PODC'19, Algorithm 1;
//   "lock"      a TIMEOUT tells of a certificate at least as high as any that its sender has voted
//               on: that a quorum of timeouts knows everything that may be final rests on it.

#include <vector>

#include "consensus/log_record.h"
#include "sim/checkers/context.h"

namespace govchain::sim {

class HotstuffRule {
 public:
  static constexpr size_t kRemembered = 128;  // views of each replica

  explicit HotstuffRule(CheckContext& context) : context_(context) {}
  void begin() { replicas_.assign(context_.rows(), {}); }
  // The node's view, epoch and digest, if it is one of its own.
  struct Logged {
    consensus::View view;
    consensus::Epoch epoch;
    consensus::Digest digest;
  };
  std::optional<Logged> persist(ReplicaAddress who, const consensus::LogRecord& record);
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);

 private:
  struct Vote {
    consensus::View view;
    consensus::View certified;  // of the certificate that the node carries
    consensus::Digest node;
    consensus::Digest parent;
    bool by_timeout = false;  // the proposal showed that the view before was given up,
    consensus::View highest;  // with this as the highest certificate told
    bool sent = false;
  };
  struct Replica {
    consensus::Epoch epoch;
    consensus::View given_up;
    consensus::View obliged;      // to tell of a certificate of at least this view
    consensus::View locked_view;  // three-chain: of the parent of a node known to be certified
    consensus::Digest locked;
    std::vector<Vote> votes;  // by view; grown at the first
  };
  Replica& replica(ReplicaAddress who, consensus::Epoch epoch);
  void check_vote(ReplicaAddress who, TimePoint now, Replica& known, const Vote& vote);
  [[nodiscard]] static const Vote* find(const Replica& known, const consensus::Digest& node);
  [[nodiscard]] static bool extends_lock(const Replica& known, const Vote& vote);
  void voted(ReplicaAddress who, TimePoint now, const consensus::Message& vote);
  void gave_up(ReplicaAddress who, TimePoint now, const consensus::Message& timeout);

  CheckContext& context_;
  std::vector<Replica> replicas_;  // by row
};

}  // namespace govchain::sim
