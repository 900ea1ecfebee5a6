// Entries that name their payloads (ProposalBodies::kByDigest): a client's payload goes to
// everybody from the replica that took it, and the leader replicates an order of names.
// "HovercRaft" (Kogias and Bugnion, EuroSys 2020, §3.2) does the same with multicast: the leader's
// link no longer carries every payload to every follower. An entry is acknowledged when its bytes
// are in the log, as ever; a follower that lacks some asks the leader, whose log has them (§3.2,
// "recovery").

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/raft/raft_engine.h"

namespace govchain::consensus::raft {

// --- Leader

// What others have committed they remember no more, and who is being probed has perhaps just come
// back: these get the bytes.
bool RaftEngine::is_sent_by_names(const Progress& progress, const Block& block) const {
  return config_.proposal_bodies == ProposalBodies::kByDigest && !progress.witness &&
         !block.payloads.empty() && block.height > commit_ &&
         progress.state == ProgressState::kReplicate &&
         version_at(block.height) >= kProposalsByDigestSince;
}

// The entry again with its payloads, beside the pipeline: it was sent and counts there already.
void RaftEngine::on_payload_query(ReplicaId from, const Message& message) {
  if (!message.body.empty() || message.block || !message.payloads.empty()) {
    ++counters_.malformed;
    return;
  }
  Progress* const progress = progress_.find(node_id(from));
  const BlockRef block = log_.block_at(message.height);
  if (!is_leader() || progress == nullptr || progress->witness || !block ||
      message.height == Height()) {
    ++counters_.stale;
    return;
  }
  const Height previous(message.height.value() - 1);
  const std::optional<View> previous_term = log_.term_at(previous);
  if (!previous_term) {
    ++counters_.stale;
    return;
  }
  progress->recent_active = progress->heard = true;
  ++counters_.accepted;
  Ref<Message> answer = new_message(MessageType::kAppend, Lane::kBody, previous);
  encode_body(AppendBody{*previous_term, commit_}, *answer);
  answer->block = block;
  answer->version = version_at(block->height);
  send(from, std::move(answer), hard_state_ticket_);
}

// --- Follower

void RaftEngine::on_append_names(ReplicaId from, const MessageRef& reference) {
  const Message& message = *reference;
  AppendBody body;
  if (!message.block || !message.by_digest || witness_ || !is_ordered(message, body)) {
    ++counters_.malformed;
    return;
  }
  if (is_log_closed()) return;
  const Block& block = *message.block;
  // Nothing is taken from an entry that is here already, nor from one that does not follow our log:
  // that one is refused, unless the one before it waits for its payloads.
  const bool known = block.height <= commit_ || log_.term_at(block.height) == block.view;
  const bool follows = agrees_at(message.height, body.previous_term);
  const BlockRef whole = with_payloads(block);
  if (known || (follows && whole) || (!follows && named_.empty())) {
    append_from_leader(from, message, whole ? whole : message.block, body);
    return take_named();
  }
  if (!named_.empty() && named_.back()->view != message.view) named_.clear();
  const bool later = named_.empty() || named_.back()->height < message.height;
  if (!later || named_.size() >= raft_.max_append_messages) {
    ++(later ? counters_.future : counters_.duplicate);
    return;
  }
  named_.push_back(reference);
  if (whole) return;  // it waits for the one before it
  Ref<Message> query = new_message(MessageType::kPayloadQuery, Lane::kVote, block.height);
  send(from, std::move(query), hard_state_ticket_);
}

// Null if some of its payloads are not here.
BlockRef RaftEngine::with_payloads(const Block& named) const {
  std::vector<PayloadRef> payloads;
  payloads.reserve(named.payloads.size());
  for (const PayloadRef& name : named.payloads) {
    PayloadRef body = mempool_.find(name->digest);
    if (!body || body->size != name->size || body->transactions != name->transactions) return {};
    payloads.push_back(std::move(body));
  }
  return BlockRef(same_block(named, std::move(payloads)));
}

// In order, as far as payloads have come. Whatever was lost for good, a question of the leader
// finds that the log ends too early, and brings the entries whole.
void RaftEngine::take_named() {
  while (!named_.empty() && !stopped_) {
    const MessageRef next = named_.front();
    const bool over = next->view != term_ || role_ != Role::kFollower || !leader_ || transfer_;
    if (over) return named_.clear();
    const Height height = next->block->height;
    const bool known = height <= commit_ || log_.term_at(height) == next->block->view;
    BlockRef whole;
    if (!known) {
      if (next->height > log_.last()) return;
      whole = with_payloads(*next->block);
      if (!whole) return;
    }
    named_.erase(named_.begin());
    if (!whole) continue;
    AppendBody body;
    const bool ordered = is_ordered(*next, body);
    GOVCHAIN_ASSERT(ordered);
    append_from_leader(*leader_, *next, whole, body);
  }
}

}  // namespace govchain::consensus::raft
