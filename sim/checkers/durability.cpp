#include "sim/checkers/durability.h"

namespace govchain::sim {
namespace {

const char* name_of(GatedEffect effect) {
  switch (effect) {
    case GatedEffect::kSend:
      return "a message";
    case GatedEffect::kBroadcast:
      return "a broadcast";
    case GatedEffect::kCommit:
      return "a commit";
    case GatedEffect::kTruncate:
      return "a truncation";
  }
  return "an effect";
}

}  // namespace

void DurabilityRule::persist(ReplicaAddress who, TimePoint now, consensus::Ticket ticket) {
  consensus::Ticket& last = last_ticket_[context_.row(who)];
  if (ticket != last.next()) {
    context_.report("durable-before-send", who, now,
                    "issued ticket " + std::to_string(ticket.value()) + " after ticket " +
                        std::to_string(last.value()));
  }
  last = ticket;
}

void DurabilityRule::gated(ReplicaAddress who, TimePoint now, consensus::Ticket after) {
  const consensus::Ticket last = last_ticket_[context_.row(who)];
  if (after <= last) return;
  context_.report("durable-before-send", who, now,
                  "waits for ticket " + std::to_string(after.value()) + ", but the last one is " +
                      std::to_string(last.value()));
}

void DurabilityRule::release(ReplicaAddress who, TimePoint now, GatedEffect effect,
                             consensus::Ticket after, consensus::Ticket durable) {
  if (after <= durable) return;
  context_.report("durable-before-send", who, now,
                  std::string(name_of(effect)) + " that waits for ticket " +
                      std::to_string(after.value()) + " left when only " +
                      std::to_string(durable.value()) + " was durable");
}

void DurabilityRule::restart(ReplicaAddress who, const consensus::RecoveredState& state) {
  last_ticket_[context_.row(who)] = state.last_ticket;
}

}  // namespace govchain::sim
