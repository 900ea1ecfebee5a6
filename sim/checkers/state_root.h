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
  void root(ReplicaAddress who, TimePoint now, consensus::Height height,
            const consensus::Digest& root, const char* how);

 private:
  struct Entry {
    consensus::Digest root;
    bool known = false;
    ReplicaIndex first = 0;
  };
  CheckContext& context_;
  std::vector<HeightWindow<Entry>> chains_;
};

}  // namespace govchain::sim
