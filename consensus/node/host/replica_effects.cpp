// What an engine asks for: consensus/effect.h, one function per effect.

#include <algorithm>
#include <utility>
#include <variant>

#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

void Replica::carry_out_effects() {
  for (Effect& effect : sink_.effects()) {
    if (stopped_) break;
    std::visit([this](auto& concrete) { carry_out(concrete); }, effect);
  }
  sink_.clear();
  if (!verifications_.empty()) crypto_->verify(keys_, verifications_);
  storage_->give(commands_);
}

void Replica::carry_out(effect::Persist& persist) {
  last_ticket_ = persist.ticket;
  commands_.emplace_back(std::move(persist));
}

void Replica::carry_out(effect::Truncate& truncate) {
  Gated gated;
  gated.kind = Gated::Kind::kTruncate;
  gated.after = truncate.after;
  gated.before = truncate.before;
  gate(std::move(gated));
}

void Replica::carry_out(effect::Load& load) { commands_.emplace_back(load); }

void Replica::carry_out(effect::Send& send) {
  Gated gated;
  gated.kind = Gated::Kind::kSend;
  gated.after = send.after;
  gated.to = send.to;
  gated.message = std::move(send.message);
  gate(std::move(gated));
}

void Replica::carry_out(effect::Broadcast& broadcast) {
  Gated gated;
  gated.kind = Gated::Kind::kBroadcast;
  gated.after = broadcast.after;
  gated.message = std::move(broadcast.message);
  gate(std::move(gated));
}

void Replica::carry_out(effect::SetTimer& set) {
  const auto found = std::find_if(timers_.begin(), timers_.end(),
                                  [&](const Timer& timer) { return timer.id == set.timer; });
  if (found != timers_.end()) {
    found->deadline = set.deadline;
  } else {
    timers_.push_back(Timer{set.timer, set.deadline});
  }
}

void Replica::carry_out(effect::CancelTimer& cancel) {
  std::erase_if(timers_, [&](const Timer& timer) { return timer.id == cancel.timer; });
}

// The pool gets what one step asked for together.
void Replica::carry_out(effect::Verify& verify) { verifications_.push_back(std::move(verify)); }

void Replica::carry_out(effect::VerifyClaims& verify) { crypto_->verify(keys_, std::move(verify)); }

void Replica::carry_out(effect::VerifyPayloads& verify) { crypto_->verify(std::move(verify)); }

void Replica::carry_out(effect::Sign& sign) { crypto_->sign(std::move(sign)); }

void Replica::carry_out(effect::Execute& execute) {
  execution_->execute(std::move(execute.block), execute.take_snapshot);
}

// The store gets a block once the log could tell of it: it must never be ahead.
void Replica::carry_out(effect::Commit& commit) {
  Gated gated;
  gated.kind = Gated::Kind::kCommit;
  gated.after = commit.after;
  gated.stored = {std::move(commit.block), std::move(commit.certificate)};
  gate(std::move(gated));
}

// Names no ticket, because nobody is told: but the log must reach as far as the state does.
void Replica::carry_out(effect::CheckpointStable& stable) {
  Gated gated;
  gated.kind = Gated::Kind::kCheckpoint;
  gated.after = last_ticket_;
  gated.checkpoint = std::move(stable.checkpoint);
  gate(std::move(gated));
}

void Replica::carry_out(effect::FetchState& fetch) {
  // Who is not connected would be waited for in vain.
  std::vector<ReplicaId> peers = peers_;
  std::stable_partition(peers.begin(), peers.end(),
                        [this](ReplicaId peer) { return connected_.contains(peer); });
  pursue(fetch_.begin(fetch.checkpoint, std::move(peers), now()));
}

// The store begins anew, then the state is taken over (on_store_reset): the state is on the disk
// already, so whichever of the two a crash leaves undone is done by recover().
void Replica::carry_out(effect::InstallSnapshot& install) {
  commands_.emplace_back(ResetStore{install.checkpoint});
}

void Replica::carry_out(effect::EvidenceFound& evidence) { listener_.on_evidence(evidence); }

void Replica::carry_out(effect::ReadReady& ready) {
  waiting_reads_.push_back(ready);
  answer_reads();
}

void Replica::carry_out(effect::ReadRefused& refused) { listener_.on_read_refused(refused.token); }

void Replica::carry_out(effect::Refused& refused) {
  listener_.on_refused(refused.payload, refused.reason);
}

void Replica::carry_out(effect::MembershipActive& active) {
  membership_ = active.membership;
  keys_ = keys_->with(membership_);
  peers_.clear();
  for (const Member& member : membership_.members) {
    if (member.id != parts_.engine.self) peers_.push_back(member.id);
  }
  listener_.on_membership(membership_);
}

void Replica::carry_out(effect::Stopped& stopped) {
  if (stopped.software_outdated) {
    const EngineStatus status = engine_->status();
    const Height since = status.outdated_since.value_or(Height());
    return fail(StopReason::kSoftwareOutdated,
                "software too old: the chain has newer rules since height " +
                    std::to_string(since.value()));
  }
  if (stopped.storage_failed) {
    return fail(StopReason::kStorageFailed, "log and state contradict each other");
  }
  fail(StopReason::kRemoved, "this replica is no longer a member of the chain");
}

void Replica::carry_out(effect::Metric& /*metric*/) {}  // counters() has them

// --- What waits for a ticket

void Replica::gate(Gated gated) {
  if (gated.after <= durable_) {
    release(gated);
  } else {
    gated_.push_back(std::move(gated));
  }
}

// In the order in which they were asked for.
void Replica::release_durable() {
  std::vector<Gated> waiting = std::exchange(gated_, {});
  for (Gated& gated : waiting) {
    if (stopped_) return;
    gate(std::move(gated));
  }
}

void Replica::release(Gated& gated) {
  switch (gated.kind) {
    case Gated::Kind::kSend:
      transport_->send(gated.to, gated.message);
      break;
    case Gated::Kind::kBroadcast:
      transport_->broadcast(peers_, gated.message);
      break;
    case Gated::Kind::kCommit:
      commands_.emplace_back(StoreBlock{gated.stored});
      released_.push_back(std::move(gated.stored));
      answer();
      break;
    case Gated::Kind::kCheckpoint:
      commands_.emplace_back(StoreCheckpoint{gated.checkpoint});
      checkpoint_height_ = std::max(checkpoint_height_, gated.checkpoint.height);
      listener_.on_checkpoint(gated.checkpoint);
      // Lagging peers ask for the newest.
      snapshot_thread_->release_below(checkpoint_height_);
      allow_due_state();
      break;
    case Gated::Kind::kTruncate:
      commands_.emplace_back(TruncateLog{gated.before});
      break;
  }
}

}  // namespace govchain::consensus::node
