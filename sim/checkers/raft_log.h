#pragma once
// Properties of Raft's logs (Ongaro & Ousterhout 2014, figure 3 and §5.4.2), seen before a wrong
// block is committed anywhere:
//   "log-matching"         entries of equal height and term follow entries of equal term, and so,
//   by
//                          induction, the same log
//   "leader-completeness"  what is committed is in the log of every later leader
//   "commit-own-term"      a leader's commit index moves to entries of its own term only

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class RaftLogRule {
 public:
  // Heights that are remembered of each log; a conflict reaches back no further than what is in
  // flight.
  static constexpr size_t kHeights = 4'096;

  explicit RaftLogRule(CheckContext& context) : context_(context) {}
  void begin();
  void persist(ReplicaAddress who, TimePoint now, const consensus::LogRecord& record);
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  void commit(ReplicaAddress who, const consensus::Block& block);
  void snapshot_installed(ReplicaAddress who);
  void restart(ReplicaAddress who, const consensus::RecoveredState& state);

 private:
  struct Entry {
    consensus::Height height;  // 0: nothing known
    consensus::View term;
    bool configures = false;
  };
  struct Link {
    consensus::View term;
    consensus::View before;  // term of the entry before
    ReplicaIndex first = 0;
  };
  struct Place {
    consensus::Height height;
    std::vector<Link> links;
  };
  struct Chain {
    std::vector<Place> places;
    consensus::Height committed;
    consensus::View newest_term;  // of any leader heard, or of any block committed
  };
  using Log = std::vector<Entry>;
  // Of a replica that leads.
  struct Lead {
    consensus::View term;
    consensus::Height announced;
  };
  void write(Log& log, const consensus::Block& block);
  void announced(ReplicaAddress who, TimePoint now, consensus::View term, consensus::Height commit);

  CheckContext& context_;
  std::vector<Chain> chains_;
  std::vector<Log> logs_;
  std::vector<Lead> leads_;
};

}  // namespace govchain::sim
