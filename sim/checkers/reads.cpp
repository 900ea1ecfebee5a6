#include "sim/checkers/reads.h"

#include <algorithm>

namespace govchain::sim {

void ReadRule::begin() {
  told_.assign(context_.chains(), consensus::Height());
  pending_.assign(context_.rows(), {});
}

void ReadRule::answered(ReplicaAddress who, consensus::Height height) {
  told_[who.chain] = std::max(told_[who.chain], height);
}

void ReadRule::asked(ReplicaAddress who, consensus::Token token) {
  std::vector<Pending>& pending = pending_[context_.row(who)];
  if (pending.size() < kPending) pending.push_back({token, told_[who.chain]});
}

void ReadRule::ready(ReplicaAddress who, TimePoint now, consensus::Token token,
                     consensus::Height height) {
  for (const Pending& read : pending_[context_.row(who)]) {
    if (read.token != token || height >= read.told) continue;
    context_.report("linearizable-read", who, now,
                    "a read is answered from height " + std::to_string(height.value()) +
                        ", but clients had been told of height " +
                        std::to_string(read.told.value()) + " before it was asked");
  }
  refused(who, token);
}

void ReadRule::refused(ReplicaAddress who, consensus::Token token) {
  std::erase_if(pending_[context_.row(who)],
                [&](const Pending& read) { return read.token == token; });
}

}  // namespace govchain::sim
