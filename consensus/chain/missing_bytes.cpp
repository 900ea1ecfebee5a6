// Bytes that a certified block names and this replica lacks. It votes without them, and asks those
// who signed that they hold them, one after the other, with growing patience; a final block waits
// for them before it is committed here.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

namespace {

bool names(const Payload& name, const Payload& body) {
  return name.named && name.digest == body.digest && name.size == body.size &&
         name.transactions == body.transactions;
}

bool is_complete(const std::vector<PayloadRef>& payloads) {
  return std::none_of(payloads.begin(), payloads.end(),
                      [](const PayloadRef& payload) { return payload->named; });
}

}  // namespace

// The block with the bytes of all its payloads, and without the proof that they can be had; null if
// one is missing.
BlockRef ChainEngine::whole_block(const BlockRef& block) const {
  if (block->availability.empty()) return block;
  std::vector<PayloadRef> payloads;
  payloads.reserve(block->payloads.size());
  for (const PayloadRef& payload : block->payloads) {
    PayloadRef body = payload->named ? find_payload(*payload) : payload;
    if (!body) return {};
    payloads.push_back(std::move(body));
  }
  return BlockRef(same_block(*block, std::move(payloads)));
}

// The first record of the log without which the bytes of this block's payloads would be lost; null
// if the log does not have them all. Where proposals carry their bytes, so do their records.
std::optional<Ticket> ChainEngine::bytes_logged_at(const Block& block) const {
  Ticket first(UINT64_MAX);
  if (!certifies()) return first;
  for (const PayloadRef& payload : block.payloads) {
    const HeldBatch* const held = batches_.logged(payload->digest);
    if (held == nullptr) return std::nullopt;
    first = std::min(first, held->ticket);
  }
  return first;
}

void ChainEngine::wait_for_bytes(const BlockRef& block, const CertificateRef& certificate) {
  if (waiting_commit_ && waiting_commit_->block->digest == block->digest) return;
  waiting_commit_ = StoredBlock{block, certificate};
  want_bytes(*block, Duration::zero());
}

void ChainEngine::retry_commit() {
  if (waiting_commit_->block->height <= committed_) {
    waiting_commit_.reset();
    return;
  }
  if (is_installing() || !whole_block(waiting_commit_->block)) return;
  const StoredBlock waiting = *waiting_commit_;
  commit_block(waiting.block, waiting.certificate);
}

void ChainEngine::want_bytes(const Block& block, Duration patience) {
  const bool all = std::all_of(
      block.payloads.begin(), block.payloads.end(),
      [&](const PayloadRef& payload) { return !payload->named || find_payload(*payload); });
  if (all || block.height <= committed_) return;
  const std::optional<std::vector<CertifiedBatch>> batches = batches_of(block);
  GOVCHAIN_ASSERT(batches.has_value());  // it was looked at before it came here
  for (const CertifiedBatch& named : *batches) {
    auto missing = std::find_if(missing_.begin(), missing_.end(), [&](const MissingBatch& known) {
      return known.batch == named.batch->digest && known.payloads.size() == named.count;
    });
    if (missing == missing_.end()) {
      if (missing_.size() == kMaxMissingBatches) missing_.erase(missing_.begin());
      MissingBatch fresh;
      fresh.batch = named.batch->digest;
      const auto first = block.payloads.begin() + static_cast<std::ptrdiff_t>(named.first);
      fresh.payloads.assign(first, first + static_cast<std::ptrdiff_t>(named.count));
      fresh.signers = named.certificate->signers;
      fresh.due = now_ + patience;
      missing_.push_back(std::move(fresh));
      missing = missing_.end() - 1;
    }
    missing->height = std::max(missing->height, block.height);
    if (missing->asked == 0) missing->due = std::min(missing->due, now_ + patience);
  }
  ask_for_missing();
}

// Asks for what is due, and sets the timer for what is due next.
void ChainEngine::ask_for_missing() {
  std::erase_if(missing_,
                [&](const MissingBatch& missing) { return missing.height <= committed_; });
  std::optional<TimePoint> next;
  for (MissingBatch& missing : missing_) {
    for (PayloadRef& payload : missing.payloads) {
      if (!payload->named) continue;
      if (PayloadRef body = find_payload(*payload)) payload = std::move(body);
    }
    if (is_complete(missing.payloads)) continue;
    if (missing.due <= now_) {
      if (const uint32_t peer = next_holder(missing); peer != kNobody) ask_for_batch(peer, missing);
      missing.due = now_ + std::max(patience(missing.asked / 2) / 4, Duration::milliseconds(1));
    }
    if (!next || missing.due < *next) next = missing.due;
  }
  if (next) {
    set_timer(kMissingTimer, *next);
  } else {
    cancel_timer(kMissingTimer);
  }
}

// Its signers in turn, not all who miss it beginning with the same one; after two rounds anybody,
// who may have got it meanwhile.
uint32_t ChainEngine::next_holder(MissingBatch& missing) const {
  const size_t signers = missing.signers.size();
  const size_t start = is_member() ? self_ : 0;
  for (size_t i = 0; i < signers + voters_.size(); ++i) {
    const size_t turn = start + missing.asked++;
    const uint32_t peer = turn < start + 2 * signers ? position_of(missing.signers[turn % signers])
                                                     : voters_[turn % voters_.size()];
    if (peer != kNobody && peer != self_) return peer;
  }
  return kNobody;
}

void ChainEngine::ask_for_batch(uint32_t peer, const MissingBatch& missing) {
  std::vector<Digest> digests;
  for (const PayloadRef& payload : missing.payloads) {
    if (payload->named && digests.size() < kMaxRequestPayloads) digests.push_back(payload->digest);
  }
  Ref<Message> query = new_common(CommonType::kPayloadQuery, Lane::kVote);
  encode_digests(digests, query->body);
  send(peer, std::move(query));
}

// Bytes that came, by whatever way: their digest says what they are.
void ChainEngine::supply(const PayloadRef& body) {
  mempool_.supply(body);
  for (MissingBatch& missing : missing_) {
    for (PayloadRef& payload : missing.payloads) {
      if (names(*payload, *body)) payload = body;
    }
  }
}

void ChainEngine::take_bytes(uint32_t peer, const Message& message) {
  bool any = false;
  for (const PayloadRef& body : message.payloads) {
    const bool wanted =
        std::any_of(missing_.begin(), missing_.end(), [&](const MissingBatch& missing) {
          return std::any_of(missing.payloads.begin(), missing.payloads.end(),
                             [&](const PayloadRef& payload) { return names(*payload, *body); });
        });
    if (!wanted) {
      ++counters_.duplicate;
      continue;
    }
    any = true;
    supply(body);
  }
  if (!any) return;
  // What did not fit into one answer.
  for (const MissingBatch& missing : missing_) {
    const bool signer = std::find(missing.signers.begin(), missing.signers.end(), id_of(peer)) !=
                        missing.signers.end();
    if (signer && missing.asked > 0 && !is_complete(missing.payloads)) ask_for_batch(peer, missing);
  }
}

}  // namespace govchain::consensus::chain
