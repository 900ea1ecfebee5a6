#pragma once
// What an honest replica says over all its lives must not contradict itself:
//   "double-sign"    at most one digest for a view and height: proposal, prepare and commit of PBFT
//                    name the same block, checkpoint votes the same state;
//   "monotone-view"  once it has asked for a later view it makes no new statement in the views that
//                    it has left; once it has acted in a later term of Raft it is never back in an
//                    earlier one;
//   "lock"           a view change proves everything that it sent a commit for (OSDI'99 §4.4);
//   "double-vote"    in a Raft term it votes for one candidate;
//   "one-leader"     a Raft term has one leader.

#include <array>
#include <cstdint>
#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class StatementRule {
 public:
  // Statements remembered for each replica, enough for every height between two stable checkpoints
  // and both phases.
  static constexpr size_t kRemembered = 1'024;
  static constexpr size_t kTerms = 256;

  explicit StatementRule(CheckContext& context) : context_(context) {}
  void begin();
  void sent(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
            const consensus::Message& message);

 private:
  struct Slot {
    consensus::Digest digest;
    consensus::View view;
    consensus::Height height;
    consensus::Epoch epoch;
    uint8_t group = 0;
    bool used = false;
    bool commit = false;  // it has voted to commit
  };
  struct Replica {
    std::vector<Slot> slots;  // grown at the first statement
    consensus::View left;     // views below this one are left
  };
  // Somebody by term: whom a replica votes for, or who leads.
  struct Choice {
    consensus::View term;
    uint32_t replica = 0;
    bool known = false;
  };
  using Choices = std::vector<Choice>;  // kTerms of them, by term modulo kTerms

  void sent_pbft(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  void check_locks(ReplicaAddress who, TimePoint now, const consensus::Message& view_change);
  void sent_raft(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
                 const consensus::Message& message);
  // Statements of one `group` about one view and height must name the same digest.
  void bind(ReplicaAddress who, TimePoint now, const consensus::Message& message, uint8_t group);
  void keep_view(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  // The replica chosen before for this term, or the given one.
  [[nodiscard]] static uint32_t choose(Choices& choices, consensus::View term, uint32_t replica);

  CheckContext& context_;
  std::vector<Replica> replicas_;
  std::vector<Choices> votes_;    // by row
  std::vector<Choices> leaders_;  // by chain
};

}  // namespace govchain::sim
