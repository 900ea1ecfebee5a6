#pragma once
// Rule "state-root": all honest replicas have the same state after a height, executed or proven by
// a checkpoint.

#include <vector>

#include "sim/checkers/context.h"
#include "sim/checkers/height_window.h"

namespace govchain::sim {

class StateRootRule {
 public:
  explicit StateRootRule(CheckContext& context) : context_(context) {}
  void begin() { chains_ = std::vector<HeightWindow<Entry>>(context_.chains()); }
  // What was executed before its log record was durable may be lost with a crash and replaced, as
  // long as nobody was told: only roots of the same block are compared.
  void executed(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                const consensus::Digest& root);
  // A root that a certificate or a recovered state names.
  void claimed(ReplicaAddress who, TimePoint now, consensus::Height height,
               const consensus::Digest& root, const char* how);

 private:
  struct Entry {
    consensus::Digest block;
    consensus::Digest root;
    bool known = false;
    ReplicaIndex first = 0;
  };
  void compare(ReplicaAddress who, TimePoint now, consensus::Height height, const Entry& entry,
               const consensus::Digest& root, const char* how);

  CheckContext& context_;
  std::vector<HeightWindow<Entry>> chains_;
};

}  // namespace govchain::sim
