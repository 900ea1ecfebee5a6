#include "sim/checkers/statements.h"

#include <utility>

namespace govchain::sim {

void StatementRule::begin() {
  books_.clear();
  for (ChainIndex chain = 0; chain < context_.chains(); ++chain) {
    books_.insert(books_.end(), context_.chain(chain).replicas.size(),
                  StatementBook(context_.traits(chain)));
  }
}

void StatementRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.sender.value() != who.replica) return;
  auto broken = books_[context_.row(who)].sign(message);
  if (broken) context_.report(broken->rule, who, now, std::move(broken->detail));
}

}  // namespace govchain::sim
