// A replica's own certified batches: made of what its clients want, acknowledged by others, told to
// all with their certificate (batches.cpp), and taken up again after a crash.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

// What this replica sent before it crashed lies in its log and in others', and takes the room that
// one origin is granted until it is ordered or expires, which it may never do where nobody else has
// anything to order. Certificates were not durable, so it asks for acknowledgements again, a few
// batches at a time. Those that are half-way to their expiry are known to whoever would answer.
void ChainEngine::resume_batches() {
  if (!is_member() || is_installing() || disk_full_) return;
  const Height fresh = committed_ + batch_life() / 2;
  size_t under_way = 0;
  batches_.for_each([&](const HeldBatch& held) {
    if (held.restored && is_unanswered(held) && held.batch->height > fresh) ++under_way;
  });
  resumes_batches_ = false;
  batches_.for_each([&](HeldBatch& held) {
    const Block& batch = *held.batch;
    const bool own = held.restored && batch.proposer == config_.self && held.votes.empty();
    if (!own || held.certificate || batch.epoch != epoch() || batch.height <= committed_) return;
    if (under_way >= kMaxOwnUncertified) {
      resumes_batches_ = true;
      return;
    }
    held.votes.resize(members());
    held.sent = now_;
    for (const PayloadRef& payload : batch.payloads) {
      if (mempool_.is_committed(payload->digest)) continue;
      (void)add_named(config_.self, payload);
    }
    if (!is_waited_for(batch)) return;
    if (batch.height > fresh) ++under_way;
    broadcast_batch(held);
    acknowledge(held);
  });
}

// At once while none is under way; what comes meanwhile goes together (Nagle, RFC 896), or as soon
// as it fills a block.
void ChainEngine::send_batches() {
  while (!unbatched_.empty() && is_member() && !is_installing() && !disk_full_) {
    size_t under_way = 0;
    batches_.for_each([&](const HeldBatch& held) { under_way += is_under_way(held) ? 1 : 0; });
    std::vector<PayloadRef> payloads;
    Bytes size;
    uint64_t transactions = 0;
    size_t looked_at = 0;
    bool full = false;
    for (const PayloadRef& payload : unbatched_) {
      full = payloads.size() == kMaxRequestPayloads ||
             size + payload->size > config_.max_block_bytes ||
             transactions + payload->transactions > config_.max_block_transactions;
      if (full) break;
      ++looked_at;
      if (!mempool_.is_pending(payload->digest)) continue;  // ordered or refused meanwhile
      payloads.push_back(payload);
      size += payload->size;
      transactions += payload->transactions;
    }
    if (under_way >= (full ? kMaxOwnUncertified : 1)) return;
    if (batches_.count_of(config_.self) >= kMaxBatchesPerOrigin) return;
    unbatched_.erase(unbatched_.begin(),
                     unbatched_.begin() + static_cast<std::ptrdiff_t>(looked_at));
    if (!payloads.empty()) send_batch(std::move(payloads));
  }
}

void ChainEngine::send_batch(std::vector<PayloadRef> payloads) {
  // Where others are: who is behind could not have its batches acknowledged before it has caught
  // up.
  const BlockRef batch = make_batch(config_.hash, epoch(), config_.self,
                                    reached_by_others() + batch_life(), std::move(payloads));
  HeldBatch* held = batches_.find(batch->digest);
  if (held == nullptr) held = &batches_.add(batch);
  held->votes.resize(members());
  held->sent = now_;
  broadcast_batch(*held);
  acknowledge(*held);
}

void ChainEngine::broadcast_batch(const HeldBatch& held) {
  if (members() == 1) return;
  Ref<Message> message = new_common(CommonType::kBatch, Lane::kBody);
  message->view = View(0);
  message->height = held.batch->height;
  message->digest = held.batch->digest;
  message->payloads = held.batch->payloads;
  broadcast(std::move(message));
}

// Says that the bytes are here and stay: when the log has them.
void ChainEngine::acknowledge(HeldBatch& held) {
  if (!may_vote() || held.signing) return;
  if (held.ticket == Ticket()) held.ticket = persist(make_batch_record(held.batch));
  held.signing = true;
  Ref<Message> draft = new_common(CommonType::kAcknowledgement, Lane::kVote);
  draft->view = View(0);
  draft->height = held.batch->height;
  draft->digest = held.batch->digest;
  request_signature(std::move(draft), is_acknowledged_early() ? Ticket() : held.ticket);
}

void ChainEngine::on_acknowledgement_signed(const MessageRef& message, Ticket after) {
  HeldBatch* const held = batches_.find(message->digest);
  if (held == nullptr) return;
  held->signing = false;
  held->acknowledgement = message;
  const uint32_t origin = position_of(held->batch->proposer);
  if (origin == kNobody) return;
  if (origin != self_) return forward(origin, message, after);
  if (held->votes.empty()) return;  // of a life before the crash
  held->votes[self_] = message;
  count_acknowledgements(*held);
}

void ChainEngine::receive_acknowledgement(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.view != View(0) || message.block || !message.body.empty() ||
      !message.payloads.empty() || weight_of(peer) == 0) {
    ++counters_.malformed;
    return;
  }
  const HeldBatch* const held = batches_.find(message.digest);
  if (message.epoch != epoch() || held == nullptr || held->votes.empty()) {
    ++counters_.stale;
    return;
  }
  if (message.version != version()) {
    ++counters_.malformed;
    return;
  }
  if (held->certificate || held->votes[peer] || held->batch->height != message.height) {
    ++counters_.duplicate;
    return;
  }
  Peer& state = peers_[peer];
  if (state.verifications >= verifications_per_peer_) {
    ++counters_.oversize;
    return;
  }
  ++state.verifications;
  sink_->emit(effect::Verify{new_token(), reference});
}

void ChainEngine::on_acknowledgement_verified(const MessageRef& reference, bool valid) {
  if (reference->epoch != epoch()) return;
  const uint32_t position = position_of(reference->sender);
  if (peers_[position].verifications > 0) --peers_[position].verifications;
  if (!valid) {
    ++counters_.forged;
    return;
  }
  ++counters_.accepted;
  HeldBatch* const held = batches_.find(reference->digest);
  if (held == nullptr || held->certificate || held->votes.empty()) return;
  held->votes[position] = reference;
  count_acknowledgements(*held);
}

void ChainEngine::count_acknowledgements(HeldBatch& held) {
  if (held.certificate) return;
  uint64_t weight = 0;
  for (uint32_t i = 0; i < held.votes.size(); ++i) {
    if (held.votes[i]) weight += weight_of(i);
  }
  if (weight < availability_quorum()) return;
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = acknowledgement_of(config_.chain, protocol_, version(), *held.batch);
  for (const MessageRef& vote : held.votes) {
    if (!vote) continue;
    certificate->signers.push_back(vote->sender);
    certificate->signatures.push_back(vote);
  }
  const BlockRef batch = held.batch;
  learn_certificate(batch, CertificateRef(std::move(certificate)));
  if (const HeldBatch* const certified = batches_.find(batch->digest)) {
    send_availability(*certified);
  }
}

// Names and certificate: who has the bytes may propose them, and so may who has not.
void ChainEngine::send_availability(const HeldBatch& held) {
  if (members() == 1) return;
  Ref<Message> message = new_common(CommonType::kAvailability, Lane::kVote);
  message->view = View(0);
  message->height = held.batch->height;
  message->digest = held.batch->digest;
  encode_batch_proof(*held.batch, *held.certificate,
                     std::vector<bool>(held.batch->payloads.size(), false), message->body);
  seal_message(*message);
  // This replica's own acknowledgement is among them, and was counted before it was durable.
  forward_to_all(MessageRef(std::move(message)), held.ticket);
}

bool ChainEngine::own_batches_wait() const {
  bool waits = !unbatched_.empty();
  batches_.for_each([&](const HeldBatch& held) { waits = waits || is_unanswered(held); });
  return waits;
}

// This replica's own, sent in this life, not yet acknowledged by enough, and somebody waits for it.
// Where others have ordered all of it meanwhile they acknowledge nothing any more.
bool ChainEngine::is_unanswered(const HeldBatch& held) const {
  return held.batch->proposer == config_.self && !held.votes.empty() && !held.certificate &&
         is_waited_for(*held.batch);
}

// The next one waits for it. What was made before a crash holds nothing up: perhaps nobody else has
// it, and it is too old for them to take.
bool ChainEngine::is_under_way(const HeldBatch& held) const {
  return !held.restored && is_unanswered(held);
}

bool ChainEngine::is_waited_for(const Block& batch) const {
  return std::any_of(
      batch.payloads.begin(), batch.payloads.end(),
      [this](const PayloadRef& payload) { return mempool_.is_pending(payload->digest); });
}

// With pass_on_own(): what has waited long may have been lost. All certificates, and of what has
// none the batch that was sent least lately.
void ChainEngine::resend_own_batches() {
  HeldBatch* oldest = nullptr;
  batches_.for_each([&](HeldBatch& held) {
    if (held.batch->proposer != config_.self || held.votes.empty()) return;
    if (!is_waited_for(*held.batch)) return;
    if (held.certificate) return send_availability(held);
    if (oldest == nullptr || held.sent < oldest->sent) oldest = &held;
  });
  if (oldest == nullptr) return;
  oldest->sent = now_;
  broadcast_batch(*oldest);
  if (!oldest->acknowledgement) acknowledge(*oldest);
}

}  // namespace govchain::consensus::chain
