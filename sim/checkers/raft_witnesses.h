#pragma once
// "witness-copies": what a witness knows of, full voters have on disk with its payloads: those of
// every quorum, at the least (consensus/raft/README.md). If fewer had it, failures that the
// protocol bears could leave a witness whose log nobody can match, and nobody could be elected.

#include <span>
#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class RaftWitnessRule {
 public:
  // Heights that are remembered of each log.
  static constexpr size_t kHeights = 1'024;

  explicit RaftWitnessRule(CheckContext& context) : context_(context) {}
  void begin(std::span<const consensus::Membership> genesis);
  void persist(ReplicaAddress who, TimePoint now, consensus::Ticket ticket,
               const consensus::LogRecord& record);
  // The replica's disk has everything up to this ticket.
  void durable(ReplicaAddress who, consensus::Ticket ticket);
  // The replica's state has everything up to this height.
  void covered(ReplicaAddress who, consensus::Height height);
  void restart(ReplicaAddress who, const consensus::RecoveredState& state);

 private:
  struct Entry {
    consensus::Height height;
    consensus::View term;
    consensus::Ticket ticket;
  };
  struct Replica {
    std::vector<Entry> entries;  // kHeights of them, by height
    consensus::Height last;
    consensus::View last_term;
    consensus::Height covered;
    consensus::Ticket durable;
  };
  struct Chain {
    consensus::Membership genesis;
    uint64_t needed = 0;  // weight of copies; 0: nothing to judge
  };
  [[nodiscard]] bool judged(ReplicaAddress who) const { return chains_[who.chain].needed > 0; }
  [[nodiscard]] static bool has(const Replica& replica, const consensus::Block& block);
  void judge(ReplicaAddress who, TimePoint now, const consensus::Block& block);

  CheckContext& context_;
  std::vector<Chain> chains_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
