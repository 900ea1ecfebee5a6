// Status messages and what answers them (Castro's thesis §4.6.2): a message may be lost for good,
// so a replica that waits says where it stands, and others send again what it lacks.

#include <algorithm>
#include <utility>

#include "consensus/chain/chain_engine.h"

namespace govchain::consensus::chain {

bool ChainEngine::is_active() const {
  if (in_view_change() || payloads_wait() || agreement_waits() || wanted_) return true;
  if (waiting_commit_ || own_batches_wait() || !doubtful_.empty()) return true;
  if (proven_.height > executed_) return true;
  if (!reads_waiting_.empty() || !reads_asked_.empty() || !reads_confirmed_.empty()) return true;
  if (executed_.value() / config_.checkpoint_interval >
      stable_.height.value() / config_.checkpoint_interval) {
    return true;  // votes for a checkpoint are missing
  }
  return reached_by_others() > committed_;
}

Duration ChainEngine::patience(uint32_t copies) const {
  const Duration most = std::max(patience_limit(), settings_.status_interval);
  Duration patience = settings_.status_interval;
  for (uint32_t i = 0; i < copies && patience < most; ++i) patience = patience * 2;
  return std::min(patience, most);
}

// The greatest height that members of f+1 weight, one of whom is honest, say they have committed;
// at least this replica's own.
Height ChainEngine::reached_by_others() const {
  Height reached = committed_;
  uint64_t ahead = 0;
  for (uint32_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].committed > committed_) ahead += weight_of(i);
  }
  if (ahead < quorum_.weak()) return reached;
  for (const Peer& candidate : peers_) {
    if (candidate.committed <= reached) continue;
    uint64_t weight = 0;
    for (uint32_t i = 0; i < peers_.size(); ++i) {
      if (peers_[i].committed >= candidate.committed) weight += weight_of(i);
    }
    if (weight >= quorum_.weak()) reached = candidate.committed;
  }
  return reached;
}

// A quorum, or somebody honest, is at a height that this replica is not at.
bool ChainEngine::is_behind() const {
  return proven_.height > committed_ || reached_by_others() > committed_;
}

// Who is behind for certain need not wait for as long as who only suspects that something was lost.
// What is on its way to it gets a moment, and each vain question makes the next one later.
Duration ChainEngine::eagerness() const {
  Duration pause = settings_.status_interval / 8;
  const Duration most = patience(quiet_ticks_);
  for (uint32_t i = 0; i < quiet_ticks_ && pause < most; ++i) pause = pause * 2;
  return std::min(pause, most);
}

void ChainEngine::ask_soon() {
  if (asked_soon_ || !is_behind()) return;
  asked_soon_ = true;
  committed_at_tick_ = committed_;
  const TimePoint soon = now_ + eagerness();
  if (const std::optional<TimePoint>& tick = timers_[kStatusTimer]; !tick || *tick > soon) {
    set_timer(kStatusTimer, soon);
  }
}

// Says where it stands, unless things move by themselves. Idle replicas do it rarely: one that was
// cut off while the others decided has no other way to notice.
void ChainEngine::on_status_timer() {
  const bool active = is_active();
  // A replica that nothing waits for may well be in the middle of the others' decisions: what is on
  // its way to it must not be sent twice. And while nothing comes of it, each waits longer than the
  // one before: what it asks for may be queueing in a narrow link.
  if (committed_ == committed_at_tick_) {
    responder_ = (responder_ + 1) % members();
    broadcast(make_status(responder_));
    ask_again();
    refuse_old_reads();
    quiet_ticks_ = active ? quiet_ticks_ + 1 : 0;
  } else {
    quiet_ticks_ = 0;
  }
  committed_at_tick_ = committed_;
  ask_again_for_bodies();
  offer_own();
  give_up_doubtful();
  approve();
  leave_if_removed();
  if (stopped_) return;
  asked_soon_ = is_behind();
  const Duration pause = asked_soon_ ? eagerness() : patience(quiet_ticks_);
  const Duration interval = active ? pause : settings_.idle_status_interval;
  const auto spread = static_cast<uint64_t>(interval.nanoseconds() / 4 + 1);
  set_timer(kStatusTimer,
            now_ + interval + Duration::nanoseconds(static_cast<int64_t>(random(spread))));
}

Ref<Message> ChainEngine::make_status(uint32_t responder) {
  Ref<Message> status = new_common(CommonType::kStatus, Lane::kVote);
  StatusBody body;
  body.stable = stable_.height;
  body.responder = responder;
  encode_standing(body.standing);
  encode_body(body, status->body);
  return status;
}

void ChainEngine::send_status(uint32_t peer) { send(peer, make_status(peer)); }

void ChainEngine::send_status_to_all() {
  responder_ = (responder_ + 1) % members();
  broadcast(make_status(responder_));
}

void ChainEngine::receive_status(uint32_t peer, const Message& message) {
  const std::optional<StatusBody> body = decode_status(message.body);
  if (!body) {
    ++counters_.malformed;
    return;
  }
  Peer& state = peers_[peer];
  state.committed = message.height;
  state.epoch = message.epoch;
  ask_soon();
  if (certifies()) forget_batches();  // those that the others are too far ahead for
  // A peer that catches up asks again as soon as it has what it asked for; any other one is
  // answered once in a while.
  const bool progressed = message.height > state.served;
  const bool soon = state.served_at && now_ - *state.served_at < settings_.status_interval / 4;
  const bool responder = is_asked(message, body->responder);
  const bool understood = message.epoch == epoch();
  if (soon && !progressed && !(responder && understood && is_urgent(peer, body->standing))) {
    ++counters_.duplicate;
    return;
  }
  state.served_at = now_;
  state.served = message.height;
  if (understood) answer_standing(peer, message, body->standing, responder);
  resend_checkpoints(peer, *body);
  resend_approval(peer);
  if (responder && message.height < committed_) serve_blocks(peer, message.height.next());
}

// A few members answer each status message, in turn: how many bounds what is sent, and whoever asks
// goes round them all, so that f, which is a weight, does as a count of heads. Whoever has left
// with the last block of an epoch answers all that are in that epoch yet: perhaps nobody else can
// show them that it is final.
bool ChainEngine::is_asked(const Message& status, uint32_t responder) const {
  if (!is_member()) {
    const Membership* const then = members_of(status.epoch);
    return status.epoch < epoch() && then != nullptr && then->find(config_.self) != nullptr;
  }
  const uint32_t turn = (self_ + members() - responder % members()) % members();
  return turn <= std::min<uint64_t>(quorum_.faulty(), 2);
}

void ChainEngine::resend_checkpoints(uint32_t peer, const StatusBody& body) {
  if (body.stable < stable_.height) send_checkpoint_proof(id_of(peer), peers_[peer].epoch, false);
  for (const CheckpointEntry& entry : checkpoints_) {
    if (entry.height <= std::max(stable_.height, body.stable)) continue;
    const Membership* const voting = members_of(entry.epoch);
    const Member* const own = voting == nullptr ? nullptr : voting->find(config_.self);
    if (own == nullptr) continue;
    const auto position = static_cast<size_t>(own - voting->members.data());
    const MessageRef& vote = entry.votes.messages[position];
    if (vote) forward(peer, vote, committed_ticket(entry.height));
  }
}

// Who was removed before it saw the end of its epoch hears nothing by itself any more: its messages
// are of an epoch that is over. It still says where it stands to those whom it takes for its fellow
// members, and those of them who are members yet, or leave just now, show it what it lacks until it
// is out: blocks, or a checkpoint with the changes of membership up to it. Both prove themselves,
// so nobody can be talked out of a chain.
void ChainEngine::receive_status_of_former_member(ReplicaId from, const Message& message) {
  const Membership* const then = members_of(message.epoch);
  const bool was_member = std::any_of(epochs_.begin(), epochs_.end(), [&](const EpochStart& start) {
    return start.membership.epoch <= message.epoch && start.membership.find(from) != nullptr;
  });
  const bool heard = then != nullptr && then->find(config_.self) != nullptr;
  if (!heard || !was_member || message.sender != from) {
    ++counters_.unauthorised;
    return;
  }
  const std::optional<StatusBody> body = decode_status(message.body);
  if (!body) {
    ++counters_.malformed;
    return;
  }
  if (message.height.next() >= epochs_.back().from || message.height >= committed_) {
    ++counters_.stale;  // it knows, or there is nothing to tell yet
    return;
  }
  if (!is_turn_to_tell(*then, body->responder)) return;
  FormerMember& state = former_member(from);
  const bool progressed = message.height > state.served;
  if (state.served_at && !progressed && now_ - *state.served_at < settings_.status_interval / 4) {
    ++counters_.duplicate;
    return;
  }
  state.served_at = now_;
  state.served = message.height;
  if (!serve_from_memory(from, message.height.next())) {
    send_checkpoint_proof(from, message.epoch, true);
  }
}

// Of those who were members then and are yet, a few answer each status message, in turn; and
// whoever leaves, as in is_asked().
bool ChainEngine::is_turn_to_tell(const Membership& then, uint32_t responder) const {
  if (!is_member()) return true;
  uint32_t common = 0;
  uint32_t before = 0;
  for (const Member& member : then.members) {
    if (position_of(member.id) == kNobody) continue;
    if (member.id < config_.self) ++before;
    ++common;
  }
  const uint32_t turn = (before + common - responder % common) % common;
  return turn <= std::min<uint64_t>(quorum_.faulty(), 2);
}

// Its entry; if there are too many, the one that was served longest ago makes room.
FormerMember& ChainEngine::former_member(ReplicaId replica) {
  const auto known = std::find_if(former_.begin(), former_.end(), [&](const FormerMember& former) {
    return former.replica == replica;
  });
  if (known != former_.end()) return *known;
  if (former_.size() == kMaxFormerMembers) {
    former_.erase(std::min_element(
        former_.begin(), former_.end(),
        [](const FormerMember& a, const FormerMember& b) { return a.served_at < b.served_at; }));
  }
  return former_.emplace_back(FormerMember{replica, {}, {}});
}

// False if memory does not begin at `first` or below.
bool ChainEngine::serve_from_memory(ReplicaId to, Height first) {
  if (recent_.empty() || recent_.front().block->height > first) return false;
  uint32_t sent = 0;
  Bytes size;
  for (const StoredBlock& stored : recent_) {
    if (stored.block->height < first) continue;
    size += stored.block->payload_size();
    ++sent;
    const bool last = stored.block->height == committed_ || sent == settings_.blocks_per_answer ||
                      size >= config_.max_block_bytes * 2;
    send_block(to, stored, last);
    if (last) break;
  }
  return true;
}

// Committed blocks from memory if they are there, else from the store.
void ChainEngine::serve_blocks(uint32_t peer, Height first) {
  if (serve_from_memory(id_of(peer), first)) return;
  if (peers_[peer].loading) return;
  peers_[peer].loading = true;
  const Token token = new_token();
  loads_.push_back({token, peer, epoch()});
  sink_->emit(effect::Load{token, first, settings_.blocks_per_answer, config_.max_block_bytes * 2});
}

void ChainEngine::on(const input::Loaded& input) {
  const auto found = std::find_if(loads_.begin(), loads_.end(), [&](const PendingLoad& pending) {
    return pending.token == input.token;
  });
  if (found == loads_.end()) return;
  const PendingLoad pending = *found;
  loads_.erase(found);
  if (pending.peer == kNobody) return on_window_loaded(input);
  if (pending.epoch == epoch()) on_loaded_for_peer(pending.peer, input);
}

void ChainEngine::on_loaded_for_peer(uint32_t peer, const input::Loaded& input) {
  peers_[peer].loading = false;
  if (input.blocks.empty()) {
    return send_checkpoint_proof(id_of(peer), peers_[peer].epoch, true);
  }
  for (size_t i = 0; i < input.blocks.size(); ++i) {
    if (!input.blocks[i].certificate) return;
    send_block(id_of(peer), input.blocks[i], i + 1 == input.blocks.size());
  }
}

void ChainEngine::send_block(ReplicaId to, const StoredBlock& stored, bool last) {
  Ref<Message> message = new_common(CommonType::kCommittedBlock, Lane::kBulk);
  message->version = version_of_message(stored.block->epoch);
  message->height = stored.block->height;
  message->digest = stored.block->digest;
  message->block = stored.block;
  encode_body(CommittedBlockBody{stored.certificate, committed_, last}, message->body);
  // A vote of this replica's own may be in the certificate, and is counted before it is durable.
  seal_message(*message);
  sink_->emit(effect::Send{to, MessageRef(std::move(message)), last_ticket_});
}

void ChainEngine::receive_committed_block(uint32_t peer, const MessageRef& reference) {
  const Message& message = *reference;
  std::optional<CommittedBlockBody> body = decode_committed_block(message.body);
  if (!body || !message.block) {
    ++counters_.malformed;
    return;
  }
  const Height height = message.block->height;
  peers_[peer].committed = std::max(peers_[peer].committed, body->committed);
  if (height <= committed_) {
    ++counters_.duplicate;
    return;
  }
  const Membership& voting = members_at(height);
  if (height > committed_ + kMaxCatchUpBlocks ||
      body->certificate->statement.epoch > voting.epoch) {
    ++counters_.future;
    return;
  }
  const Statement& statement = body->certificate->statement;
  if (!is_of(statement, voting) || !proves_commit(*body->certificate, *message.block, voting)) {
    ++counters_.malformed;
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

void ChainEngine::on_block_verified(const PendingVerification& pending, bool valid) {
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
void ChainEngine::apply_catch_up() {
  if (is_installing()) return;
  while (!stopped_ && !catch_up_.empty() &&
         catch_up_.front().stored.block->height <= committed_.next()) {
    const CatchUpBlock next = std::move(catch_up_.front());
    catch_up_.erase(catch_up_.begin());
    if (next.stored.block->height <= committed_) continue;
    ++counters_.block_catch_ups;
    const Epoch before = epoch();
    commit_block(next.stored.block, next.stored.certificate);
    // Positions are others after a change of membership; then everybody was asked.
    if (next.peer == kNobody || epoch() != before) continue;
    if (next.last && peers_[next.peer].committed > committed_) send_status(next.peer);
  }
}

}  // namespace govchain::consensus::chain
