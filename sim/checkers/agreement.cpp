#include "sim/checkers/agreement.h"

#include <algorithm>

namespace govchain::sim {

using consensus::Height;

void AgreementRule::begin() {
  chains_ = std::vector<Chain>(context_.chains());
  replicas_.assign(context_.rows(), {});
}

void AgreementRule::compare(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                            const char* verb) {
  Chain& chain = chains_[who.chain];
  Entry* entry = chain.blocks.slot(block.height);
  if (entry == nullptr) return;
  if (!entry->known) {
    *entry = {block.digest, true, who.replica};
    chain.highest = std::max(chain.highest, block.height);
    return;
  }
  if (entry->digest == block.digest) return;
  context_.report("agreement", who, now,
                  std::string(verb) + " block " + short_hex(block.digest) + " at height " +
                      std::to_string(block.height.value()) + ", but replica " +
                      std::to_string(entry->first) + " committed " + short_hex(entry->digest));
}

void AgreementRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  compare(who, now, block, "committed");
  Replica& replica = replicas_[context_.row(who)];
  const bool in_order = block.height == replica.committed.next() ||
                        (replica.resumed && block.height <= replica.committed);
  if (!in_order) {
    context_.report("order", who, now,
                    "committed height " + std::to_string(block.height.value()) + " after " +
                        std::to_string(replica.committed.value()));
  }
  replica.resumed = replica.resumed && block.height < replica.committed;
  replica.committed = std::max(replica.committed, block.height);
}

void AgreementRule::executed(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  const consensus::Digest* digest = agreed(who.chain, block.height);
  if (digest != nullptr && *digest != block.digest) compare(who, now, block, "executed");
}

bool AgreementRule::membership(ReplicaAddress who, TimePoint now,
                               const consensus::Membership& membership, consensus::Ticket issued) {
  const CheckContext::Learnt learnt = context_.learn(who, membership, issued);
  if (learnt == CheckContext::Learnt::kDiffers) {
    context_.report("agreement", who, now,
                    "has other members in epoch " + std::to_string(membership.epoch.value()) +
                        " than the chain");
  }
  return learnt == CheckContext::Learnt::kNew;
}

void AgreementRule::snapshot_installed(ReplicaAddress who, Height height) {
  Replica& replica = replicas_[context_.row(who)];
  replica.committed = std::max(replica.committed, height);
  replica.resumed = true;
}

void AgreementRule::restart(ReplicaAddress who, TimePoint now,
                            const consensus::RecoveredState& state) {
  context_.forget_undone(who, state.last_ticket);
  Replica& replica = replicas_[context_.row(who)];
  replica.committed = state.executed_height;
  replica.resumed = true;
  for (const consensus::StoredBlock& stored : state.blocks) {
    compare(who, now, *stored.block, "recovered");
    replica.committed = std::max(replica.committed, stored.block->height);
  }
}

const consensus::Digest* AgreementRule::agreed(ChainIndex chain, Height height) const {
  const Entry* entry = chains_[chain].blocks.find(height);
  return entry != nullptr && entry->known ? &entry->digest : nullptr;
}

}  // namespace govchain::sim
