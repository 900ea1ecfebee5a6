#include "sim/checkers/availability.h"

#include <algorithm>
#include <string>

#include "consensus/chain/messages.h"

namespace govchain::sim {

void AvailabilityRule::begin(const WorldSpec& spec) {
  chains_ = std::vector<Chain>(context_.chains());
  replicas_ = std::vector<Replica>(context_.rows());
  for (const RequestSpec& request : spec.requests) {
    if (request.kind == RequestSpec::Kind::kMembership) chains_[request.chain].same_members = false;
  }
}

void AvailabilityRule::persist(ReplicaAddress who, TimePoint now,
                               const consensus::effect::Persist& persist) {
  if (!persist.record || !persist.record->block) return;
  if (context_.chain(who.chain).engine.proposal_bodies != consensus::ProposalBodies::kCertified) {
    return;
  }
  Chain& chain = chains_[who.chain];
  const consensus::Block& block = *persist.record->block;
  const bool by_names = !block.availability.empty();
  for (const consensus::PayloadRef& payload : block.payloads) {
    const bool known = chain.written.find(payload->digest).has_value();
    if (!by_names && !known) chain.written.insert(payload->digest, 0);
    if (!by_names || known) continue;
    context_.report("availability", who, now,
                    "binds itself to a block of height " + std::to_string(block.height.value()) +
                        " with payload " + short_hex(payload->digest) +
                        ", which no honest replica ever wrote down");
  }
  if (persist.record->type != consensus::kBatchRecord) return;
  consensus::DigestIndex& batches = replicas_[context_.row(who)].batches;
  (void)batches.erase(block.digest);
  batches.insert(block.digest, static_cast<uint32_t>(persist.ticket.value()));
}

void AvailabilityRule::released(ReplicaAddress who, consensus::Ticket durable) {
  replicas_[context_.row(who)].durable = durable;
}

void AvailabilityRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  if (message.type != static_cast<uint8_t>(consensus::chain::CommonType::kAcknowledgement) ||
      message.sender.value() != who.replica) {
    return;
  }
  const Replica& replica = replicas_[context_.row(who)];
  const auto ticket = replica.batches.find(message.digest);
  if (ticket && *ticket <= replica.durable.value()) return;
  context_.report(
      "availability", who, now,
      "acknowledges batch " + short_hex(message.digest) + " before its bytes are durable");
}

void AvailabilityRule::committed(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  check_whole(who, now, block, "commits");
  Chain& chain = chains_[who.chain];
  chain.committed = std::max(chain.committed, block.height);
}

void AvailabilityRule::executed(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  check_whole(who, now, block, "executes");
}

void AvailabilityRule::check_whole(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                                   const char* verb) {
  const bool named =
      !block.availability.empty() ||
      std::any_of(block.payloads.begin(), block.payloads.end(),
                  [](const consensus::PayloadRef& payload) { return payload->named; });
  if (!named) return;
  context_.report("availability", who, now,
                  std::string(verb) + " height " + std::to_string(block.height.value()) +
                      " by its names alone");
}

void AvailabilityRule::crashed(ReplicaAddress who) { replicas_[context_.row(who)].behind = false; }

void AvailabilityRule::restart(ReplicaAddress who, TimePoint /*now*/) {
  replicas_[context_.row(who)].executed = {};
}

void AvailabilityRule::sample(ReplicaAddress who, TimePoint now, const consensus::Engine& engine) {
  const Chain& chain = chains_[who.chain];
  if (context_.chain(who.chain).engine.proposal_bodies != consensus::ProposalBodies::kCertified ||
      !chain.same_members || bound_ <= Duration::zero()) {
    return;
  }
  Replica& replica = replicas_[context_.row(who)];
  const consensus::Height executed = engine.status().executed;
  const bool behind = executed < chain.committed && executed == replica.executed;
  if (behind && !replica.behind) replica.behind_since = now;
  replica.behind = behind;
  replica.executed = executed;
  if (!behind || replica.reported || chain.calm_since == TimePoint::max()) return;
  const TimePoint since = std::max(replica.behind_since, chain.calm_since);
  if (since > now || now - since <= bound_) return;
  replica.reported = true;
  context_.report("availability", who, now,
                  "has executed " + std::to_string(executed.value()) + " of " +
                      std::to_string(chain.committed.value()) + " heights since " +
                      std::to_string(since.since_start().to_seconds()) + " s");
}

}  // namespace govchain::sim
