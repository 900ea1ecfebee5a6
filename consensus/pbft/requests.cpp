// Payloads of clients: admission, and passing them on to the primary (OSDI'99 §4.1).

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::admit(ReplicaId origin, const PayloadRef& payload, bool local) {
  dirty_ = true;
  const bool suppressed = !planted(Mutant::kDuplicateNotSuppressed) &&
                          in_flight_.find(payload->digest).has_value() && !local;
  if (suppressed) {
    ++counters_.duplicate;
    return;
  }
  const std::optional<RefusalReason> refusal = mempool_.add(now_, origin, payload);
  if (refusal) {
    if (local) {
      sink_->emit(effect::Refused{payload, *refusal});
    } else {
      ++(*refusal == RefusalReason::kDuplicate ? counters_.duplicate : counters_.oversize);
    }
    return;
  }
  // In a block already that came by another way.
  if (const std::optional<uint32_t> at = in_flight_.find(payload->digest)) {
    mempool_.mark_in_flight(Height(*at), std::span(&payload, 1));
  }
  if (local && !in_view_change_ && !is_primary()) forward(payload);
}

void PbftEngine::forward(const PayloadRef& payload) {
  Ref<Message> request = new_message(MessageType::kRequest, Lane::kBody);
  request->payloads.push_back(payload);
  send_request(std::move(request), false);
}

void PbftEngine::send_request(Ref<Message> request, bool to_all) {
  if (to_all) {
    seal_message(*request);
    sink_->emit(effect::Broadcast{MessageRef(std::move(request)), Ticket()});
  } else {
    send(id_of(primary_of(view_)), std::move(request));
  }
}

// Passes everything that this replica's clients wait for on to the primary, after a change of view;
// or to everybody, when a primary does not order it, so that others suspect the primary too.
void PbftEngine::pass_on_own(bool to_all, uint32_t most) {
  if (!to_all && is_primary()) return;
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
      request = new_message(MessageType::kRequest, Lane::kBody);
      size = {};
    }
    request->payloads.push_back(payload);
    size += payload->size;
  });
  if (request) send_request(std::move(request), to_all);
}

// In a view change, again and again, because any of it may be lost: at most a block of what has
// waited longest, and after ever longer pauses while nothing is ordered. Those who have it keep it.
void PbftEngine::offer_own() {
  if (offers_ > 0 && now_ < offer_due_) return;
  offer_due_ = now_ + patience(offers_);
  ++offers_;
  pass_on_own(true, 1);
}

void PbftEngine::receive_request(uint32_t peer, const Message& message) {
  if (message.payloads.empty() || message.block || message.payloads.size() > kMaxRequestPayloads) {
    ++counters_.malformed;
    return;
  }
  std::vector<Digest> ordered;
  for (const PayloadRef& payload : message.payloads) {
    if (mempool_.is_committed(payload->digest)) {
      ordered.push_back(payload->digest);
      ++counters_.duplicate;
      continue;
    }
    admit(id_of(peer), payload, false);
  }
  if (ordered.empty()) return;
  Ref<Message> reply = new_message(MessageType::kAlreadyOrdered, Lane::kVote);
  encode_digests(ordered, reply->body);
  send(id_of(peer), std::move(reply));
}

// A replica that skipped blocks by state transfer cannot know that they held its payloads. When
// enough others say so that one of them is honest, the payload is done with.
void PbftEngine::receive_already_ordered(uint32_t peer, const Message& message) {
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
      fresh.peers.resize(membership_.size());
      ordered_notices_.push_back(std::move(fresh));
      notice = ordered_notices_.end() - 1;
    }
    if (notice->peers.contains(peer)) continue;
    notice->peers.add(peer);
    notice->weight += weight_of(peer);
    if (notice->weight < quorum_.weak()) continue;
    ordered_notices_.erase(notice);
    // Not remembered as ordered: its block may be one that this replica has prepared and not yet
    // committed, and the next view must find that block as it is (suppress_duplicates).
    (void)mempool_.remove(digest);
    sink_->emit(effect::Refused{payload, RefusalReason::kDuplicate});
  }
}

// After a state transfer: what others' clients wait for is theirs to pass on again.
void PbftEngine::forget_foreign_payloads() {
  std::vector<Digest> foreign;
  mempool_.for_each_pending([&](ReplicaId origin, const PayloadRef& payload, Height /*height*/) {
    if (origin != config_.self) foreign.push_back(payload->digest);
  });
  for (const Digest& digest : foreign) (void)mempool_.remove(digest);
}

}  // namespace govchain::consensus::pbft
