// Entering a view (OSDI'99 §4.4). NEW-VIEW names the view-change messages it rests on (TOCS'02
// §4.4); everybody computes O from them, so there is nothing of the primary's to be believed.

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::make_new_view() {
  new_view_made_ = true;
  NewViewBody body;
  for (const ViewChange& candidate : view_changes_) {
    if (!candidate.message || candidate.message->view != view_) continue;
    body.view_changes.push_back({candidate.message->sender, candidate.message->digest});
  }
  Ref<Message> draft = new_own(MessageType::kNewView, Lane::kBody);
  draft->height = Height(0);
  encode_body(body, draft->body);
  draft->digest = hash(config().hash, draft->body);
  request_signature(std::move(draft), view_ticket_);
}

bool PbftEngine::wants_new_view(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (sender != primary_of(message.view)) {
    ++counters().unauthorised;
    return false;
  }
  if (message.view < view_ || (message.view == view_ && !in_view_change_)) {
    ++counters().stale;
    return false;
  }
  if (offers_[sender] && offers_[sender]->message->view >= message.view) {
    ++counters().duplicate;
    return false;
  }
  const std::optional<NewViewBody> body = decode_new_view(message.body);
  if (!body || message.view == View(0) || message.block ||
      hash(config().hash, message.body) != message.digest) {
    ++counters().malformed;
    return false;
  }
  uint64_t weight = 0;
  for (const ViewChangeName& name : body->view_changes) {
    const uint32_t position = position_of(name.sender);
    if (position != kNobody) weight += weight_of(position);
  }
  const uint64_t enough = planted(Mutant::kNewViewUnchecked) ? quorum().weak() : quorum().quorum();
  if (weight < enough) {
    ++counters().malformed;
    return false;
  }
  return true;
}

void PbftEngine::accept_new_view(const MessageRef& reference) {
  const Message& message = *reference;
  const std::optional<NewView>& held = offers_[primary_of(message.view)];
  const bool over = message.view < view_ || (message.view == view_ && !in_view_change_);
  if (over || (held && held->message->view >= message.view)) {
    ++counters().stale;
    return;
  }
  std::optional<NewViewBody> body = decode_new_view(message.body);
  take_new_view(reference, std::move(body->view_changes));
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
  offers_[primary_of(message->view)] = std::move(taken);
  try_enter_view();
  request_missing();
}

// Later than the one entered, and not given up.
bool PbftEngine::is_due(View view) const {
  return view >= view_ && (view != active_view_ || in_view_change_);
}

bool PbftEngine::is_complete(const NewView& offer) const {
  if (planted(Mutant::kNewViewUnchecked)) return true;
  for (size_t i = 0; i < offer.found.size(); ++i) {
    if (!offer.found[i].message && position_of(offer.names[i].sender) != kNobody) return false;
  }
  return true;
}

// The latest one below that has all view changes that it names.
std::optional<PbftEngine::NewView> PbftEngine::take_offer_below(View limit) {
  std::optional<NewView>* latest = nullptr;
  for (std::optional<NewView>& offer : offers_) {
    if (!offer || offer->message->view >= limit || !is_due(offer->message->view) ||
        !is_complete(*offer)) {
      continue;
    }
    if (latest == nullptr || (*latest)->message->view < offer->message->view) latest = &offer;
  }
  return latest == nullptr ? std::nullopt : std::exchange(*latest, std::nullopt);
}

// Enters the latest view that has been offered with every view-change message that the offer rests
// on, and every block that these name.
void PbftEngine::try_enter_view() {
  if (!is_member() || is_stopped()) return;
  View limit(kMaxOrdinal);
  while (std::optional<NewView> offer = take_offer_below(limit)) {
    limit = offer->message->view;
    const uint32_t primary = primary_of(limit);
    if (is_disk_full()) {
      disk_was_full_ = true;
      offers_[primary] = std::move(offer);
      return;
    }
    const Epoch before = epoch();
    std::vector<Choice> choices;
    const bool complete = choose(*offer, choices);
    if (is_stopped() || epoch() != before) return;
    if (!complete) {
      offers_[primary] = std::move(offer);
      continue;
    }
    suppress_duplicates(limit, choices);
    suppress_changes(limit, choices);
    return enter_view(*std::move(offer), choices);
  }
}

// min-s, max-s and, between them, the block with the proof of the highest view (§4.4). False while
// a block is missing.
bool PbftEngine::choose(const NewView& offer, std::vector<Choice>& choices) {
  for (const ViewChange& view_change : offer.found) {
    if (!view_change.message || !view_change.body->checkpoint) continue;
    const CertificateRef& certificate = view_change.body->checkpoint;
    if (certificate->statement.height <= low_) continue;
    adopt_checkpoint(Checkpoint{certificate->statement.height, certificate->statement.digest,
                                epoch(), certificate});
    if (is_stopped()) return false;
  }
  for (const ViewChange& view_change : offer.found) {
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
      make_null(offer.message->view, choice);
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
void PbftEngine::suppress_duplicates(View view, std::vector<Choice>& choices) {
  std::vector<size_t> order;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].proof) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return choices[a].proof->view() > choices[b].proof->view();
  });
  DigestIndex taken(config().seed);
  for (const size_t i : order) {
    Choice& choice = choices[i];
    bool repeated = false;
    for (const PayloadRef& payload : choice.block->payloads) {
      const bool final = choice.height > committed() && mempool().is_committed(payload->digest);
      const std::optional<uint32_t> at = taken.find(payload->digest);
      repeated = repeated || final || (at && *at != i);
    }
    if (repeated && choice.height > committed()) {
      make_null(view, choice);
      continue;
    }
    for (const PayloadRef& payload : choice.block->payloads) {
      if (!taken.find(payload->digest)) taken.insert(payload->digest, static_cast<uint32_t>(i));
    }
  }
}

// A change of membership may have been prepared where a later view did not hear of it and went on
// without: with another change, or with heights above the end that the change would have given its
// epoch. Those were agreed upon by nobody who knew of a change that was committed, as every later
// view would have had it among its choices. So of what contradicts each other that of the latest
// view stays: the other changes give way to null blocks, and heights above the end are left out.
void PbftEngine::suppress_changes(View view, std::vector<Choice>& choices) {
  const auto changes = [&](const Choice& choice) {
    return choice.height > committed() && !choice.block->control.empty();
  };
  // The change of the latest view, unless something above its end is of a later one.
  const auto stays = [&](const Choice& change) {
    return std::none_of(choices.begin(), choices.end(), [&](const Choice& other) {
      const bool contradicts = (changes(other) && other.height != change.height) ||
                               other.height > end_of_epoch_after(change.height);
      return contradicts && other.proof && other.proof->view() > change.proof->view();
    });
  };
  std::optional<Height> end = epoch_end();
  for (Choice& choice : choices) {
    if (!changes(choice)) continue;
    if (end || !stays(choice)) {
      make_null(view, choice);
    } else {
      end = end_of_epoch_after(choice.height);
    }
  }
  if (end) std::erase_if(choices, [&](const Choice& choice) { return choice.height > *end; });
}

// §4.4, "a special null request": an empty block that everybody makes alike.
void PbftEngine::make_null(View view, Choice& choice) const {
  Ref<Block> block = Ref<Block>::make();
  block->height = choice.height;
  block->view = view;
  block->epoch = epoch();
  block->proposer = id_of(primary_of(view));
  seal_block(config().hash, *block);
  choice.block = BlockRef(std::move(block));
  choice.proof.reset();
}

void PbftEngine::enter_view(NewView offer, const std::vector<Choice>& choices) {
  new_view_ = std::move(offer);
  view_ = new_view_->message->view;
  for (std::optional<NewView>& other : offers_) {
    if (other && other->message->view <= view_) other.reset();
  }
  active_view_ = view_;
  in_view_change_ = false;
  view_change_quorum_at_.reset();
  last_progress_ = now();
  work_since_.reset();
  escalated_ = false;
  restart_patience();
  ++counters().view_changes;
  emit_metric(MetricId::kViewChange, view_.value());
  cancel_timer(kViewTimer);
  for (Slot& open : slots_) open.leave_view();
  release_in_flight(Height(1));
  in_flight_.clear();
  change_bound_at_ = {};
  accepted_ = std::max(low_, committed());
  highest_prepared_ = accepted_;
  for (const Choice& choice : choices) bind_choice(choice);
  const Ticket ticket = persist_view();
  for (const Choice& choice : choices) {
    Slot& bound = slot(choice.height);
    if (!bound.bound) continue;
    bound.bound_ticket = ticket;
    vote(primary_of(view_) == self() ? MessageType::kPrePrepare : MessageType::kPrepare, bound,
         ticket);
  }
  // By digest, payloads went to everybody when they came.
  if (config().proposal_bodies == ProposalBodies::kCarried) pass_on_own(false);
  touch();
  replay_future(Height(UINT64_MAX));
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
  if (choice.height <= committed()) return;
  const auto height = static_cast<uint32_t>(choice.height.value());
  for (const PayloadRef& payload : choice.block->payloads) {
    if (!in_flight_.find(payload->digest)) in_flight_.insert(payload->digest, height);
  }
  mark_in_flight(*choice.block);
  note_bound(*choice.block);
}

}  // namespace govchain::consensus::pbft
