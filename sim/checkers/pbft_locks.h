#pragma once
// Rule "lock", of PBFT: a view change proves everything that its sender sent a commit for (OSDI'99
// §4.4), over all its lives.

#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class PbftLockRule {
 public:
  // Commits remembered of each replica, enough for every height between two stable checkpoints.
  static constexpr size_t kRemembered = 512;

  explicit PbftLockRule(CheckContext& context) : context_(context) {}
  void begin() { locks_.assign(context_.rows(), {}); }
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);

 private:
  struct Lock {
    consensus::View view;
    consensus::Height height;  // 0: none
    consensus::Epoch epoch;
  };
  void check(ReplicaAddress who, TimePoint now, const consensus::Message& view_change);

  CheckContext& context_;
  std::vector<std::vector<Lock>> locks_;  // by row; grown at the first commit
};

}  // namespace govchain::sim
