#pragma once
// Rule "durable-prefix": what a replica has committed durably, or answered to a client, it still
// has after any crash. Rule "answer": a client is answered only about a block that is final and
// executed here.

#include <vector>

#include "sim/checkers/agreement.h"
#include "sim/checkers/context.h"

namespace govchain::sim {

class PrefixRule {
 public:
  PrefixRule(CheckContext& context, const AgreementRule& agreement)
      : context_(context), agreement_(agreement) {}
  void begin() { replicas_.assign(context_.rows(), {}); }
  void executed(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  void answered(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  void snapshot_installed(ReplicaAddress who, consensus::Height height);
  void restart(ReplicaAddress who, TimePoint now, const consensus::RecoveredState& state);

 private:
  struct Replica {
    consensus::Height executed;  // of this life
    consensus::Height answered;  // of all lives
  };
  CheckContext& context_;
  const AgreementRule& agreement_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
