#include "sim/checkers/pbft_locks.h"

#include <algorithm>

#include "consensus/pbft/messages.h"

namespace govchain::sim {

using consensus::pbft::MessageType;
using consensus::pbft::PreparedProof;

void PbftLockRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  // Others' messages are passed on as they are; they bind their senders.
  if (message.protocol != consensus::Protocol::kPbft || message.sender.value() != who.replica) {
    return;
  }
  if (message.type == static_cast<uint8_t>(MessageType::kCommit)) {
    std::vector<Lock>& locks = locks_[context_.row(who)];
    if (locks.empty()) locks.resize(kRemembered);
    // Neighbouring heights and views have places of their own.
    const uint64_t place = message.height.value() + 61 * message.view.value();
    locks[place % kRemembered] = {message.view, message.height, message.epoch};
  } else if (message.type == static_cast<uint8_t>(MessageType::kViewChange)) {
    check(who, now, message);
  }
}

void PbftLockRule::check(ReplicaAddress who, TimePoint now, const consensus::Message& view_change) {
  const auto body = consensus::pbft::decode_view_change(view_change.body);
  if (!body) return;
  for (const Lock& lock : locks_[context_.row(who)]) {
    if (lock.height <= view_change.height || lock.epoch != view_change.epoch ||
        lock.view >= view_change.view) {
      continue;
    }
    const bool proven =
        std::any_of(body->proofs.begin(), body->proofs.end(), [&](const PreparedProof& proof) {
          return proof.height() == lock.height && proof.view() >= lock.view;
        });
    if (proven) continue;
    context_.report("lock", who, now,
                    "asks for view " + std::to_string(view_change.view.value()) +
                        " without proof of what it voted to commit at view " +
                        std::to_string(lock.view.value()) + ", height " +
                        std::to_string(lock.height.value()));
    return;
  }
}

}  // namespace govchain::sim
