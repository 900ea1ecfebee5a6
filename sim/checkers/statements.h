#pragma once
// What an honest replica signs over all its lives must not contradict itself, in any protocol, by
// the roles of its messages (consensus/protocol_traits.h):
//   "double-sign"    at most one digest for a view and height: its proposal and votes name the same
//                    block, its checkpoint votes the same state;
//   "monotone-view"  once it has asked for a later view it makes no new statement in the views that
//                    it has left.

#include <vector>

#include "sim/checkers/context.h"
#include "sim/checkers/statement_book.h"

namespace govchain::sim {

class StatementRule {
 public:
  explicit StatementRule(CheckContext& context) : context_(context) {}
  void begin();
  void intended(ReplicaAddress who, consensus::View view, consensus::Epoch epoch,
                const consensus::Digest& digest) {
    books_[context_.row(who)].intend(view, epoch, digest);
  }
  void sent(ReplicaAddress who, TimePoint now, const consensus::Message& message);

 private:
  CheckContext& context_;
  std::vector<StatementBook> books_;  // by row
};

}  // namespace govchain::sim
