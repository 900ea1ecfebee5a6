// What a replica needs for a view that it is about to enter, and gets from others by digest.

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

// Asks for what try_enter_view() lacks: view-change messages from the primary that named them, and
// blocks from one of those who prepared them and so have them on disk. Others in turn, because any
// of them may be silent.
void PbftEngine::request_missing() {
  if (is_disk_full() || !is_member()) return;
  for (size_t i = 0; i < offers_.size(); ++i) {
    if (!offers_[i] || !is_due(offers_[i]->message->view)) continue;
    const NewView offer = *offers_[i];
    request_missing_of(offer);
    if (is_stopped()) return;
  }
}

void PbftEngine::request_missing_of(const NewView& offer) {
  const View view = offer.message->view;
  FetchBody body;
  for (size_t i = 0; i < offer.names.size() && body.items.size() < kMaxFetches; ++i) {
    if (offer.found[i].message) continue;
    body.items.push_back({offer.names[i].sender, Height(0), offer.names[i].digest});
  }
  if (body.items.empty()) {
    std::vector<Choice> choices;
    if (choose(offer, choices)) return;
    for (const Choice& choice : choices) {
      if (choice.block || body.items.size() >= kMaxFetches) continue;
      body.items.push_back({ReplicaId(), choice.height, choice.proof->digest()});
    }
  }
  const uint32_t first = primary_of(view);
  // How many at a time bounds what is sent again, nothing else: f is a weight and no count of
  // heads, but whoever is asked next goes round all members, so an honest one that has it comes up.
  const uint64_t others = std::min<uint64_t>(quorum().faulty() + 1, 3);
  for (uint64_t i = 0; i <= others; ++i) {
    fetch_turn_ = (fetch_turn_ + 1) % members();
    const uint32_t peer = i == 0 ? first : fetch_turn_;
    if (peer == self() || (i > 0 && peer == first)) continue;
    Ref<Message> fetch = new_own(MessageType::kFetch, Lane::kVote);
    fetch->view = view;
    encode_body(body, fetch->body);
    send(peer, std::move(fetch));
  }
}

void PbftEngine::receive_fetch(const Message& message) {
  const std::optional<FetchBody> body = decode_fetch(message.body);
  if (!body || message.block || !message.payloads.empty()) {
    ++counters().malformed;
    return;
  }
  for (const FetchBody::Item& item : body->items) {
    if (item.height == Height(0)) {
      const MessageRef found = find_view_change(message.view, item);
      // Only when this replica itself has, durably, left earlier views.
      if (found && message.view <= view_) forward(from(), found, view_ticket_);
      continue;
    }
    const Slot* const wanted = slot_at(item.height);
    const BlockRef block = wanted != nullptr ? wanted->body(item.digest) : BlockRef();
    if (!block) continue;
    Ref<Message> answer = new_own(MessageType::kBody, Lane::kBulk);
    answer->height = item.height;
    answer->digest = item.digest;
    answer->block = block;
    send(from(), std::move(answer));
  }
}

MessageRef PbftEngine::find_view_change(View view, const FetchBody::Item& item) const {
  const auto matches = [&](const MessageRef& candidate) {
    return candidate && candidate->view == view && candidate->digest == item.digest &&
           candidate->sender == item.sender;
  };
  const uint32_t sender = position_of(item.sender);
  if (sender != kNobody && matches(view_changes_[sender].message)) {
    return view_changes_[sender].message;
  }
  const std::optional<NewView>& offer = offers_[primary_of(view)];
  for (const NewView* const named :
       {offer ? &*offer : nullptr, new_view_ ? &*new_view_ : nullptr}) {
    if (named == nullptr) continue;
    for (const ViewChange& known : named->found) {
      if (matches(known.message)) return known.message;
    }
  }
  return {};
}

// A block that a prepared certificate names: nothing else is believed of who brings it, and of the
// proofs of its payloads nothing before they are verified, for this replica shows them to others.
bool PbftEngine::wants_body(const Message& message) {
  if (!message.block || !message.body.empty() || !message.payloads.empty() ||
      message.block->digest != message.digest || message.block->height != message.height) {
    ++counters().malformed;
    return false;
  }
  const Slot* const wanted = slot_at(message.height);
  if (wanted == nullptr || wanted->body(message.digest)) {
    ++counters().duplicate;
    return false;
  }
  if (!is_named(*message.block)) {
    ++counters().stale;
    return false;
  }
  return true;
}

// Whether a new view that this replica may enter has it among its prepared certificates.
bool PbftEngine::is_named(const Block& block) const {
  const auto names_it = [&](const PreparedProof& proof) {
    return proof.height() == block.height && proof.digest() == block.digest;
  };
  const auto names_it_too = [&](const ViewChange& view_change) {
    return view_change.message &&
           std::any_of(view_change.body->proofs.begin(), view_change.body->proofs.end(), names_it);
  };
  return std::any_of(offers_.begin(), offers_.end(), [&](const std::optional<NewView>& offer) {
    return offer && std::any_of(offer->found.begin(), offer->found.end(), names_it_too);
  });
}

void PbftEngine::accept_body(const BlockRef& block) {
  Slot* const wanted = slot_at(block->height);
  if (wanted == nullptr || wanted->body(block->digest) || !is_named(*block)) {
    ++counters().stale;  // while it was verified
    return;
  }
  wanted->keep_body(block);
  Ticket ticket;
  persist_for(*wanted, make_body_record(block), ticket);
  ++counters().block_catch_ups;
  try_enter_view();
}

}  // namespace govchain::consensus::pbft
