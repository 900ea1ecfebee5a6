// Proposals that name their payloads (EngineConfig::proposal_bodies). Clients' replicas send
// payloads to everybody, so their bytes are usually here before the proposal; what is missing is
// asked for, of who sent the proposal and then of others in turn. A protocol only ever sees whole
// blocks.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

namespace {

PayloadRef name_of(const Payload& payload) {
  Ref<Payload> name = Ref<Payload>::make();
  name->digest = payload.digest;
  name->size = payload.size;
  name->transactions = payload.transactions;
  name->named = true;
  return PayloadRef(std::move(name));
}

}  // namespace

PayloadRef ChainEngine::find_payload(const Payload& named) const {
  const auto is_it = [&](const PayloadRef& payload) {
    return payload && !payload->named && payload->digest == named.digest &&
           payload->size == named.size && payload->transactions == named.transactions;
  };
  PayloadRef pending = mempool_.find(named.digest);
  if (is_it(pending)) return pending;
  if (has_batches()) {
    PayloadRef batched = batches_.body(named.digest);
    if (is_it(batched)) return batched;
    for (const MissingBatch& missing : missing_) {
      const auto found = std::find_if(missing.payloads.begin(), missing.payloads.end(), is_it);
      if (found != missing.payloads.end()) return *found;
    }
    return {};
  }
  const auto fetched = std::find_if(fetched_.begin(), fetched_.end(), is_it);
  if (fetched != fetched_.end()) return *fetched;
  PayloadRef held = find_in_blocks(named.digest);
  return is_it(held) ? held : PayloadRef();
}

// A mempool forgets in a crash; a block that was proposed or voted for is in the log, and perhaps
// nowhere else any more.
PayloadRef ChainEngine::find_in_blocks(const Digest& digest) const {
  for (const BlockRef& block : held_blocks_) {
    for (const PayloadRef& payload : block->payloads) {
      if (payload->digest == digest) return payload;
    }
  }
  return {};
}

void ChainEngine::hold_block(const BlockRef& block) {
  if (!names_payloads() || certifies() || block->payloads.empty()) return;
  const auto same = [&](const BlockRef& held) { return held->digest == block->digest; };
  if (std::any_of(held_blocks_.begin(), held_blocks_.end(), same)) return;
  if (held_blocks_.size() == kMaxHeldBlocks) held_blocks_.erase(held_blocks_.begin());
  held_blocks_.push_back(block);
}

// The message with a block whose payloads have their bytes; null if one of them is not here, or
// with its name if the block proves that its bytes can be had. The digests are the same, so the
// signature is good for it as well.
MessageRef ChainEngine::with_bodies(const Message& message) const {
  const Block& named = *message.block;
  std::vector<PayloadRef> payloads;
  payloads.reserve(named.payloads.size());
  for (const PayloadRef& payload : named.payloads) {
    PayloadRef body = find_payload(*payload);
    if (!body && named.availability.empty()) return {};
    payloads.push_back(body ? std::move(body) : name_of(*payload));
  }
  Ref<Block> block = same_block(named, std::move(payloads));
  block->availability.assign(named.availability.begin(), named.availability.end());
  Ref<Message> whole = Ref<Message>::make();
  whole->protocol = message.protocol;
  whole->type = message.type;
  whole->lane = message.lane;
  whole->version = message.version;
  whole->sender = message.sender;
  whole->epoch = message.epoch;
  whole->view = message.view;
  whole->height = message.height;
  whole->digest = message.digest;
  whole->signature = message.signature;
  whole->body.assign(message.body.begin(), message.body.end());
  whole->payloads = message.payloads;
  whole->block = BlockRef(std::move(block));
  whole->by_digest = true;  // and so it is passed on
  seal_message(*whole);
  return MessageRef(std::move(whole));
}

void ChainEngine::wait_for_bodies(uint32_t peer, const MessageRef& reference) {
  if (reference->height <= committed_) {
    ++counters_.stale;
    return;
  }
  const auto same = [&](const NamedProposal& named) {
    return named.message->sender == reference->sender && named.message->view == reference->view &&
           named.message->height == reference->height &&
           named.message->digest == reference->digest && named.peer == peer;
  };
  if (std::any_of(named_.begin(), named_.end(), same)) {
    ++counters_.duplicate;
    return;
  }
  const auto of_peer = [&](const NamedProposal& named) { return named.peer == peer; };
  if (static_cast<size_t>(std::count_if(named_.begin(), named_.end(), of_peer)) >=
      std::max<size_t>(kMaxNamedPerPeer, config_.max_in_flight)) {
    named_.erase(std::find_if(named_.begin(), named_.end(), of_peer));
    ++counters_.future;
  }
  named_.push_back({reference, peer});
  ask_for_bodies(peer, *reference);
}

void ChainEngine::ask_for_bodies(uint32_t peer, const Message& message) {
  std::vector<Digest> missing;
  for (const PayloadRef& payload : message.block->payloads) {
    if (missing.size() < kMaxRequestPayloads && !find_payload(*payload)) {
      missing.push_back(payload->digest);
    }
  }
  if (missing.empty()) return;
  Ref<Message> query = new_common(CommonType::kPayloadQuery, Lane::kVote);
  encode_digests(missing, query->body);
  send(peer, std::move(query));
}

// With every status message, of the next replica in turn: who sent the proposal may be gone, or
// lie.
void ChainEngine::ask_again_for_bodies() {
  std::erase_if(named_,
                [&](const NamedProposal& named) { return named.message->height <= committed_; });
  for (const NamedProposal& named : named_) {
    const uint32_t peer = quiet_ticks_ % 2 == 0 ? named.peer : responder_;
    if (peer != self_) ask_for_bodies(peer, *named.message);
  }
}

void ChainEngine::take_whole_proposals() {
  for (size_t i = 0; i < named_.size();) {
    const bool over = named_[i].message->height <= committed_;
    if (!over && !with_bodies(*named_[i].message)) {
      ++i;
      continue;
    }
    const NamedProposal named = std::move(named_[i]);
    named_.erase(named_.begin() + static_cast<std::ptrdiff_t>(i));
    if (over) continue;
    const uint32_t before = std::exchange(from_, named.peer);
    dispatch_own_kind(named.peer, named.message);
    from_ = before;
    i = 0;  // what it caused may have changed the list
  }
  if (named_.empty()) fetched_.clear();
}

void ChainEngine::receive_payload_query(uint32_t peer, const Message& message) {
  const std::optional<std::vector<Digest>> digests = decode_digests(message.body);
  if (!digests || !message.payloads.empty() || message.block) {
    ++counters_.malformed;
    return;
  }
  Ref<Message> reply = new_common(CommonType::kPayloadReply, Lane::kBody);
  Bytes size;
  seen_.clear();
  for (const Digest& digest : *digests) {
    PayloadRef payload = mempool_.find(digest);
    if (payload && payload->named) payload = {};
    if (!payload) payload = has_batches() ? batches_.body(digest) : find_in_blocks(digest);
    if (!payload) {
      if (!seen_.find(digest)) seen_.insert(digest, 0);
      continue;
    }
    if (size > config_.max_block_bytes) break;
    reply->payloads.push_back(payload);
    size += payload->size;
  }
  if (has_batches() && seen_.size() > 0) add_ordered(reply->payloads, size);
  if (!reply->payloads.empty()) send(peer, std::move(reply));
}

// Of those in seen_ what was ordered here, and perhaps not yet where the question comes from.
void ChainEngine::add_ordered(std::vector<PayloadRef>& found, Bytes size) {
  for (size_t i = recent_.size(); i-- > 0;) {
    for (const PayloadRef& payload : recent_[i].block->payloads) {
      if (size > config_.max_block_bytes) return;
      if (!seen_.erase(payload->digest)) continue;
      found.push_back(payload);
      size += payload->size;
    }
  }
}

void ChainEngine::receive_payload_reply(uint32_t peer, const Message& message) {
  if (message.payloads.empty() || message.payloads.size() > kMaxRequestPayloads || message.block) {
    ++counters_.malformed;
    return;
  }
  const auto is_missing = [&](const PayloadRef& payload) {
    if (find_payload(*payload)) return false;
    return std::any_of(named_.begin(), named_.end(), [&](const NamedProposal& named) {
      const std::vector<PayloadRef>& wanted = named.message->block->payloads;
      return std::any_of(wanted.begin(), wanted.end(), [&](const PayloadRef& one) {
        return one->digest == payload->digest && one->size == payload->size &&
               one->transactions == payload->transactions;
      });
    });
  };
  if (has_batches()) return take_bytes(peer, message);
  bool any = false;
  for (const PayloadRef& payload : message.payloads) {
    if (!is_missing(payload)) {
      ++counters_.duplicate;
      continue;
    }
    any = true;
    fetched_.push_back(payload);
  }
  if (!any) return;
  take_whole_proposals();
  // What did not fit into one answer.
  for (const NamedProposal& named : named_) {
    if (named.peer == peer) ask_for_bodies(peer, *named.message);
  }
}

}  // namespace govchain::consensus::chain
