// Entering a view (OSDI'99 §4.4). NEW-VIEW names the view-change messages it rests on (TOCS'02
// §4.4); everybody computes O from them, so there is nothing of the primary's to be believed.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::make_new_view() {
  new_view_made_ = true;
  NewViewBody body;
  for (const ViewChange& candidate : view_changes_) {
    if (!candidate.message || candidate.message->view != view_) continue;
    body.view_changes.push_back({candidate.message->sender, candidate.message->digest});
  }
  Ref<Message> draft = new_message(MessageType::kNewView, Lane::kBody);
  draft->height = Height(0);
  encode_body(body, draft->body);
  draft->digest = hash(config_.hash, draft->body);
  request_signature(MessageRef(std::move(draft)), view_ticket_);
}

void PbftEngine::receive_new_view(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.sender != id_of(primary_of(message.view)) || message.sender == config_.self) {
    ++counters_.unauthorised;
    return;
  }
  if (message.view < view_ || (message.view == view_ && !in_view_change_)) {
    ++counters_.stale;
    return;
  }
  if (new_view_ && new_view_->message->view >= message.view) {
    ++counters_.duplicate;
    return;
  }
  const std::optional<NewViewBody> body = decode_new_view(message.body);
  if (!body || message.view == View(0) || hash(config_.hash, message.body) != message.digest) {
    ++counters_.malformed;
    return;
  }
  uint64_t weight = 0;
  for (const ViewChangeName& name : body->view_changes) {
    const uint32_t position = position_of(name.sender);
    if (position != kNobody) weight += weight_of(position);
  }
  const uint64_t enough = planted(Mutant::kNewViewUnchecked) ? quorum_.weak() : quorum_.quorum();
  if (weight < enough) {
    ++counters_.malformed;
    return;
  }
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kNewView;
  verification.peer = peer;
  verification.message = reference;
  (void)verify_later(std::move(verification), {});
}

void PbftEngine::on_new_view_verified(const PendingVerification& pending, bool valid) {
  const Message& message = *pending.message;
  if (!valid) {
    ++counters_.forged;
    return;
  }
  const bool over = message.view < view_ || (message.view == view_ && !in_view_change_);
  if (over || (new_view_ && new_view_->message->view >= message.view)) {
    ++counters_.stale;
    return;
  }
  ++counters_.accepted;
  std::optional<NewViewBody> body = decode_new_view(message.body);
  take_new_view(pending.message, std::move(body->view_changes));
}

void PbftEngine::take_new_view(const MessageRef& message, std::vector<ViewChangeName> names) {
  NewView taken;
  taken.message = message;
  taken.names = std::move(names);
  taken.found.resize(taken.names.size());
  for (size_t i = 0; i < taken.names.size(); ++i) {
    const uint32_t position = position_of(taken.names[i].sender);
    if (position == kNobody) continue;
    const ViewChange& known = view_changes_[position];
    if (known.message && known.message->view == message->view &&
        known.message->digest == taken.names[i].digest) {
      taken.found[i] = known;
    }
  }
  new_view_ = std::move(taken);
  try_enter_view();
  if (new_view_ && (active_view_ != message->view || in_view_change_)) request_missing();
}

// Enters the view that new_view_ names as soon as every view-change message it rests on, and every
// block that these name, is here.
void PbftEngine::try_enter_view() {
  if (!new_view_ || disk_full_) return;
  const View view = new_view_->message->view;
  if (view < view_ || (view == active_view_ && !in_view_change_)) return;
  for (size_t i = 0; i < new_view_->found.size(); ++i) {
    if (new_view_->found[i].message || position_of(new_view_->names[i].sender) == kNobody) continue;
    if (planted(Mutant::kNewViewUnchecked)) continue;
    return;
  }
  std::vector<Choice> choices;
  if (!choose(choices)) return;
  suppress_duplicates(choices);
  enter_view(choices);
}

// min-s, max-s and, between them, the block with the proof of the highest view (§4.4). False while
// a block is missing.
bool PbftEngine::choose(std::vector<Choice>& choices) {
  for (const ViewChange& view_change : new_view_->found) {
    if (!view_change.message || !view_change.body->checkpoint) continue;
    const CertificateRef& certificate = view_change.body->checkpoint;
    if (certificate->statement.height <= low_) continue;
    Checkpoint checkpoint;
    checkpoint.height = certificate->statement.height;
    checkpoint.state_root = certificate->statement.digest;
    checkpoint.epoch = membership_.epoch;
    checkpoint.certificate = certificate;
    adopt_checkpoint(checkpoint);
    if (stopped_) return false;
  }
  for (const ViewChange& view_change : new_view_->found) {
    if (!view_change.message) continue;
    for (const PreparedProof& proof : view_change.body->proofs) {
      if (proof.height() <= low_ || proof.height() > high()) continue;
      const auto index = static_cast<size_t>(proof.height().value() - low_.value() - 1);
      while (choices.size() <= index) {
        choices.push_back(Choice{low_ + (choices.size() + 1), std::nullopt, {}});
      }
      std::optional<PreparedProof>& best = choices[index].proof;
      if (!best || best->view() < proof.view()) best = proof;
    }
  }
  bool complete = true;
  for (Choice& choice : choices) {
    if (!choice.proof) {
      choice.block = null_block(choice.height, new_view_->message->view);
      continue;
    }
    choice.block = slot(choice.height).body(choice.proof->digest());
    complete = complete && choice.block;
  }
  return complete;
}

// A payload may have been prepared in two blocks: in one that a single replica knows of, and, by a
// view that did not hear of that one, in another. Only one of them can be committed: when the later
// view began, a committed block was among its choices, and nobody prepares a payload anew that is
// in such a block. So the block of the earlier view was not committed, and gives way to a null
// block.
void PbftEngine::suppress_duplicates(std::vector<Choice>& choices) {
  std::vector<size_t> order;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].proof) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return choices[a].proof->view() > choices[b].proof->view();
  });
  DigestIndex taken(config_.seed);
  for (const size_t i : order) {
    Choice& choice = choices[i];
    bool repeated = false;
    for (const PayloadRef& payload : choice.block->payloads) {
      const bool final = choice.height > committed_ && mempool_.is_committed(payload->digest);
      const std::optional<uint32_t> at = taken.find(payload->digest);
      repeated = repeated || final || (at && *at != i);
    }
    if (repeated && choice.height > committed_) {
      choice.block = null_block(choice.height, new_view_->message->view);
      choice.proof.reset();
      continue;
    }
    for (const PayloadRef& payload : choice.block->payloads) {
      if (!taken.find(payload->digest)) taken.insert(payload->digest, static_cast<uint32_t>(i));
    }
  }
}

// §4.4, "a special null request": an empty block that everybody makes alike.
BlockRef PbftEngine::null_block(Height height, View view) const {
  Ref<Block> block = Ref<Block>::make();
  block->height = height;
  block->view = view;
  block->epoch = membership_.epoch;
  block->proposer = id_of(primary_of(view));
  seal_block(config_.hash, *block);
  return BlockRef(std::move(block));
}

void PbftEngine::enter_view(const std::vector<Choice>& choices) {
  view_ = new_view_->message->view;
  active_view_ = view_;
  in_view_change_ = false;
  view_change_quorum_at_.reset();
  last_progress_ = now_;
  work_since_.reset();
  escalated_ = false;
  quiet_ticks_ = 0;
  ++counters_.view_changes;
  sink_->emit(effect::Metric{MetricId::kViewChange, view_.value()});
  cancel_timer(TimerKind::kView);
  for (Slot& open : slots_) open.leave_view();
  mempool_.release(Height(1));
  in_flight_.clear();
  accepted_ = std::max(low_, committed_);
  highest_prepared_ = std::max(committed_, low_);
  for (const Choice& choice : choices) bind_choice(choice);
  const Ticket ticket = persist_view();
  for (const Choice& choice : choices) {
    Slot& bound = slot(choice.height);
    if (!bound.bound) continue;
    bound.bound_ticket = ticket;
    vote(primary_of(view_) == self_ ? MessageType::kPrePrepare : MessageType::kPrepare, bound,
         ticket);
  }
  pass_on_own(false);
  dirty_ = true;
  replay_future();
}

void PbftEngine::bind_choice(const Choice& choice) {
  Slot& bound = slot(choice.height);
  // Agreement makes this impossible below f faulty; above it, do not contradict what is final.
  if (bound.commit_certificate &&
      bound.commit_certificate->statement.digest != choice.block->digest) {
    return;
  }
  bound.bound = true;
  bound.digest = choice.block->digest;
  bound.block = choice.block;
  if (!bound.body(choice.block->digest)) {
    bound.keep_body(choice.block);
    Ticket ticket;
    persist_for(bound, make_body_record(choice.block), ticket);
  }
  accepted_ = std::max(accepted_, choice.height);
  highest_prepared_ = std::max(highest_prepared_, choice.height);
  if (choice.height <= committed_) return;
  const auto height = static_cast<uint32_t>(choice.height.value());
  for (const PayloadRef& payload : choice.block->payloads) {
    if (!in_flight_.find(payload->digest)) in_flight_.insert(payload->digest, height);
  }
  mempool_.mark_in_flight(choice.height, choice.block->payloads);
  last_block_time_ = std::max(last_block_time_, choice.block->wall_time);
}

// Votes of this view that came while it was being entered.
void PbftEngine::replay_future() {
  for (uint32_t peer = 0; peer < peers_.size(); ++peer) {
    std::vector<MessageRef> waiting = std::move(peers_[peer].future);
    peers_[peer].future.clear();
    for (const MessageRef& message : waiting) {
      if (message->view < view_) continue;
      if (static_cast<MessageType>(message->type) == MessageType::kPrePrepare) {
        receive_pre_prepare(peer, message);
      } else {
        receive_vote(message->sender, message);
      }
    }
  }
}

// Asks for what try_enter_view() lacks: view-change messages from the primary that named them, and
// blocks from one of those who prepared them and so have them on disk. Others in turn, because any
// of them may be silent.
void PbftEngine::request_missing() {
  if (!new_view_ || disk_full_) return;
  const View view = new_view_->message->view;
  if (view < view_ || (view == active_view_ && !in_view_change_)) return;
  FetchBody body;
  for (size_t i = 0; i < new_view_->names.size() && body.items.size() < kMaxFetches; ++i) {
    if (new_view_->found[i].message) continue;
    body.items.push_back({new_view_->names[i].sender, Height(0), new_view_->names[i].digest});
  }
  if (body.items.empty()) {
    std::vector<Choice> choices;
    if (choose(choices)) return;
    for (const Choice& choice : choices) {
      if (choice.block || body.items.size() >= kMaxFetches) continue;
      body.items.push_back({ReplicaId(), choice.height, choice.proof->digest()});
    }
  }
  const auto members = static_cast<uint32_t>(membership_.size());
  const uint32_t first = primary_of(view);
  const uint64_t others = std::min<uint64_t>(quorum_.faulty() + 1, 3);
  for (uint64_t i = 0; i <= others; ++i) {
    responder_ = (responder_ + 1) % members;
    const uint32_t peer = i == 0 ? first : responder_;
    if (peer == self_ || (i > 0 && peer == first)) continue;
    Ref<Message> fetch = new_message(MessageType::kFetch, Lane::kVote);
    fetch->view = view;
    encode_body(body, fetch->body);
    send(id_of(peer), std::move(fetch));
  }
}

void PbftEngine::receive_fetch(uint32_t peer, const Message& message) {
  const std::optional<FetchBody> body = decode_fetch(message.body);
  if (!body) {
    ++counters_.malformed;
    return;
  }
  for (const FetchBody::Item& item : body->items) {
    if (item.height == Height(0)) {
      // Only what this replica itself has, durably, left earlier views for.
      if (message.view > view_ || view_ticket_ > durable_ticket_) continue;
      const uint32_t sender = position_of(item.sender);
      const auto matches = [&](const MessageRef& candidate) {
        return candidate && candidate->view == message.view && candidate->digest == item.digest &&
               candidate->sender == item.sender;
      };
      MessageRef found;
      if (sender != kNobody && matches(view_changes_[sender].message)) {
        found = view_changes_[sender].message;
      }
      if (new_view_ && !found) {
        for (const ViewChange& known : new_view_->found) {
          if (matches(known.message)) found = known.message;
        }
      }
      if (found) sink_->emit(effect::Send{id_of(peer), found, Ticket()});
      continue;
    }
    const Slot* wanted = slot_at(item.height);
    const BlockRef block = wanted != nullptr ? wanted->body(item.digest) : BlockRef();
    if (!block) continue;
    Ref<Message> relay = new_message(MessageType::kProposalRelay, Lane::kBulk);
    relay->height = item.height;
    relay->digest = item.digest;
    relay->block = block;
    send(id_of(peer), std::move(relay));
  }
}

// A block that a prepared certificate names: nothing else is believed of who brings it.
void PbftEngine::receive_body(const Message& message) {
  if (!new_view_ || !message.block) return;
  Slot* const wanted = slot_at(message.height);
  if (wanted == nullptr || wanted->body(message.digest)) return;
  const bool named = std::any_of(
      new_view_->found.begin(), new_view_->found.end(), [&](const ViewChange& view_change) {
        return view_change.message &&
               std::any_of(view_change.body->proofs.begin(), view_change.body->proofs.end(),
                           [&](const PreparedProof& proof) {
                             return proof.height() == message.height &&
                                    proof.digest() == message.digest;
                           });
      });
  if (!named) return;
  wanted->keep_body(message.block);
  Ticket ticket;
  persist_for(*wanted, make_body_record(message.block), ticket);
  ++counters_.block_catch_ups;
  try_enter_view();
}

}  // namespace govchain::consensus::pbft
