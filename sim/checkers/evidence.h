#pragma once
// Rule "evidence": evidence is two statements that no honest replica signs both, really signed by
// the one it blames, who is an adversary.

#include "sim/checkers/context.h"

namespace govchain::sim {

class EvidenceRule {
 public:
  explicit EvidenceRule(CheckContext& context) : context_(context) {}
  void evidence(ReplicaAddress who, TimePoint now,
                const consensus::effect::EvidenceFound& evidence);

 private:
  CheckContext& context_;
};

}  // namespace govchain::sim
