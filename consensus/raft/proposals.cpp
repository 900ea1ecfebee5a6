// From a client's payload to an entry of the leader's log.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

// --- The log and what depends on it

Ticket RaftEngine::append_to_log(BlockRef block) {
  if (witness_) return append_as_witness(*block);
  const Height height = block->height;
  const Ticket ticket = persist(make_entry_record(block));
  index_uncommitted(*block);
  mempool_.mark_in_flight(height, block->payloads);
  const bool configures = !block->control.empty();
  if (configures) {
    const bool understood = configurations_.append(height, block->control);
    GOVCHAIN_ASSERT(understood);
  }
  log_.append(std::move(block), ticket);
  if (configures) on_configuration_appended();
  return ticket;
}

void RaftEngine::truncate_log(Height from) {
  GOVCHAIN_ASSERT(from > commit_);
  for (Height height = from; height <= log_.last(); ++height) {
    if (const BlockRef block = log_.block_at(height)) unindex(*block);
  }
  log_.truncate(from);
  mempool_.release(from);
  durable_height_ = std::min(durable_height_, log_.last());
  verified_ = std::min(verified_, log_.last());
  if (configurations_.truncate(from)) on_configuration_appended();
}

void RaftEngine::index_uncommitted(const Block& block) {
  const auto place = static_cast<uint32_t>(block.height.value());
  for (const PayloadRef& payload : block.payloads) {
    if (!uncommitted_.find(payload->digest)) uncommitted_.insert(payload->digest, place);
  }
}

void RaftEngine::unindex(const Block& block) {
  const auto place = static_cast<uint32_t>(block.height.value());
  for (const PayloadRef& payload : block.payloads) {
    if (uncommitted_.find(payload->digest) == place) uncommitted_.erase(payload->digest);
  }
}

// --- Leader

bool RaftEngine::may_propose() const {
  return is_leader() && !stopped_ && !transfer_target_ && window_load_ == Token() &&
         log_.last().value() - commit_.value() < config_.max_in_flight &&
         commit_.value() - executed_.value() < kMaxUnexecutedBlocks;
}

void RaftEngine::propose_if_due() {
  while (may_propose() && mempool_.waiting_payloads() > 0) {
    const TimePoint due = mempool_.oldest_waiting().value_or(now_) + config_.batch_delay;
    const bool full = mempool_.waiting_bytes() >= config_.max_block_bytes ||
                      mempool_.waiting_transactions() >= config_.max_block_transactions;
    if (!full && now_ < due) {
      const std::optional<TimePoint>& armed = timers_[static_cast<size_t>(TimerKind::kBatch)];
      if (armed != due) set_timer(TimerKind::kBatch, due);
      return;
    }
    propose_block({}, true);
  }
}

void RaftEngine::propose_block(std::vector<uint8_t> control, bool with_payloads) {
  Ref<Block> block = Ref<Block>::make();
  block->height = log_.last().next();
  block->view = term_;
  block->epoch = configurations_.members_for(block->height).epoch;
  block->proposer = config_.self;
  block->wall_time = wall_time();
  last_block_time_ = block->wall_time;
  block->control = std::move(control);
  if (with_payloads) {
    mempool_.select(block->height, config_.max_block_bytes, config_.max_block_transactions,
                    block->payloads);
  }
  seal_block(config_.hash, *block);
  ++counters_.proposals;
  append_to_log(BlockRef(std::move(block)));
  replicate_to_all();
  // Usually the entry carries the news of the last commit to everybody.
  const bool reached_all =
      std::all_of(progress_.begin(), progress_.end(), [this](const auto& peer) {
        return peer.first == self_node() || peer.second.witness ||
               (peer.second.state == ProgressState::kReplicate &&
                peer.second.next > log_.last().value());
      });
  if (reached_all) announced_commit_ = commit_;
}

// --- Payloads

// A client's payload (local), or one that another replica passed on.
void RaftEngine::admit(ReplicaId origin, const PayloadRef& payload, bool local) {
  if (!payload) return;
  if (witness_) {
    if (local) sink_->emit(effect::Refused{payload, RefusalReason::kWitness});
    return;
  }
  const std::optional<RefusalReason> refused = mempool_.add(now_, origin, payload);
  if (refused) {
    if (*refused == RefusalReason::kDuplicate) ++counters_.duplicate;
    if (*refused == RefusalReason::kOversize) ++counters_.oversize;
    if (local) sink_->emit(effect::Refused{payload, *refused});
    return;
  }
  // It may be in the log already, proposed by an earlier leader and not yet committed: then it
  // waits for the fate of that entry.
  if (const std::optional<uint32_t> place = uncommitted_.find(payload->digest);
      place && !planted(Mutant::kDuplicateNotSuppressed)) {
    const Height base = commit_;
    const uint32_t ahead = *place - static_cast<uint32_t>(base.value());
    mempool_.mark_in_flight(base + ahead, std::span<const PayloadRef>(&payload, 1));
  }
  if (local && (names_payloads() || (leader_ && !is_leader()))) forward(payload);
  if (is_leader()) propose_if_due();
}

// To the leader; where entries only name their payloads, to everybody who needs the bytes.
void RaftEngine::forward(const PayloadRef& payload) {
  Ref<Message> message = new_message(MessageType::kForward, Lane::kBody, commit_);
  message->payloads.push_back(payload);
  if (names_payloads()) {
    send_to_full(std::move(message), hard_state_ticket_);
  } else {
    send(*leader_, std::move(message), hard_state_ticket_);
  }
}

// After a change of leader, and now and then in case something was lost: the leader suppresses what
// it has already. `others_too`: also what other replicas' clients want, and that they passed on.
void RaftEngine::forward_pending(bool others_too) {
  if (!leader_ || is_leader()) return;
  uint64_t bytes = 0;
  Ref<Message> message;
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height in_flight) {
    if ((origin != config_.self && !others_too) || in_flight != Height()) return;
    if (bytes >= config_.max_block_bytes.count()) return;
    if (!message) message = new_message(MessageType::kForward, Lane::kBody, commit_);
    bytes += payload->size.count();
    if (message->payloads.size() < config_.max_block_transactions) {
      message->payloads.push_back(payload);
    }
  });
  if (message) send(*leader_, std::move(message), hard_state_ticket_);
}

void RaftEngine::on_forward(ReplicaId from, const Message& message) {
  if (!message.body.empty() || message.block) {
    ++counters_.malformed;
    return;
  }
  if (message.payloads.size() > kMaxPayloadsPerBlock) {
    ++counters_.oversize;
    return;
  }
  // The sender knows that these payloads are in no block up to its commit index; we know it of
  // every block from window_from_ on. Between the two nobody knows, and the sender will ask again
  // when it has caught up.
  if ((!is_leader() && !names_payloads()) || message.height.next() < window_from_) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  for (const PayloadRef& payload : message.payloads) admit(from, payload, false);
  if (!named_.empty()) take_named();
}

void RaftEngine::on_retry_timer() {
  const std::optional<TimePoint> oldest = mempool_.oldest_waiting();
  if (!is_leader() && oldest && now_ - *oldest >= election_timeout_) {
    // Whoever sent a payload to all may have crashed before the leader got it.
    forward_pending(names_payloads() && now_ - *oldest >= election_timeout_ * kOrphanTimeouts);
  }
  forward_change();
  expire_forwarded_reads(false);
  resend_checkpoint_votes();
  set_timer(TimerKind::kRetry, now_ + election_timeout_);
}

}  // namespace govchain::consensus::raft
