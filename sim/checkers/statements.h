#pragma once
// What an honest replica signs over all its lives must not contradict itself, in any protocol, by
// the roles of its messages (consensus/protocol_traits.h):
//   "double-sign"    at most one digest for a view and height: its proposal and votes name the same
//                    block, its checkpoint votes the same state;
//   "monotone-view"  once it has asked for a later view it makes no new statement in the views that
//                    it has left.

#include <cstdint>
#include <vector>

#include "sim/checkers/context.h"

namespace govchain::sim {

class StatementRule {
 public:
  // Heights and views remembered of each replica, enough for every height between two stable
  // checkpoints.
  static constexpr size_t kRemembered = 512;

  explicit StatementRule(CheckContext& context) : context_(context) {}
  void begin() { replicas_.assign(context_.rows(), {}); }
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);

 private:
  // What two statements have in common that must name the same digest.
  struct Key {
    consensus::View view;
    consensus::Height height;
    consensus::Epoch epoch;
    uint8_t kind = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    consensus::Digest digest;
    bool used = false;
  };
  struct Replica {
    std::vector<Slot> slots;  // grown at the first statement
    // Views below this one are left, at this height if views count the attempts at one.
    consensus::View left;
    consensus::Height left_at;
  };

  void bind(ReplicaAddress who, TimePoint now, const consensus::Message& message, uint8_t kind);
  void leave(ReplicaAddress who, const consensus::Message& message);
  [[nodiscard]] bool has_left(ReplicaAddress who, const consensus::Message& message) const;

  CheckContext& context_;
  std::vector<Replica> replicas_;
};

}  // namespace govchain::sim
