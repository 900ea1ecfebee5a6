#pragma once
// Raft's elections, which nobody signs:
//   "monotone-view"  a replica that has acted in a later term is never back in an earlier one;
//   "double-vote"    in a term it votes for one candidate;
//   "one-leader"     a term has one leader.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class RaftVoteRule {
 public:
  static constexpr size_t kTerms = 256;

  explicit RaftVoteRule(CheckContext& context) : context_(context) {}
  void begin();
  void sent(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
            const consensus::Message& message);

 private:
  // Somebody by term: whom a replica votes for, or who leads.
  struct Choice {
    consensus::View term;
    uint32_t replica = 0;
    bool known = false;
  };
  using Choices = std::vector<Choice>;  // kTerms of them, by term modulo kTerms

  void leads(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  void votes(ReplicaAddress who, TimePoint now, const consensus::ReplicaId* to,
             const consensus::Message& message);
  void keep_term(ReplicaAddress who, TimePoint now, const consensus::Message& message);
  // The replica chosen before for this term, or the given one.
  [[nodiscard]] static uint32_t choose(Choices& choices, consensus::View term, uint32_t replica);

  CheckContext& context_;
  std::vector<consensus::View> terms_;  // by row: the latest acted in
  std::vector<Choices> votes_;          // by row
  std::vector<Choices> leaders_;        // by chain
};

}  // namespace govchain::sim
