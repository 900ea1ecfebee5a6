#include "consensus/chain/batch_store.h"

#include <algorithm>

#include "consensus/assert.h"
#include "consensus/fingerprint.h"

namespace govchain::consensus::chain {

namespace {

PayloadRef find_in(const Block& batch, const Digest& digest) {
  for (const PayloadRef& payload : batch.payloads) {
    if (payload->digest == digest) return payload;
  }
  return {};
}

bool is_whole(const Block& batch) {
  return std::none_of(batch.payloads.begin(), batch.payloads.end(),
                      [](const PayloadRef& payload) { return payload->named; });
}

}  // namespace

HeldBatch* BatchStore::find(const Digest& batch) {
  const std::optional<uint32_t> place = batches_.find(batch);
  return place ? &places_[*place] : nullptr;
}

HeldBatch& BatchStore::add(const BlockRef& batch) {
  GOVCHAIN_ASSERT(!batches_.find(batch->digest));
  auto place = static_cast<uint32_t>(places_.size());
  if (free_.empty()) {
    places_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  places_[place].batch = batch;
  places_[place].whole = is_whole(*batch);
  batches_.insert(batch->digest, place);
  index(place, false);
  return places_[place];
}

void BatchStore::fill(HeldBatch& held, const BlockRef& whole) {
  GOVCHAIN_ASSERT(held.batch->digest == whole->digest);
  held.batch = whole;
  held.whole = is_whole(*whole);
}

void BatchStore::certify(HeldBatch& held, const CertificateRef& certificate) {
  held.certificate = certificate;
  index(*batches_.find(held.batch->digest), true);
}

// Where two batches share a payload both know it, so that either can be found in the other's place.
void BatchStore::index(uint32_t place, bool prefer) {
  HeldBatch& held = places_[place];
  for (const PayloadRef& payload : held.batch->payloads) {
    const std::optional<uint32_t> known = payloads_.find(payload->digest);
    if (!known) {
      payloads_.insert(payload->digest, place);
      continue;
    }
    if (*known == place) continue;
    held.shared = true;
    places_[*known].shared = true;
    if (!prefer) continue;
    (void)payloads_.erase(payload->digest);
    payloads_.insert(payload->digest, place);
  }
}

void BatchStore::remove(const Digest& batch) {
  const std::optional<uint32_t> place = batches_.find(batch);
  GOVCHAIN_ASSERT(place.has_value());
  const HeldBatch gone = std::move(places_[*place]);
  places_[*place] = HeldBatch();
  free_.push_back(*place);
  (void)batches_.erase(batch);
  for (const PayloadRef& payload : gone.batch->payloads) {
    if (payloads_.find(payload->digest) != place) continue;
    (void)payloads_.erase(payload->digest);
    if (!gone.shared) continue;
    std::optional<uint32_t> other;
    for (uint32_t i = 0; i < places_.size(); ++i) {
      if (!places_[i].batch || !find_in(*places_[i].batch, payload->digest)) continue;
      if (!other || places_[i].certificate) other = i;
    }
    if (other) payloads_.insert(payload->digest, *other);
  }
}

template <typename Wanted>
const HeldBatch* BatchStore::find_with(const Digest& payload, Wanted&& wanted) const {
  const std::optional<uint32_t> place = payloads_.find(payload);
  if (!place) return nullptr;
  if (wanted(places_[*place])) return &places_[*place];
  if (!places_[*place].shared) return nullptr;
  for (const HeldBatch& held : places_) {
    if (held.batch && wanted(held) && find_in(*held.batch, payload)) return &held;
  }
  return nullptr;
}

const HeldBatch* BatchStore::certified(const Digest& payload, Height height) const {
  return find_with(payload, [&](const HeldBatch& held) {
    return held.certificate && held.batch->height >= height;
  });
}

const HeldBatch* BatchStore::logged(const Digest& payload) const {
  return find_with(payload,
                   [](const HeldBatch& held) { return held.whole && held.ticket != Ticket(); });
}

const HeldBatch* BatchStore::holder(const Digest& payload) const {
  return find_with(payload, [](const HeldBatch& /*held*/) { return true; });
}

const HeldBatch* BatchStore::held_of(const Digest& payload, ReplicaId origin) const {
  return find_with(payload, [&](const HeldBatch& held) { return held.batch->proposer == origin; });
}

PayloadRef BatchStore::body(const Digest& payload) const {
  const HeldBatch* const held =
      find_with(payload, [](const HeldBatch& candidate) { return candidate.whole; });
  return held == nullptr ? PayloadRef() : find_in(*held->batch, payload);
}

size_t BatchStore::count_of(ReplicaId origin) const {
  return static_cast<size_t>(std::count_if(
      places_.begin(), places_.end(),
      [&](const HeldBatch& held) { return held.batch && held.batch->proposer == origin; }));
}

void BatchStore::encode_state(Writer& out) const {
  encode_each(places_, out, [&](const HeldBatch& held) {
    encode_block(held.batch, out);
    if (!held.batch) return;
    out.u8(static_cast<uint8_t>((held.whole ? 1 : 0) | (held.signing ? 2 : 0) |
                                (held.acknowledgement ? 4 : 0) | (held.certificate ? 8 : 0) |
                                (held.restored ? 16 : 0)));
    out.ordinal(held.ticket);
    out.i64(held.sent.nanoseconds());
    encode_proof(held.certificate, out);
    encode_each(held.votes, out, [&](const MessageRef& vote) { encode_held(vote, out); });
  });
}

uint64_t BatchStore::memory() const {
  uint64_t total = places_.capacity() * sizeof(HeldBatch) + batches_.memory() + payloads_.memory();
  for_each([&](const HeldBatch& held) {
    total += sizeof(Block) + held.batch->payload_size().count() +
             held.batch->payloads.size() * sizeof(Payload) + held.votes.size() * sizeof(MessageRef);
    if (held.certificate) total += held.certificate->signers.size() * 68;
  });
  return total;
}

}  // namespace govchain::consensus::chain
