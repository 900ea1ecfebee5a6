#pragma once
// The rules of membership change (dissertation §4.1 one voter at a time, §4.3 joint), with the
// semantics of etcd-io/raft's package of the same name, whose test vectors these rules pass.

#include <cstdint>
#include <span>
#include <utility>

#include "consensus/raft/confchange/configuration.h"
#include "consensus/raft/progress.h"
#include "consensus/result.h"

namespace govchain::consensus::raft::confchange {

enum class StepKind : uint8_t { kAddVoter, kAddLearner, kRemove, kUpdate };

struct Step {
  StepKind kind = StepKind::kUpdate;
  NodeId node = 0;  // 0 is ignored
};

struct Outcome {
  Configuration configuration;
  ProgressMap progress;
};

// Computes what a configuration and the progress of its members become; changes nothing itself.
class Changer {
 public:
  // `last_index` is where the progress of a new member starts; `fresh` is what else it starts with.
  Changer(const Configuration& configuration, const ProgressMap& progress, uint64_t last_index,
          Progress fresh = {});

  // At most one voter more or less: two majorities that differ by one voter always intersect.
  [[nodiscard]] Result<Outcome> simple(std::span<const Step> steps) const;
  // The present voters become the outgoing half, the steps make the incoming one.
  [[nodiscard]] Result<Outcome> enter_joint(bool auto_leave, std::span<const Step> steps) const;
  [[nodiscard]] Result<Outcome> leave_joint() const;

 private:
  void apply(Outcome& outcome, std::span<const Step> steps) const;
  void make_voter(Outcome& outcome, NodeId node) const;
  void make_learner(Outcome& outcome, NodeId node) const;
  static void remove(Outcome& outcome, NodeId node);
  void start(Outcome& outcome, NodeId node, bool learner) const;

  Outcome current_;
  uint64_t last_index_;
  Progress fresh_;
};

}  // namespace govchain::consensus::raft::confchange
