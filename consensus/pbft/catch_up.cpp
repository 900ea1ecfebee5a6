// Status messages and what answers them (Castro's thesis §4.6.2): a message may be lost for good,
// so a replica that waits says where it stands, and others send again what it lacks.

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

bool PbftEngine::is_active() const {
  if (in_view_change_ || work_waits() || proven_.height > executed_) return true;
  if (!reads_waiting_.empty() || !reads_asked_.empty() || !reads_confirmed_.empty()) return true;
  if (executed_.value() / config_.checkpoint_interval >
      stable_.height.value() / config_.checkpoint_interval) {
    return true;  // votes for a checkpoint are missing
  }
  uint64_t ahead = 0;
  for (uint32_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].committed > committed_) ahead += weight_of(i);
  }
  return ahead >= quorum_.weak();
}

// Says where it stands, unless things move by themselves. Idle replicas do it rarely: one that was
// cut off while the others decided has no other way to notice.
void PbftEngine::on_status_timer() {
  const bool active = is_active();
  // A replica that nothing waits for may well be in the middle of the others' decisions: what is on
  // its way to it must not be sent twice. And while nothing comes of it, each waits longer than the
  // one before: what it asks for may be queueing in a narrow link.
  if (committed_ == committed_at_tick_) {
    responder_ = (responder_ + 1) % static_cast<uint32_t>(membership_.size());
    Ref<Message> status = make_status(responder_);
    seal_message(*status);
    sink_->emit(effect::Broadcast{MessageRef(std::move(status)), Ticket()});
    request_missing();
    refuse_old_reads();
    quiet_ticks_ = active ? quiet_ticks_ + 1 : 0;
  } else {
    quiet_ticks_ = 0;
    offers_ = 0;
  }
  committed_at_tick_ = committed_;
  // Alone in wanting this view: the others get on with the old one, whose primary this replica no
  // longer talks to. Its clients' payloads must reach them all the same, to be ordered or to make
  // them want the view too. When a quorum wants it, nobody can order them before its primary does.
  if (in_view_change_ && !view_change_quorum_at_) offer_own();
  const Duration interval = active ? patience(quiet_ticks_) : settings_.idle_status_interval;
  const auto spread = static_cast<uint64_t>(interval.nanoseconds() / 4 + 1);
  set_timer(TimerKind::kStatus,
            now_ + interval + Duration::nanoseconds(static_cast<int64_t>(random(spread))));
}

Ref<Message> PbftEngine::make_status(uint32_t responder) {
  Ref<Message> status = new_message(MessageType::kStatus, Lane::kVote);
  StatusBody body;
  body.stable = stable_.height;
  body.in_view_change = in_view_change_;
  body.responder = responder;
  for (Height height = committed_.next(); height <= high() && body.slots.size() < kMaxStatusSlots;
       ++height) {
    if (height <= low_) break;
    const Slot& open = slot(height);
    uint8_t flags = 0;
    if (open.proposal_verified) flags |= StatusBody::kHasProposal;
    if (open.bound || (open.proposal && open.proposal->block)) flags |= StatusBody::kHasBlock;
    if (open.prepared) flags |= StatusBody::kIsPrepared;
    body.slots.push_back(flags);
  }
  if (in_view_change_) {
    body.view_changes.resize((view_changes_.size() + 7) / 8);
    for (size_t i = 0; i < view_changes_.size(); ++i) {
      const MessageRef& held = view_changes_[i].message;
      if (!held || held->view != view_) continue;
      body.view_changes[i / 8] = static_cast<uint8_t>(body.view_changes[i / 8] | 1U << (i % 8));
    }
  }
  encode_body(body, status->body);
  return status;
}

void PbftEngine::receive_status(uint32_t peer, const Message& message) {
  const std::optional<StatusBody> body = decode_status(message.body);
  if (!body) {
    ++counters_.malformed;
    return;
  }
  Peer& state = peers_[peer];
  state.committed = message.height;
  // A peer that catches up asks again as soon as it has what it asked for; any other one is
  // answered once in a while.
  const bool progressed = message.height > state.served;
  if (state.served_at && !progressed && now_ - *state.served_at < settings_.status_interval / 4) {
    ++counters_.duplicate;
    return;
  }
  state.served_at = now_;
  state.served = message.height;
  resend_view_material(peer, message, *body);
  resend_votes(peer, message, *body);
  resend_checkpoints(peer, *body);
  const auto members = static_cast<uint32_t>(membership_.size());
  const uint32_t turn = (self_ + members - body->responder % members) % members;
  if (turn <= std::min<uint64_t>(quorum_.faulty(), 2) && message.height < committed_) {
    serve_blocks(peer, message.height.next());
  }
}

// To a replica in an earlier view, or still on its way into this one.
void PbftEngine::resend_view_material(uint32_t peer, const Message& message,
                                      const StatusBody& body) {
  const ReplicaId to = id_of(peer);
  const bool behind =
      message.view < view_ || (message.view == view_ && body.in_view_change && !in_view_change_);
  const bool lacks = message.view < view_ ||
                     (message.view == view_ && body.in_view_change && !body.has_view_change(self_));
  if (in_view_change_ && lacks) resend_view_change(peer);
  if (new_view_ && new_view_->message->view >= message.view &&
      (behind || (in_view_change_ && body.in_view_change))) {
    const Ticket after = new_view_->message->sender == config_.self ? view_ticket_ : Ticket();
    sink_->emit(effect::Send{to, new_view_->message, after});
  }
}

// A view-change message is large, and everybody's goes to everybody. One that has not arrived may
// well be on its way through a narrow link still, where a second copy makes the queue longer: each
// repetition to a peer waits twice as long as the one before, up to a whole timeout.
void PbftEngine::resend_view_change(uint32_t peer) {
  const MessageRef& own = view_changes_[self_].message;
  if (!own || own->view != view_) return;
  Peer& state = peers_[peer];
  if (now_ < state.view_change_due) return;
  state.view_change_due = now_ + patience(state.view_change_copies);
  ++state.view_change_copies;
  sink_->emit(effect::Send{id_of(peer), own, view_ticket_});
}

// What to wait before something is sent again for the `copies`-th time.
Duration PbftEngine::patience(uint32_t copies) const {
  Duration patience = settings_.status_interval;
  for (uint32_t i = 0; i < copies && patience < timeout(); ++i) patience = patience * 2;
  return std::min(patience, std::max(timeout(), settings_.status_interval));
}

void PbftEngine::resend_votes(uint32_t peer, const Message& message, const StatusBody& body) {
  if (in_view_change_ || body.in_view_change || message.view != view_) return;
  const auto members = static_cast<uint32_t>(membership_.size());
  const uint32_t turn = (self_ + members - body.responder % members) % members;
  const bool responder = turn <= std::min<uint64_t>(quorum_.faulty(), 2);
  for (size_t i = 0; i < kMaxStatusSlots; ++i) {
    const Height height = message.height + (i + 1);
    if (height > accepted_) return;
    const Slot* open = slot_at(height);
    if (open == nullptr || !open->bound) continue;
    resend_slot(peer, *open, i < body.slots.size() ? body.slots[i] : uint8_t{0}, responder);
  }
}

void PbftEngine::resend_slot(uint32_t peer, const Slot& open, uint8_t flags, bool responder) {
  const ReplicaId to = id_of(peer);
  const bool lacks_proposal = (flags & StatusBody::kHasProposal) == 0;
  const bool lacks_block = (flags & StatusBody::kHasBlock) == 0;
  if ((lacks_proposal || lacks_block) && open.proposal_verified) {
    if (primary_of(view_) == self_ && (!lacks_block || open.proposal->block)) {
      sink_->emit(effect::Send{to, open.proposal, open.bound_ticket});
    } else if (responder) {
      send_relay(peer, open, lacks_block);
    }
  }
  const MessageRef& prepare = open.prepares.messages[self_];
  if ((flags & StatusBody::kIsPrepared) == 0 && prepare) {
    sink_->emit(effect::Send{to, prepare, open.bound_ticket});
  }
  // Its record came before everything that is written now.
  const MessageRef& commit = open.commits.messages[self_];
  if (commit) sink_->emit(effect::Send{to, commit, last_ticket_});
}

// The primary's proposal as this replica got it.
void PbftEngine::send_relay(uint32_t peer, const Slot& open, bool with_block) {
  Ref<Message> relay = new_message(MessageType::kProposalRelay, Lane::kBody);
  relay->view = active_view_;
  relay->height = open.height;
  relay->digest = open.digest;
  Writer out(relay->body);
  out.signature(open.proposal->signature);
  if (with_block) relay->block = open.block;
  send(id_of(peer), std::move(relay));
}

void PbftEngine::receive_relay(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  if (message.block &&
      (message.block->digest != message.digest || message.block->height != message.height)) {
    ++counters_.malformed;
    return;
  }
  if (message.block) receive_body(message);
  if (message.body.empty()) return;
  Reader in(message.body);
  const Signature signature = in.signature();
  if (!in.finished()) {
    ++counters_.malformed;
    return;
  }
  Slot* const open = slot_at(message.height);
  if (in_view_change_ || message.view != active_view_ || open == nullptr || is_primary() ||
      (open->proposal && open->proposal->digest == message.digest)) {
    ++counters_.stale;
    return;
  }
  Ref<Message> proposal = Ref<Message>::make();
  proposal->protocol = Protocol::kPbft;
  proposal->type = static_cast<uint8_t>(MessageType::kPrePrepare);
  proposal->lane = Lane::kBody;
  proposal->sender = id_of(primary_of(message.view));
  proposal->epoch = message.epoch;
  proposal->view = message.view;
  proposal->height = message.height;
  proposal->digest = message.digest;
  proposal->signature = signature;
  proposal->block = message.block;
  seal_message(*proposal);
  // One without a block says something only beside another one.
  if (!open->proposal && !is_well_formed(*proposal, *open)) {
    ++counters_.malformed;
    return;
  }
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kRelay;
  verification.peer = peer;
  verification.message = MessageRef(std::move(proposal));
  (void)verify_later(std::move(verification), {});
}

void PbftEngine::on_relay_verified(const PendingVerification& pending, bool valid) {
  if (!valid) {
    ++counters_.forged;
    return;
  }
  const Message& message = *pending.message;
  Slot* const open =
      message.view == active_view_ && !in_view_change_ ? slot_at(message.height) : nullptr;
  if (open == nullptr) {
    ++counters_.stale;
  } else if (!open->proposal) {
    if (is_well_formed(message, *open)) note_proposal(*open, pending.message);
  } else if (open->proposal->digest != message.digest) {
    suspect_conflict(*open, open->proposal, pending.message);
  }
}

void PbftEngine::resend_checkpoints(uint32_t peer, const StatusBody& body) {
  if (body.stable < stable_.height) send_checkpoint_proof(peer, false);
  for (const CheckpointEntry& entry : checkpoints_) {
    const MessageRef& own = entry.votes.messages[self_];
    if (own && entry.height > low_ && entry.height > body.stable) {
      sink_->emit(effect::Send{id_of(peer), own, entry.committed_ticket});
    }
  }
}

// Committed blocks from memory if they are in the window, else from the store.
void PbftEngine::serve_blocks(uint32_t peer, Height first) {
  uint32_t sent = 0;
  Bytes size;
  for (Height height = first; height <= committed_ && height > low_; ++height) {
    const Slot& open = slot(height);
    // After a restart, heights that the state had executed above the stable checkpoint are in the
    // store only.
    if (!open.commit_certificate) break;
    const BlockRef block = open.body(open.commit_certificate->statement.digest);
    size += block->payload_size();
    ++sent;
    const bool last = height == committed_ || sent == settings_.blocks_per_answer ||
                      size >= config_.max_block_bytes * 2;
    send_block(peer, {block, open.commit_certificate}, last);
    if (last) return;
  }
  if (sent > 0 || peers_[peer].loading) return;
  peers_[peer].loading = true;
  const Token token = new_token();
  loads_.push_back({token, peer});
  sink_->emit(effect::Load{token, first, settings_.blocks_per_answer, config_.max_block_bytes * 2});
}

void PbftEngine::on(const input::Loaded& input) {
  const auto found = std::find_if(loads_.begin(), loads_.end(), [&](const PendingLoad& pending) {
    return pending.token == input.token;
  });
  if (found == loads_.end()) return;
  const uint32_t peer = found->peer;
  loads_.erase(found);
  if (peer == kNobody) return on_window_loaded(input);
  on_loaded_for_peer(peer, input);
}

void PbftEngine::on_loaded_for_peer(uint32_t peer, const input::Loaded& input) {
  peers_[peer].loading = false;
  if (input.blocks.empty()) return send_checkpoint_proof(peer, true);
  for (size_t i = 0; i < input.blocks.size(); ++i) {
    if (!input.blocks[i].certificate) return;
    send_block(peer, input.blocks[i], i + 1 == input.blocks.size());
  }
}

void PbftEngine::send_block(uint32_t peer, const StoredBlock& stored, bool last) {
  Ref<Message> message = new_message(MessageType::kCommittedBlock, Lane::kBulk);
  message->height = stored.block->height;
  message->digest = stored.block->digest;
  message->block = stored.block;
  encode_body(CommittedBlockBody{stored.certificate, committed_, last}, message->body);
  send(id_of(peer), std::move(message));
}

void PbftEngine::receive_committed_block(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  std::optional<CommittedBlockBody> body = decode_committed_block(message.body);
  if (!body || !message.block || !proves_commit(*body->certificate, *message.block)) {
    ++counters_.malformed;
    return;
  }
  const Height height = message.block->height;
  peers_[peer].committed = std::max(peers_[peer].committed, body->committed);
  if (height <= committed_) {
    ++counters_.duplicate;
    return;
  }
  if (height > committed_ + kMaxCatchUpBlocks) {
    ++counters_.future;
    return;
  }
  const bool known = std::any_of(catch_up_.begin(), catch_up_.end(), [&](const CatchUpBlock& held) {
    return held.stored.block->height == height;
  });
  if (known) {
    ++counters_.duplicate;
    return;
  }
  Ref<ClaimList> claims = Ref<ClaimList>::make();
  append_claims(*body->certificate, *claims);
  PendingVerification verification;
  verification.kind = PendingVerification::Kind::kBlock;
  verification.peer = peer;
  verification.message = reference;
  verification.certificate = body->certificate;
  verification.flag = body->last;
  (void)verify_later(std::move(verification), ClaimListRef(std::move(claims)));
}

void PbftEngine::on_block_verified(const PendingVerification& pending, bool valid) {
  if (!valid) {
    ++counters_.forged;
    return;
  }
  const BlockRef& block = pending.message->block;
  const auto place = std::lower_bound(
      catch_up_.begin(), catch_up_.end(), block->height,
      [](const CatchUpBlock& held, Height height) { return held.stored.block->height < height; });
  const bool known = place != catch_up_.end() && place->stored.block->height == block->height;
  if (block->height <= committed_ || known) {
    ++counters_.duplicate;
    return;
  }
  ++counters_.accepted;
  catch_up_.insert(place, CatchUpBlock{{block, pending.certificate}, pending.peer, pending.flag});
  apply_catch_up();
}

// In order; and when the last block of an answer is applied and its sender has more, it is asked at
// once.
void PbftEngine::apply_catch_up() {
  if (transfer_ && transfer_->installing) return;
  size_t used = 0;
  for (; used < catch_up_.size(); ++used) {
    const CatchUpBlock& next = catch_up_[used];
    if (next.stored.block->height <= committed_) continue;
    if (next.stored.block->height != committed_.next()) break;
    ++counters_.block_catch_ups;
    commit_block(next.stored.block, next.stored.certificate);
    advance_commits();
    if (next.last && peers_[next.peer].committed > committed_) {
      send(id_of(next.peer), make_status(next.peer));
    }
  }
  catch_up_.erase(catch_up_.begin(), catch_up_.begin() + static_cast<std::ptrdiff_t>(used));
}

}  // namespace govchain::consensus::pbft
