// What a replica tells its desk, and what time does.

#include <algorithm>
#include <iterator>
#include <utility>

#include "consensus/node/client/client_desk.h"

namespace govchain::consensus::node {

void ClientDesk::on_final(const StoredBlock& stored, std::span<const Receipt> receipts) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    final_.add(stored, receipts);
    const TimePoint at = now();
    for (const PayloadRef& payload : stored.block->payloads) {
      failures_.erase(payload->digest);
      const auto pending = pending_.find(payload->digest);
      if (pending == pending_.end()) continue;
      std::optional<Answer> answer = final_.find(payload->digest);
      if (!answer) {
        // A block that an earlier replica of this desk told of, and that is forgotten again.
        answer.emplace();
        answer->id = payload->digest;
        answer->outcome = Outcome::kOrdered;
        answer->height = stored.block->height;
      }
      if (settings_.finality_reached) {
        deliveries.emplace_back(
            [this, latency = at - pending->second.since] { settings_.finality_reached(latency); });
      }
      settle(pending, std::move(*answer), deliveries);
    }
  }
  deliver(deliveries);
}

void ClientDesk::on_overtaken(Height /*height*/) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    if (settings_.recall && replica_ != nullptr) {
      // What the state does not show was not in those blocks, and stays pending.
      std::vector<Digest> payloads;
      for (const auto& [id, pending] : pending_) payloads.push_back(id);
      ask_state(std::move(payloads));
    } else {
      settle_all(Cause::kOvertaken, deliveries);
    }
  }
  deliver(deliveries);
}

void ClientDesk::on_refused(const PayloadRef& payload, RefusalReason reason) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    const auto pending = pending_.find(payload->digest);
    if (pending == pending_.end() || pending->second.unchecked) return;
    const auto refuse = [&](Cause cause) {
      settle(pending, refused(payload->digest, cause), deliveries);
    };
    switch (reason) {
      case RefusalReason::kDuplicate:
        // It may be pending by way of another replica: who waits goes on waiting.
        pending->second.is_duplicate = true;
        set_expiry(payload->digest, pending->second,
                   std::min(pending->second.expiry->first, now() + settings_.duplicate_patience));
        if (settings_.recall && replica_ != nullptr) ask_state({payload->digest});
        break;
      case RefusalReason::kFull:
        refuse(Cause::kFull);
        break;
      case RefusalReason::kOversize:
        refuse(Cause::kOversize);
        break;
      case RefusalReason::kNoLeader:
        refuse(Cause::kNoLeader);
        break;
      case RefusalReason::kStopped:
        refuse(Cause::kStopped);
        break;
      case RefusalReason::kWitness:
        refuse(Cause::kWitness);
        break;
    }
  }
  deliver(deliveries);
}

// Whether blocks that are not known here held them.
void ClientDesk::ask_state(std::vector<Digest> payloads) {
  replica_->query([this, payloads = std::move(payloads)](const Application& state, Height) {
    Deliveries deliveries;
    for (const Digest& id : payloads) {
      std::optional<Answer> found = settings_.recall(state, id);
      if (!found) continue;
      const std::lock_guard lock(mutex_);
      const auto pending = pending_.find(id);
      if (pending == pending_.end()) continue;
      Answer answer;
      answer.id = id;
      answer.outcome = Outcome::kOrdered;
      answer.height = found->height;
      answer.receipts = std::move(found->receipts);
      settle(pending, std::move(answer), deliveries);
    }
    deliver(deliveries);
  });
}

void ClientDesk::on_read_ready(Token token, Height /*height*/) {
  const std::lock_guard lock(mutex_);
  if (replica_ == nullptr || !reads_.contains(token)) return;
  // The execution thread has got as far already.
  replica_->query(
      [this, token](const Application& state, Height height) { run_query(token, state, height); });
}

void ClientDesk::on_read_refused(Token token) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    const auto read = reads_.find(token);
    if (read != reads_.end()) fail_read(read, ReadFailure::kRefused, deliveries);
  }
  deliver(deliveries);
}

void ClientDesk::on_checkpoint(const Checkpoint& checkpoint) {
  const std::lock_guard lock(mutex_);
  if (checkpoint.height > checkpoint_.height) checkpoint_ = checkpoint;
}

void ClientDesk::on_evidence(const effect::EvidenceFound& /*evidence*/) {
  const std::lock_guard lock(mutex_);
  ++evidence_;
}

void ClientDesk::on_membership(const Membership& membership) {
  const std::lock_guard lock(mutex_);
  membership_ = membership;
}

void ClientDesk::on_stopped(StopReason reason, const std::string& explanation) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = reason;
    explanation_ = explanation;
    settle_all(Cause::kStopped, deliveries);
    fail_reads(ReadFailure::kStopped, deliveries);
  }
  deliver(deliveries);
}

void ClientDesk::on_disk_full(bool full) {
  const std::lock_guard lock(mutex_);
  disk_full_ = full;
}

void ClientDesk::on_journal_failed(const Error& /*error*/) {
  const std::lock_guard lock(mutex_);
  journal_failed_ = true;
}

// --- Time

void ClientDesk::on_time() {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    const TimePoint at = now();
    expire(at, deliveries);
    for (auto read = reads_.begin(); read != reads_.end();) {
      const auto next = std::next(read);
      if (read->second.deadline <= at) fail_read(read, ReadFailure::kTimedOut, deliveries);
      read = next;
    }
    look(at);
  }
  deliver(deliveries);
}

void ClientDesk::expire(TimePoint at, Deliveries& deliveries) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= at) {
    const auto due = deadlines_.begin();
    const auto pending = pending_.find(due->second);
    GOVCHAIN_ASSERT(pending != pending_.end());
    Pending& it = pending->second;
    Answer answer = pending_answer(pending->first, it);
    if (it.expiry == due) {
      answer.outcome = Outcome::kUnknown;
      answer.cause = it.is_duplicate ? Cause::kDuplicate : Cause::kExpired;
      settle(pending, std::move(answer), deliveries);
      continue;
    }
    const auto waiter = std::find_if(it.waiters.begin(), it.waiters.end(),
                                     [&](const Waiter& one) { return one.deadline == due; });
    GOVCHAIN_ASSERT(waiter != it.waiters.end());
    deliveries.emplace_back(
        [answered = std::move(waiter->answered), answer = std::move(answer)] { answered(answer); });
    it.waiters.erase(waiter);
    --waiters_;
    deadlines_.erase(due);
  }
}

void ClientDesk::set_expiry(const Digest& id, Pending& pending, TimePoint expiry) {
  deadlines_.erase(pending.expiry);
  pending.expiry = deadlines_.emplace(expiry, id);
}

void ClientDesk::membership_changes(std::function<void(std::vector<StoredBlock>)> taker) {
  {
    const std::lock_guard lock(mutex_);
    if (replica_ != nullptr && !stopped_) return replica_->membership_changes(std::move(taker));
  }
  taker({});
}

// One at a time, so that a loop that is held up does not find a heap of them.
void ClientDesk::look(TimePoint at) {
  if (replica_ == nullptr || look_asked_) return;
  if (look_ && at < looked_ + settings_.look_interval) return;
  look_asked_ = at;
  replica_->look([this](const Replica::Look& seen) {
    const std::lock_guard lock(mutex_);
    look_ = seen;
    looked_ = now();
    look_asked_.reset();
  });
}

}  // namespace govchain::consensus::node
