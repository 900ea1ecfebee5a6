#pragma once
// Rule "linearizable-read": a read is answered from a state that includes everything that clients
// of any replica had been told before the read was asked.

#include <cstdint>
#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class ReadRule {
 public:
  // Reads outstanding at one replica; those beyond are not judged.
  static constexpr size_t kPending = 4'096;

  explicit ReadRule(CheckContext& context) : context_(context) {}
  void begin();
  void answered(ReplicaAddress who, consensus::Height height);
  void asked(ReplicaAddress who, consensus::Token token);
  void ready(ReplicaAddress who, TimePoint now, consensus::Token token, consensus::Height height);
  void refused(ReplicaAddress who, consensus::Token token);
  void crash(ReplicaAddress who) { pending_[context_.row(who)].clear(); }

 private:
  struct Pending {
    consensus::Token token;
    consensus::Height told;  // highest height that a client knew of when this was asked
  };
  CheckContext& context_;
  std::vector<consensus::Height> told_;  // by chain
  std::vector<std::vector<Pending>> pending_;
};

}  // namespace govchain::sim
