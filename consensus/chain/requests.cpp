// Payloads of clients: admission, and passing them on to whoever may propose them.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

void ChainEngine::admit(ReplicaId origin, const PayloadRef& payload, bool local) {
  dirty_ = true;
  const std::optional<Height> in_flight = in_flight_at(payload->digest);
  if (in_flight && !local && !is_duplicate_ordered()) {
    ++counters_.duplicate;
    return;
  }
  // With certified batches it is for nobody to propose before it is certified.
  const std::optional<RefusalReason> refusal = mempool_.add(now_, origin, payload, !certifies());
  if (refusal) {
    if (local) {
      sink_->emit(effect::Refused{payload, *refusal});
    } else {
      ++(*refusal == RefusalReason::kDuplicate ? counters_.duplicate : counters_.oversize);
    }
    return;
  }
  // In a block already that came by another way.
  if (in_flight) mempool_.mark_in_flight(*in_flight, std::span(&payload, 1));
  if (!local) return;
  if (certifies()) {
    unbatched_.push_back(payload);
    return;
  }
  const bool to_all = settings_.dissemination == Dissemination::kAll;
  if (!to_all && (in_view_change() || leader() == self_)) return;
  Ref<Message> request = new_common(CommonType::kRequest, Lane::kBody);
  request->payloads.push_back(payload);
  send_request(std::move(request), to_all);
}

void ChainEngine::send_request(Ref<Message> request, bool to_all) {
  if (to_all) {
    broadcast(std::move(request));
  } else {
    send(leader(), std::move(request));
  }
}

void ChainEngine::pass_on_own(bool to_all, uint32_t most) {
  if (certifies()) return resend_own_batches();
  if (!to_all && (leader() == self_ || leader() == kNobody)) return;
  Ref<Message> request;
  Bytes size;
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height /*height*/) {
    if (origin != config_.self || most == 0) return;
    if (request && (size + payload->size > config_.max_block_bytes ||
                    request->payloads.size() >= kMaxRequestPayloads)) {
      send_request(std::move(request), to_all);
      request = {};
      if (--most == 0) return;
    }
    if (!request) {
      request = new_common(CommonType::kRequest, Lane::kBody);
      size = {};
    }
    request->payloads.push_back(payload);
    size += payload->size;
  });
  if (request) send_request(std::move(request), to_all);
}

// What has waited longer than a timeout may have been lost on its way to those who propose, or
// passed over by them: everybody gets it (again), so that whoever proposes next has it. At most a
// block of what has waited longest, and after ever longer pauses while none of it is ordered.
void ChainEngine::offer_own() {
  const std::optional<TimePoint> oldest = mempool_.oldest_pending();
  if (!oldest || now_ - *oldest < config_.base_timeout) {
    offers_ = 0;
    return;
  }
  if (!may_offer() || (offers_ > 0 && now_ < offer_due_)) return;
  offer_due_ = now_ + patience(++offers_);
  pass_on_own(true, 1);
}

void ChainEngine::receive_request(uint32_t peer, const Message& message) {
  // Passed on before an upgrade; its origin will put it into a batch.
  if (certifies() && message.epoch < epoch()) {
    ++counters_.stale;
    return;
  }
  if (certifies() || message.payloads.empty() || message.block ||
      message.payloads.size() > kMaxRequestPayloads) {
    ++counters_.malformed;
    return;
  }
  std::vector<Digest> ordered;
  std::vector<PayloadRef> unverified;
  for (const PayloadRef& payload : message.payloads) {
    if (mempool_.is_committed(payload->digest)) {
      ordered.push_back(payload->digest);
      ++counters_.duplicate;
    } else if (config_.replicas_verify_payloads && !mempool_.find(payload->digest)) {
      unverified.push_back(payload);
    } else {
      admit(id_of(peer), payload, false);
    }
  }
  if (!unverified.empty()) verify_request(peer, std::move(unverified));
  if (ordered.empty()) return;
  Ref<Message> reply = new_common(CommonType::kAlreadyOrdered, Lane::kVote);
  encode_digests(ordered, reply->body);
  send(peer, std::move(reply));
}

// Where replicas look at clients' signatures themselves, what another one passes on is looked at
// before it may be proposed: else one liar could give everybody a payload that nobody votes for,
// and every proposer would propose it. An honest replica passes on only what its own clients gave
// it, so a request with one bad payload is worth nothing as a whole.
void ChainEngine::verify_request(uint32_t peer, std::vector<PayloadRef> payloads) {
  Ref<Block> carrier = Ref<Block>::make();
  carrier->payloads = std::move(payloads);
  PendingVerification pending;
  pending.kind = PendingVerification::Kind::kRequest;
  pending.peer = peer;
  pending.block = BlockRef(std::move(carrier));
  (void)verify_later(std::move(pending), {});  // beyond the bound: it will be offered again
}

void ChainEngine::on_request_verified(const PendingVerification& pending, bool valid) {
  if (pending.peer == kNobody) return;  // the members are others now
  if (!valid) {
    ++counters_.forged;
    return;
  }
  for (const PayloadRef& payload : pending.block->payloads) {
    if (!mempool_.is_committed(payload->digest)) admit(id_of(pending.peer), payload, false);
  }
}

// Whatever is in the mempool was verified on its way there, here or by this replica's host.
bool ChainEngine::holds_payloads(const Block& block) const {
  return std::all_of(block.payloads.begin(), block.payloads.end(), [&](const PayloadRef& payload) {
    return static_cast<bool>(mempool_.find(payload->digest));
  });
}

// A replica that skipped blocks by state transfer cannot know that they held its payloads. When
// enough others say so that one of them is honest, the payload is done with.
void ChainEngine::receive_already_ordered(uint32_t peer, const Message& message) {
  const std::optional<std::vector<Digest>> digests = decode_digests(message.body);
  if (!digests) {
    ++counters_.malformed;
    return;
  }
  for (const Digest& digest : *digests) {
    const PayloadRef payload = mempool_.find(digest);
    if (!payload) continue;
    auto notice = std::find_if(ordered_notices_.begin(), ordered_notices_.end(),
                               [&](const OrderedNotice& known) { return known.digest == digest; });
    if (notice == ordered_notices_.end()) {
      if (ordered_notices_.size() >= kMaxOrderedNotices) {
        ordered_notices_.erase(ordered_notices_.begin());
      }
      OrderedNotice fresh;
      fresh.digest = digest;
      fresh.peers.resize(members());
      ordered_notices_.push_back(std::move(fresh));
      notice = ordered_notices_.end() - 1;
    }
    if (notice->peers.contains(peer)) continue;
    notice->peers.add(peer);
    notice->weight += weight_of(peer);
    bool known = notice->weight >= quorum_.weak();
    if (const DoubtfulPayload* const doubtful = find_doubtful(digest)) {
      // Of those who were members when it was ordered: they may weigh nothing now.
      const Membership* const then = members_of(doubtful->epoch);
      uint64_t weight = 0;
      for (uint32_t i = 0; then != nullptr && i < members(); ++i) {
        const Member* const member = notice->peers.contains(i) ? then->find(id_of(i)) : nullptr;
        if (member != nullptr) weight += member->weight;
      }
      known = known || (then != nullptr && weight >= ByzantineQuorum(*then).weak());
    }
    if (!known) continue;
    ordered_notices_.erase(notice);
    if (find_doubtful(digest) != nullptr) {
      // Below the state that was taken, so no block to come may hold it.
      const Ref<Block> ordered = Ref<Block>::make();
      ordered->payloads.push_back(payload);
      remember_ordered(*ordered);
    } else {
      (void)mempool_.remove(digest);
    }
    sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
  }
}

void ChainEngine::doubt(const Digest& digest) {
  GOVCHAIN_ASSERT(transfer_.has_value());
  mempool_.make_ready(digest, false);
  if (find_doubtful(digest) == nullptr) {
    doubtful_.push_back({digest, transfer_->checkpoint.epoch, now_});
  }
}

const DoubtfulPayload* ChainEngine::find_doubtful(const Digest& digest) const {
  const auto found =
      std::find_if(doubtful_.begin(), doubtful_.end(),
                   [&](const DoubtfulPayload& each) { return each.digest == digest; });
  return found == doubtful_.end() ? nullptr : &*found;
}

// Those who know may be gone. Then nobody can tell, and to order it twice is worse than not at all;
// the client may ask again under another digest.
void ChainEngine::give_up_doubtful() {
  std::erase_if(doubtful_, [this](const DoubtfulPayload& each) {
    const PayloadRef payload = mempool_.find(each.digest);
    if (!payload) return true;
    if (now_ - each.since < config_.base_timeout * kDoubtTimeouts) return false;
    (void)mempool_.remove(each.digest);
    sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
    return true;
  });
}

// After a state transfer: what others' clients wait for is theirs to pass on again.
void ChainEngine::forget_foreign_payloads() {
  std::vector<Digest> foreign;
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height /*height*/) {
    if (origin != config_.self) foreign.push_back(payload->digest);
  });
  for (const Digest& digest : foreign) (void)mempool_.remove(digest);
}

}  // namespace govchain::consensus::chain
