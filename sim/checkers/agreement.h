#pragma once
// Rule "agreement": all honest replicas commit the same block at a height and agree on the members
// of an epoch. Rule "order": each commits heights in order without gaps.

#include <vector>

#include "sim/checkers/context.h"
#include "sim/checkers/height_window.h"

namespace govchain::sim {

class AgreementRule {
 public:
  explicit AgreementRule(CheckContext& context) : context_(context) {}
  void begin();
  void commit(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  // A block that differs from the committed one must not be executed either.
  void executed(ReplicaAddress who, TimePoint now, const consensus::Block& block);
  // After it had issued this ticket. True if nobody had said so of that epoch before.
  bool membership(ReplicaAddress who, TimePoint now, const consensus::Membership& membership,
                  consensus::Ticket issued);
  void snapshot_installed(ReplicaAddress who, consensus::Height height);
  void restart(ReplicaAddress who, TimePoint now, const consensus::RecoveredState& state);
  // Digest that the chain agreed on; null if the height is unknown or long gone.
  [[nodiscard]] const consensus::Digest* agreed(ChainIndex chain, consensus::Height height) const;
  [[nodiscard]] consensus::Height highest(ChainIndex chain) const { return chains_[chain].highest; }
  [[nodiscard]] consensus::Height committed(ReplicaAddress who) const {
    return replicas_[context_.row(who)].committed;
  }

 private:
  struct Entry {
    consensus::Digest digest;
    bool known = false;
    ReplicaIndex first = 0;
  };
  struct Chain {
    HeightWindow<Entry> blocks;
    consensus::Height highest;
  };
  struct Replica {
    consensus::Height committed;  // of this life, what it recovered included
    bool resumed = false;         // restarted or jumped: the next commit may repeat what is stored
  };
  void compare(ReplicaAddress who, TimePoint now, const consensus::Block& block, const char* verb);

  CheckContext& context_;
  std::vector<Chain> chains_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
