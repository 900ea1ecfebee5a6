// Life of a replica: construction, epochs, and the dispatch of PBFT's own messages.

#include "consensus/pbft/engine.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

std::unique_ptr<Engine> make_pbft(const EngineConfig& config, const PbftConfig& settings,
                                  RecoveredState recovered) {
  return std::make_unique<PbftEngine>(config, settings, std::move(recovered));
}

namespace {

// The pipeline must fit between a checkpoint and its becoming stable, or it would stall at every
// checkpoint.
uint64_t window_of(const EngineConfig& config, const PbftConfig& settings) {
  const uint64_t least = config.checkpoint_interval + config.max_in_flight;
  const uint64_t wanted = settings.watermark_window != 0
                              ? settings.watermark_window
                              : 2 * config.checkpoint_interval + config.max_in_flight;
  return std::min<uint64_t>(std::max(least, wanted), kMaxWindow);
}

// The primary stays, so payloads go to it alone (§4.1); where proposals only name them, everybody
// needs their bytes.
chain::ChainSettings base_settings(const EngineConfig& config, const PbftConfig& settings) {
  chain::ChainSettings base;
  base.status_interval = settings.status_interval;
  base.idle_status_interval = settings.idle_status_interval;
  base.blocks_per_answer = settings.blocks_per_answer;
  base.dissemination = config.proposal_bodies == ProposalBodies::kCarried
                           ? chain::Dissemination::kLeader
                           : chain::Dissemination::kAll;
  return base;
}

}  // namespace

PbftEngine::PbftEngine(const EngineConfig& config, const PbftConfig& settings,
                       RecoveredState recovered)
    : ChainEngine(Protocol::kPbft, config, base_settings(config, settings), std::move(recovered)),
      window_(window_of(config, settings)),
      in_flight_(config.seed) {
  slots_.resize(static_cast<size_t>(window_));
  // A peer's votes are bounded by the slots already: one of each kind in each.
  allow_verifications(chain::kMaxPendingPerPeer + 2 * static_cast<uint32_t>(window_));
  fetch_turn_ = is_member() ? self() : 0;
  begin_epoch();
}

// View 0 of the present epoch. Its watermark lies where the epoch before ended; the members of that
// one prove the checkpoint there.
void PbftEngine::begin_epoch() {
  view_ = View(0);
  active_view_ = View(0);
  in_view_change_ = false;
  view_changes_.assign(members(), {});
  new_view_.reset();
  offers_.assign(members(), std::nullopt);
  new_view_made_ = false;
  attempts_ = 0;
  view_ticket_ = {};
  work_since_.reset();
  view_change_quorum_at_.reset();
  head_added_.reset();
  escalated_ = false;
  peers_.assign(members(), {});
  fetch_turn_ %= members();
  low_ = Height(epoch_since().value() - 1);
  low_proof_.reset();
  for (Slot& open : slots_) open.resize(members());
  for (uint64_t i = 1; i <= window_; ++i) slot(low_ + i).reuse(low_ + i);
  accepted_ = std::max(low_, committed());
  highest_prepared_ = accepted_;
  proven_logged_ = {};
  change_bound_at_ = {};
  last_bound_time_ = 0;
  in_flight_.clear();
  on_checkpoint_proven();
}

void PbftEngine::on_epoch_changed() {
  begin_epoch();
  last_progress_ = now();
  cancel_timer(kViewTimer);
  release_in_flight(Height(1));
  pass_on_own(false);
  replay_ = true;
}

// What may have become possible.
void PbftEngine::advance() {
  if (std::exchange(replay_, false)) replay_future(Height(UINT64_MAX));
  if (!is_member()) return advance_commits();
  if (disk_was_full_ && !is_disk_full()) {
    disk_was_full_ = false;
    for (Height height = committed().next(); height <= std::min(accepted_, high()); ++height) {
      check_prepared(slot(height));
    }
    try_enter_view();
  }
  advance_commits();
  accept_in_order();
  propose_if_due();
  arm_view_timer();
}

void PbftEngine::on_timer(uint32_t timer) {
  if (timer == kViewTimer) on_view_timer();
}

bool PbftEngine::wants(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  const auto type = static_cast<MessageType>(message.type);
  if (type == MessageType::kPrepare || type == MessageType::kCommit) {
    return wants_vote(sender, reference);
  }
  touch();
  switch (type) {
    case MessageType::kPrePrepare:
      return wants_proposal(sender, reference);
    case MessageType::kViewChange:
      return wants_view_change(sender, reference);
    case MessageType::kNewView:
      return wants_new_view(sender, reference);
    case MessageType::kFetch:
      receive_fetch(message);
      return false;
    case MessageType::kBody:
      return wants_body(message);
    default:
      ++counters().malformed;
      return false;
  }
}

void PbftEngine::accept(uint32_t sender, const MessageRef& message) {
  if (sender == self()) return accept_own(message);
  const auto type = static_cast<MessageType>(message->type);
  if (type == MessageType::kPrepare || type == MessageType::kCommit) {
    return accept_vote(sender, message);
  }
  touch();
  switch (type) {
    case MessageType::kPrePrepare:
      return accept_proposal(message);
    case MessageType::kViewChange:
      return accept_view_change(sender, message);
    case MessageType::kBody:
      return accept_body(message->block);
    default:
      return accept_new_view(message);
  }
}

// The same message may come twice, as one object or as two: what is decided must not depend on
// that.
bool PbftEngine::is_copy(const Message& one, const Message& other) {
  return one.view == other.view && one.height == other.height && one.digest == other.digest &&
         one.signature == other.signature;
}

bool PbftEngine::is_arriving(uint32_t sender, const Message& view_change) const {
  const MessageRef& arriving = peers_[sender].arriving.message;
  return arriving && is_copy(*arriving, view_change);
}

// Makes room for another one, which may be genuine.
void PbftEngine::refuse(uint32_t sender, const MessageRef& message) {
  switch (static_cast<MessageType>(message->type)) {
    case MessageType::kPrePrepare: {
      Slot* const open = slot_at(message->height);
      // What somebody else passed on has taken nobody's place.
      const bool relayed = from() != kNobody && from() != sender;
      if (open != nullptr && !relayed && open->proposal && !open->proposal_verified &&
          is_copy(*open->proposal, *message)) {
        open->proposal.reset();
      }
      return;
    }
    case MessageType::kPrepare:
    case MessageType::kCommit: {
      Slot* const open = slot_at(message->height);
      if (open == nullptr) return;
      VoteTable& votes = votes_of(*open, *message);
      if (votes.messages[sender] == message && !votes.verified.contains(sender)) {
        votes.messages[sender].reset();
      }
      return;
    }
    case MessageType::kViewChange:
      if (is_arriving(sender, *message)) peers_[sender].arriving = {};
      return;
    default:
      return;
  }
}

// Of what waits for a later view, that of views which others have left again makes room.
bool PbftEngine::is_due_before(const Message& one, const Message& other) const {
  return std::pair(one.view, one.height) < std::pair(other.view, other.height);
}

// Nothing of a view that was left meanwhile leaves this replica any more.
bool PbftEngine::is_current(const Message& own) const {
  switch (static_cast<MessageType>(own.type)) {
    case MessageType::kViewChange:
    case MessageType::kNewView:
      return in_view_change_ && own.view == view_;
    default: {
      const bool left = in_view_change_ && !planted(Mutant::kStaleViewAccepted);
      if (own.view != active_view_ || left || own.height <= low_ || own.height > high()) {
        return false;
      }
      const Slot& open = slot(own.height);
      return open.bound && open.digest == own.digest;
    }
  }
}

// A statement of this replica's own has been signed and sent: it counts as everybody else's does.
void PbftEngine::accept_own(const MessageRef& message) {
  switch (static_cast<MessageType>(message->type)) {
    case MessageType::kPrePrepare: {
      Slot& open = slot(message->height);
      open.proposal = message;
      open.proposal_verified = true;
      return check_prepared(open);
    }
    case MessageType::kPrepare:
    case MessageType::kCommit: {
      Slot& open = slot(message->height);
      VoteTable& votes = votes_of(open, *message);
      votes.messages[self()] = message;
      if (!votes.verified.contains(self())) {
        votes.verified.add(self());
        votes.weight += weight_of(self());
      }
      return message->type == static_cast<uint8_t>(MessageType::kPrepare) ? check_prepared(open)
                                                                          : check_committed(open);
    }
    case MessageType::kViewChange: {
      for (Peer& peer : peers_) {
        peer.view_change_copies = 0;
        peer.view_change_due = now() + patience(0);
      }
      std::optional<ViewChangeBody> body = decode_view_change(message->body);
      GOVCHAIN_ASSERT(body.has_value());
      return keep_view_change({message, std::make_shared<const ViewChangeBody>(std::move(*body))},
                              self());
    }
    case MessageType::kNewView: {
      std::optional<NewViewBody> body = decode_new_view(message->body);
      GOVCHAIN_ASSERT(body.has_value());
      return take_new_view(message, std::move(body->view_changes));
    }
    default:
      GOVCHAIN_ASSERT(false);
  }
}

void PbftEngine::append_claims(const Message& message, ClaimList& claims) const {
  if (message.type != static_cast<uint8_t>(MessageType::kViewChange)) return;
  const uint32_t sender = position_of(message.sender);
  GOVCHAIN_ASSERT(is_arriving(sender, message));  // wants_view_change() has set it
  const ViewChange& arriving = peers_[sender].arriving;
  if (arriving.body->checkpoint) ChainEngine::append_claims(*arriving.body->checkpoint, claims);
  for (const PreparedProof& proof : arriving.body->proofs) append_proof(proof, claims);
}

void PbftEngine::on_payloads_verified(const BlockRef& block, bool valid) {
  Slot* const open = slot_at(block->height);
  if (open == nullptr || !open->proposal || open->proposal->digest != block->digest) return;
  open->payloads_verified = open->payloads_verified || valid;
}

void PbftEngine::on_peer_reached(uint32_t peer) {
  peers_[peer].view_change_copies = 0;
  peers_[peer].view_change_due = now();
}

Ref<Message> PbftEngine::new_own(MessageType type, Lane lane) const {
  return new_message(static_cast<uint8_t>(type), lane);
}

}  // namespace govchain::consensus::pbft
