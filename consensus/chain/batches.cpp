// Batches with availability certificates (ProposalBodies::kCertified): what a replica takes from
// its clients goes to all with its bytes, and may be proposed by its name when f+1 weight has
// acknowledged that it holds them durably (Narwhal, EuroSys'22, §4.1). README.md, "Certified
// batches", says why f+1, and when bytes may be forgotten.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

// Heights for which a batch of now may be ordered. Who acknowledges must be at most half of it
// ahead of its origin, and as much as all of it behind.
uint64_t ChainEngine::batch_life() const {
  return 2 * config_.checkpoint_interval + 2 * uint64_t{config_.max_in_flight} + 16;
}

// With at most f weight faulty or down, one of f+1 that signed is honest and up.
uint64_t ChainEngine::availability_quorum() const {
  if (is_availability_weak()) return std::max<uint64_t>(quorum_.faulty(), 1);
  return quorum_.weak();
}

// An upgrade is in force since the last block. What came before it and waits was never certified:
// one's own goes into batches, and others' comes again in theirs.
void ChainEngine::begin_certifying() {
  forget_foreign_payloads();
  mempool_.for_each_pending([&](ReplicaId /*origin*/, const PayloadRef& payload,
                                Height /*height*/) { unbatched_.push_back(payload); });
  for (const PayloadRef& payload : unbatched_) mempool_.make_ready(payload->digest, false);
}

bool ChainEngine::is_well_formed_batch(const Block& batch, const Message& message) const {
  if (batch.digest != message.digest || message.view != View(0) ||
      batch.payload_size() > config_.max_block_bytes ||
      batch.transactions() > config_.max_block_transactions) {
    return false;
  }
  seen_.clear();
  for (const PayloadRef& payload : batch.payloads) {
    if (seen_.find(payload->digest)) return false;
    seen_.insert(payload->digest, 0);
  }
  return true;
}

void ChainEngine::receive_batch(uint32_t peer, const Message& message) {
  if (message.epoch != epoch()) {
    ++(message.epoch < epoch() ? counters_.stale : counters_.future);
    return;
  }
  if (!certifies() || message.payloads.empty() || message.block || !message.body.empty() ||
      message.payloads.size() > kMaxRequestPayloads) {
    ++counters_.malformed;
    return;
  }
  const BlockRef batch =
      make_batch(config_.hash, epoch(), id_of(peer), message.height, message.payloads);
  if (!is_well_formed_batch(*batch, message)) {
    ++counters_.malformed;
    return;
  }
  // Bytes are bytes, whatever becomes of the batch.
  for (const PayloadRef& payload : batch->payloads) supply(payload);
  if (HeldBatch* const held = batches_.find(batch->digest); held != nullptr && held->whole) {
    ++counters_.duplicate;
    if (held->acknowledgement) return forward(peer, held->acknowledgement, held->ticket);
    // Restored from the log, or the disk was full: before it came or while it was written down.
    if (held->ticket != Ticket() || !held->certificate) acknowledge(*held);
    return;
  }
  // The lower bound keeps one origin from filling the log by batches that expire at once; the upper
  // one, from having them kept for ever.
  const uint64_t life = batch_life();
  if (message.height <= committed_ + life / 2 || message.height > committed_ + 2 * life) {
    const bool late = message.height <= committed_ + life / 2;
    ++(late ? counters_.stale : counters_.future);
    // Its origin is behind, perhaps without knowing it.
    if (late) send_status(peer);
    return;
  }
  if (!admit_batch(peer, *batch)) return;
  if (!config_.replicas_verify_payloads) return hold_batch(batch);
  PendingVerification pending;
  pending.kind = PendingVerification::Kind::kBatch;
  pending.peer = peer;
  pending.block = batch;
  (void)verify_later(std::move(pending), {});
}

// Whether there is room for all of it in what the mempool grants its origin.
bool ChainEngine::admit_batch(uint32_t peer, const Block& batch) {
  const bool known = batches_.find(batch.digest) != nullptr;
  if (!known && batches_.count_of(id_of(peer)) >= kMaxBatchesPerOrigin) {
    ++counters_.oversize;
    return false;
  }
  const size_t ordered = tell_ordered(peer, batch);
  std::vector<Digest> added;
  bool fits = true;
  for (const PayloadRef& payload : batch.payloads) {
    if (!fits || mempool_.is_committed(payload->digest) || mempool_.is_pending(payload->digest)) {
      continue;
    }
    fits = add_named(id_of(peer), payload);
    if (fits) added.push_back(payload->digest);
  }
  if (fits && ordered < batch.payloads.size()) return true;
  for (const Digest& digest : added) (void)mempool_.remove(digest);
  ++(fits ? counters_.duplicate : counters_.oversize);
  return false;
}

// Not to be proposed before it is certified, or again where an unfinal block has it already.
bool ChainEngine::add_named(ReplicaId origin, const PayloadRef& payload) {
  if (mempool_.add(now_, origin, payload, false)) return false;
  if (const std::optional<Height> height = in_flight_at(payload->digest)) {
    mempool_.mark_in_flight(*height, std::span(&payload, 1));
  }
  return true;
}

// Its origin may have skipped the blocks that ordered them, and wait for them for ever.
size_t ChainEngine::tell_ordered(uint32_t peer, const Block& batch) {
  std::vector<Digest> ordered;
  for (const PayloadRef& payload : batch.payloads) {
    if (mempool_.is_committed(payload->digest)) ordered.push_back(payload->digest);
  }
  if (ordered.empty()) return 0;
  Ref<Message> reply = new_common(CommonType::kAlreadyOrdered, Lane::kVote);
  encode_digests(ordered, reply->body);
  send(peer, std::move(reply));
  return ordered.size();
}

void ChainEngine::hold_batch(const BlockRef& batch) {
  HeldBatch* held = batches_.find(batch->digest);
  if (held == nullptr) {
    held = &batches_.add(batch);
  } else if (!held->whole) {
    batches_.fill(*held, batch);
  }
  // Once it is certified nobody waits for another acknowledgement.
  if (!held->certificate) acknowledge(*held);
}

// Their clients' signatures are part of what an acknowledgement says where replicas verify them.
void ChainEngine::on_batch_verified(const PendingVerification& pending, bool valid) {
  const Block& batch = *pending.block;
  if (batch.epoch != epoch() || batch.height <= committed_) return;
  if (valid) {
    ++counters_.accepted;
    return hold_batch(pending.block);
  }
  ++counters_.forged;
  for (const PayloadRef& payload : batch.payloads) {
    const bool foreign = mempool_.origin_of(payload->digest) == batch.proposer;
    if (foreign && batches_.holder(payload->digest) == nullptr) {
      (void)mempool_.remove(payload->digest);
    }
  }
}

// --- certificates

void ChainEngine::receive_availability(uint32_t peer, const Message& message) {
  if (message.epoch != epoch()) {
    ++(message.epoch < epoch() ? counters_.stale : counters_.future);
    return;
  }
  Ref<Block> nothing = Ref<Block>::make();
  nothing->epoch = epoch();
  const std::optional<std::vector<CertifiedBatch>> proofs =
      read_availability(config_.chain, protocol_, version(), config_.hash, *nothing, message.body);
  if (!certifies() || message.block || !message.payloads.empty() || !proofs ||
      proofs->size() != 1 || proofs->front().batch->digest != message.digest ||
      weight_of(*proofs->front().certificate, membership_) < availability_quorum()) {
    ++counters_.malformed;
    return;
  }
  const CertifiedBatch& proof = proofs->front();
  if (tell_ordered(peer, *proof.batch) == proof.batch->payloads.size()) {
    ++counters_.duplicate;
    return;
  }
  const HeldBatch* const held = batches_.find(message.digest);
  if (held != nullptr && held->certificate) {
    ++counters_.duplicate;
    // What was forgotten with the state that a snapshot replaced is proposed again.
    return learn_certificate(held->batch, held->certificate);
  }
  if (proof.batch->height <= committed_ || proof.batch->height > committed_ + 2 * batch_life()) {
    ++(proof.batch->height <= committed_ ? counters_.stale : counters_.future);
    return;
  }
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  if (!is_availability_unverified()) append_claims(*proof.certificate, *claims);
  PendingVerification pending;
  pending.kind = PendingVerification::Kind::kAvailability;
  pending.peer = peer;
  pending.block = proof.batch;
  pending.certificate = proof.certificate;
  (void)verify_later(std::move(pending), ClaimListRef(std::move(claims)));
}

// The batch's payloads may be proposed from now on, with their bytes here or without.
void ChainEngine::learn_certificate(const BlockRef& batch, const CertificateRef& certificate) {
  if (batch->epoch != epoch() || batch->height <= committed_) return;
  HeldBatch* held = batches_.find(batch->digest);
  if (held == nullptr) {
    if (batches_.count_of(batch->proposer) >= kMaxBatchesPerOrigin) return;
    const bool waits = std::any_of(
        batch->payloads.begin(), batch->payloads.end(),
        [&](const PayloadRef& payload) { return !mempool_.is_committed(payload->digest); });
    if (!waits) return;
    held = &batches_.add(batch);
  }
  if (!held->certificate) batches_.certify(*held, certificate);
  // Of this replica's own what does not wait any more was answered: others had ordered it.
  const bool own = batch->proposer == config_.self && !held->votes.empty();
  for (const PayloadRef& payload : held->batch->payloads) {
    if (mempool_.is_committed(payload->digest)) continue;
    if (!mempool_.is_pending(payload->digest)) {
      if (own) continue;
      (void)add_named(batch->proposer, payload);  // or others propose it
    }
    mempool_.make_ready(payload->digest, find_doubtful(payload->digest) == nullptr);
  }
  dirty_ = true;
}

// --- forgetting

// What cannot be ordered any more: the height that it was good for is final here, so it is in no
// block up to there that this replica does not have; or its epoch is over, and with it the weight
// of who vouches for it. Of one's own batches also those that nobody would acknowledge any more.
void ChainEngine::forget_batches() {
  std::vector<Digest> over;
  const Height reached = reached_by_others();
  batches_.for_each([&](const HeldBatch& held) {
    const Block& batch = *held.batch;
    const bool unwanted = is_under_way(held) && batch.height <= reached + batch_life() / 2;
    if (batch.epoch != epoch() || batch.height <= committed_ || unwanted) {
      over.push_back(batch.digest);
    }
  });
  for (const Digest& digest : over) forget_batch(digest);
  std::erase_if(missing_,
                [&](const MissingBatch& missing) { return missing.height <= committed_; });
}

// Its payloads wait in another batch, or are put into one again by the replica whose clients wait.
// Of what that replica sent before it crashed it may know the name alone: then nobody waits here.
void ChainEngine::forget_batch(const Digest& digest) {
  const BlockRef batch = batches_.find(digest)->batch;
  batches_.remove(digest);
  for (const PayloadRef& payload : batch->payloads) {
    const std::optional<ReplicaId> origin = mempool_.origin_of(payload->digest);
    if (!origin) continue;
    const bool own = *origin == config_.self && !mempool_.find(payload->digest)->named;
    if (batches_.certified(payload->digest, committed_.next()) != nullptr) {
      mempool_.make_ready(payload->digest, find_doubtful(payload->digest) == nullptr);
    } else if (own && batches_.held_of(payload->digest, config_.self) == nullptr) {
      // Another's batch that nobody has certified may be given up where it comes from.
      mempool_.make_ready(payload->digest, false);
      batch_anew(payload->digest);
    } else if (batches_.holder(payload->digest) != nullptr) {
      mempool_.make_ready(payload->digest, false);
    } else {
      (void)mempool_.remove(payload->digest);
    }
  }
}

void ChainEngine::batch_anew(const Digest& digest) {
  const bool waits =
      std::any_of(unbatched_.begin(), unbatched_.end(),
                  [&](const PayloadRef& waiting) { return waiting->digest == digest; });
  if (waits) return;
  unbatched_.push_back(mempool_.find(digest));
  dirty_ = true;
}

// Ordered whole: whoever lacks the bytes gets them from the block.
void ChainEngine::forget_ordered_batches(const Block& block) {
  const HeldBatch* last = nullptr;
  for (const PayloadRef& payload : block.payloads) {
    const HeldBatch* const held = batches_.holder(payload->digest);
    if (held == nullptr || held == last) continue;
    last = held;
    const std::vector<PayloadRef>& payloads = held->batch->payloads;
    const bool ordered = std::all_of(payloads.begin(), payloads.end(), [&](const PayloadRef& one) {
      return mempool_.is_committed(one->digest);
    });
    if (!ordered) continue;
    batches_.remove(held->batch->digest);
    last = nullptr;
  }
}

}  // namespace govchain::consensus::chain
