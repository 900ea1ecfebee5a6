// What clients ask of a desk.

#include "consensus/node/client/client_desk.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "consensus/codec.h"

namespace govchain::consensus::node {

namespace {

TimePoint monotonic_now() {
  const auto elapsed = std::chrono::steady_clock::now().time_since_epoch();
  return TimePoint::since_start(
      Duration::nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count()));
}

}  // namespace

ClientDesk::ClientDesk(DeskSettings settings)
    : settings_(std::move(settings)), final_(settings_.remembered) {
  if (!settings_.clock) settings_.clock = monotonic_now;
}

void ClientDesk::attach(DeskReplica& replica, const Checkpoint& checkpoint) {
  const std::lock_guard lock(mutex_);
  GOVCHAIN_ASSERT(replica_ == nullptr);
  replica_ = &replica;
  checkpoint_ = checkpoint;
  disk_full_ = false;
  journal_failed_ = false;
  stopped_.reset();
  explanation_.clear();
  look_.reset();
  look_asked_.reset();
}

void ClientDesk::detach() {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    replica_ = nullptr;
    settle_all(Cause::kStopped, deliveries);
    fail_reads(ReadFailure::kStopped, deliveries);
  }
  deliver(deliveries);
}

void ClientDesk::drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

bool ClientDesk::is_idle() const {
  const std::lock_guard lock(mutex_);
  return pending_.empty() && reads_.empty();
}

void ClientDesk::deliver(Deliveries& deliveries) {
  for (const auto& delivery : deliveries) delivery();
}

// --- Submissions

void ClientDesk::submit(std::span<const uint8_t> bytes, uint32_t transactions, Duration wait,
                        Answered answered) {
  Deliveries deliveries;
  const bool fits = !bytes.empty() && bytes.size() <= settings_.max_payload.count() &&
                    transactions > 0 && transactions <= settings_.max_transactions;
  // Hashing takes a while, so it is done without the lock.
  const PayloadRef payload =
      fits ? make_payload(settings_.hash, bytes, transactions) : PayloadRef();
  {
    const std::lock_guard lock(mutex_);
    const Digest id = payload ? payload->digest : Digest{};
    std::optional<Answer> answer;
    if (!payload) {
      answer = refused(id, Cause::kOversize);
    } else if ((answer = final_.find(id))) {
      ++counters_.repeated;
    } else if (const auto pending = pending_.find(id); pending != pending_.end()) {
      ++counters_.repeated;
      hold_or_wait(pending, wait, std::move(answered), deliveries);
    } else if (const Cause cause = reason_to_refuse(payload->size); cause != Cause::kNone) {
      answer = refused(id, cause);
    } else {
      admit(payload, wait, std::move(answered), deliveries);
    }
    if (answer) {
      if (answer->outcome == Outcome::kRefused) count(*answer);
      deliveries.emplace_back(
          [answered = std::move(answered), answer = std::move(*answer)] { answered(answer); });
    }
  }
  deliver(deliveries);
}

void ClientDesk::admit(const PayloadRef& payload, Duration wait, Answered answered,
                       Deliveries& deliveries) {
  const TimePoint at = now();
  const auto admitted = pending_.emplace(payload->digest, Pending{}).first;
  admitted->second.size = payload->size;
  admitted->second.since = at;
  admitted->second.expiry = deadlines_.emplace(at + settings_.pending_lifetime, payload->digest);
  pending_bytes_ += payload->size;
  if (settings_.verify_payloads) {
    admitted->second.unchecked = payload;
    ++checking_;
    checking_bytes_ += payload->size;
    replica_->check(payload, [this, id = payload->digest](bool good) { checked(id, good); });
  } else {
    ++counters_.admitted;
    failures_.erase(payload->digest);
    replica_->propose(payload);
  }
  hold_or_wait(admitted, wait, std::move(answered), deliveries);
}

void ClientDesk::checked(const Digest& id, bool good) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    const auto pending = pending_.find(id);
    // It may be final by way of another replica, or given up.
    if (pending == pending_.end() || !pending->second.unchecked) return;
    if (!good) {
      settle(pending, refused(id, Cause::kForged), deliveries);
    } else {
      ++counters_.admitted;
      failures_.erase(id);
      replica_->propose(pending->second.unchecked);
      end_check(pending->second);
      waiters_ -= pending->second.held.size();
      const TimePoint at = now();
      for (Held& held : std::exchange(pending->second.held, {})) {
        wait_for(pending, held.until - at, std::move(held.answered), deliveries);
      }
    }
  }
  deliver(deliveries);
}

void ClientDesk::end_check(Pending& pending) {
  if (!pending.unchecked) return;
  --checking_;
  checking_bytes_ -= pending.size;
  pending.unchecked = {};
}

void ClientDesk::look_up(const Digest& payload, Duration wait, Answered answered) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    if (const auto pending = pending_.find(payload); pending != pending_.end()) {
      wait_for(pending, wait, std::move(answered), deliveries);
    } else {
      std::optional<Answer> answer = final_.find(payload);
      const auto failure = failures_.find(payload);
      if (!answer && failure != failures_.end()) answer = failure->second;
      if (!answer) {
        answer.emplace();
        answer->id = payload;
        answer->outcome = Outcome::kMissing;
      }
      deliveries.emplace_back(
          [answered = std::move(answered), answer = std::move(*answer)] { answered(answer); });
    }
  }
  deliver(deliveries);
}

Cause ClientDesk::reason_to_refuse(Bytes size) const {
  if (replica_ == nullptr || stopped_) return Cause::kStopped;
  if (draining_) return Cause::kDraining;
  if (settings_.self && membership_) {
    const Member* const member = membership_->find(*settings_.self);
    if (member != nullptr && member->is_witness()) return Cause::kWitness;
  }
  if (pending_.size() >= settings_.max_pending) return Cause::kFull;
  if (pending_bytes_ + size > settings_.max_pending_bytes) return Cause::kFull;
  if (settings_.verify_payloads && (checking_ >= settings_.max_checking ||
                                    checking_bytes_ + size > settings_.max_checking_bytes)) {
    return Cause::kFull;
  }
  // As of the replica's last step: what is admitted until the next may be refused by the engine.
  if (size > replica_->credit()) return Cause::kFull;
  return Cause::kNone;
}

Answer ClientDesk::refused(const Digest& id, Cause cause) const {
  Answer answer;
  answer.id = id;
  answer.outcome = Outcome::kRefused;
  answer.cause = cause;
  if (cause == Cause::kFull || cause == Cause::kNoLeader) {
    answer.try_again_after = settings_.try_again_after;
  }
  return answer;
}

Answer ClientDesk::pending_answer(const Digest& id, const Pending& pending) {
  Answer answer;
  answer.id = id;
  if (pending.is_duplicate) {
    answer.outcome = Outcome::kUnknown;
    answer.cause = Cause::kDuplicate;
  }
  return answer;
}

// Whoever submits hears nothing before the check, however short the wait.
void ClientDesk::hold_or_wait(PendingMap::iterator pending, Duration wait, Answered answered,
                              Deliveries& deliveries) {
  if (!pending->second.unchecked || waiters_ >= settings_.max_waiters) {
    return wait_for(pending, wait, std::move(answered), deliveries);
  }
  ++waiters_;
  pending->second.held.push_back(Held{now() + wait, std::move(answered)});
}

void ClientDesk::wait_for(PendingMap::iterator pending, Duration wait, Answered answered,
                          Deliveries& deliveries) {
  const Digest& id = pending->first;
  if (wait <= Duration::zero() || waiters_ >= settings_.max_waiters) {
    deliveries.emplace_back([answered = std::move(answered),
                             answer = pending_answer(id, pending->second)] { answered(answer); });
    return;
  }
  ++waiters_;
  const auto deadline = deadlines_.emplace(now() + wait, id);
  pending->second.waiters.push_back(Waiter{deadline, std::move(answered)});
}

// The outcome is known: it leaves the pending ones, and who waits is told.
void ClientDesk::settle(PendingMap::iterator pending, Answer answer, Deliveries& deliveries) {
  count(answer);
  deadlines_.erase(pending->second.expiry);
  for (Waiter& waiter : pending->second.waiters) {
    deadlines_.erase(waiter.deadline);
    deliveries.emplace_back([answered = std::move(waiter.answered), answer] { answered(answer); });
  }
  for (Held& held : pending->second.held) {
    deliveries.emplace_back([answered = std::move(held.answered), answer] { answered(answer); });
  }
  waiters_ -= pending->second.waiters.size() + pending->second.held.size();
  pending_bytes_ -= pending->second.size;
  // Whoever sent what was not proposed is told, and nobody else has to know.
  const bool is_proposed = !pending->second.unchecked;
  end_check(pending->second);
  pending_.erase(pending);
  if (answer.outcome != Outcome::kFinal && is_proposed) remember_failure(std::move(answer));
}

void ClientDesk::settle_all(Cause cause, Deliveries& deliveries) {
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    const auto next = std::next(pending);
    // What was not proposed yet is in no block.
    const bool is_unchecked = static_cast<bool>(pending->second.unchecked);
    if (!is_unchecked || cause == Cause::kStopped) {
      Answer answer;
      answer.id = pending->first;
      answer.outcome = is_unchecked ? Outcome::kRefused : Outcome::kUnknown;
      answer.cause = cause;
      settle(pending, std::move(answer), deliveries);
    }
    pending = next;
  }
}

void ClientDesk::remember_failure(Answer answer) {
  if (failures_.contains(answer.id)) {
    failures_[answer.id] = std::move(answer);
    return;
  }
  // One whose answer went because it was submitted again still has its place in the order.
  while (failures_in_order_.size() >= std::max(settings_.remembered_failures, 1U)) {
    failures_.erase(failures_in_order_.front());
    failures_in_order_.pop_front();
  }
  failures_in_order_.push_back(answer.id);
  failures_.emplace(answer.id, std::move(answer));
}

void ClientDesk::count(const Answer& answer) {
  const auto cause = static_cast<size_t>(answer.cause);
  if (answer.outcome == Outcome::kFinal) ++counters_.final;
  if (answer.outcome == Outcome::kOrdered) ++counters_.ordered;
  if (answer.outcome == Outcome::kRefused) ++counters_.refused.at(cause);
  if (answer.outcome == Outcome::kUnknown) ++counters_.unknown.at(cause);
}

// --- Reads

void ClientDesk::read(ReadConsistency consistency, Duration wait, ExecutionThread::Query query,
                      ReadFailed failed) {
  Deliveries deliveries;
  {
    const std::lock_guard lock(mutex_);
    ++counters_.reads;
    const auto read =
        reads_.emplace(++last_token_, Read{now() + wait, std::move(query), std::move(failed)})
            .first;
    const Token token = read->first;
    if (replica_ == nullptr || stopped_) {
      fail_read(read, ReadFailure::kStopped, deliveries);
    } else if (reads_.size() > settings_.max_reads) {
      fail_read(read, ReadFailure::kTooMany, deliveries);
    } else if (consistency == ReadConsistency::kLinearizable) {
      replica_->read(token);
    } else {
      replica_->query([this, token](const Application& state, Height height) {
        run_query(token, state, height);
      });
    }
  }
  deliver(deliveries);
}

// On the execution thread. Nothing happens if the read has been answered meanwhile.
void ClientDesk::run_query(Token token, const Application& state, Height height) {
  ExecutionThread::Query query;
  {
    const std::lock_guard lock(mutex_);
    const auto read = reads_.find(token);
    if (read == reads_.end()) return;
    query = std::move(read->second.query);
    reads_.erase(read);
  }
  query(state, height);
}

void ClientDesk::fail_read(std::map<Token, Read>::iterator read, ReadFailure failure,
                           Deliveries& deliveries) {
  ++counters_.failed_reads.at(static_cast<size_t>(failure));
  deliveries.emplace_back([failed = std::move(read->second.failed), failure] { failed(failure); });
  reads_.erase(read);
}

void ClientDesk::fail_reads(ReadFailure failure, Deliveries& deliveries) {
  while (!reads_.empty()) fail_read(reads_.begin(), failure, deliveries);
}

// --- Looks

std::optional<FinalBlocks::Whole> ClientDesk::block(Height height) const {
  const std::lock_guard lock(mutex_);
  return final_.find(height);
}

std::optional<FinalBlocks::Range> ClientDesk::blocks() const {
  const std::lock_guard lock(mutex_);
  return final_.held();
}

ClientDesk::View ClientDesk::view() const {
  const std::lock_guard lock(mutex_);
  View view;
  view.look = look_;
  view.look_age = now() - looked_;
  view.stopped = stopped_;
  view.explanation = explanation_;
  view.attached = replica_ != nullptr;
  view.disk_full = disk_full_;
  view.draining = draining_;
  view.membership = membership_;
  view.checkpoint = checkpoint_;
  view.evidence = evidence_;
  view.pending = pending_.size();
  view.pending_bytes = pending_bytes_;
  view.checking = checking_;
  view.journal_failed = journal_failed_;
  view.waiters = waiters_;
  view.reads = reads_.size();
  view.remembered = final_.payloads();
  view.remembered_bytes = final_.memory();
  view.counters = counters_;
  return view;
}

}  // namespace govchain::consensus::node
