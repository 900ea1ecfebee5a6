// What a replica says of the heights and views under way, and what others send it then (Castro's
// thesis §4.6.2).

#include <algorithm>
#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::encode_standing(std::vector<uint8_t>& out) const {
  Standing standing;
  standing.in_view_change = in_view_change_;
  for (Height height = committed().next(); height <= high() && height > low_; ++height) {
    if (standing.slots.size() == kMaxStatusSlots) break;
    const Slot& open = slot(height);
    uint8_t flags = 0;
    if (open.proposal_verified) flags |= Standing::kHasProposal;
    if (open.bound || (open.proposal && open.proposal->block)) flags |= Standing::kHasBlock;
    if (open.prepared) flags |= Standing::kIsPrepared;
    standing.slots.push_back(flags);
  }
  if (in_view_change_) {
    standing.view_changes.resize((view_changes_.size() + 7) / 8);
    for (size_t i = 0; i < view_changes_.size(); ++i) {
      const MessageRef& held = view_changes_[i].message;
      if (!held || held->view != view_) continue;
      uint8_t& bits = standing.view_changes[i / 8];
      bits = static_cast<uint8_t>(bits | 1U << (i % 8));
    }
  }
  encode_body(standing, out);
}

void PbftEngine::answer_standing(uint32_t peer, const Message& status,
                                 std::span<const uint8_t> bytes, bool responder) {
  const std::optional<Standing> standing = decode_standing(bytes);
  if (!standing) {
    ++counters().malformed;
    return;
  }
  if (!is_member()) return;
  resend_view_material(peer, status, *standing);
  resend_votes(peer, status, *standing, responder);
}

// To a replica in an earlier view, or still on its way into this one.
void PbftEngine::resend_view_material(uint32_t peer, const Message& status,
                                      const Standing& standing) {
  const bool behind =
      status.view < view_ || (status.view == view_ && standing.in_view_change && !in_view_change_);
  const bool lacks = status.view < view_ || (status.view == view_ && standing.in_view_change &&
                                             !standing.has_view_change(self()));
  if (in_view_change_ && lacks) resend_view_change(peer);
  if (!behind && !(in_view_change_ && standing.in_view_change)) return;
  const auto show = [&](const std::optional<NewView>& known) {
    if (!known || known->message->view < status.view) return;
    const bool own = known->message->sender == config().self;
    forward(peer, known->message, own ? view_ticket_ : Ticket());
  };
  show(new_view_);
  for (const std::optional<NewView>& offer : offers_) show(offer);
}

// A view-change message is large, and everybody's goes to everybody. One that has not arrived may
// well be on its way through a narrow link still, where a second copy makes the queue longer: each
// repetition to a peer waits twice as long as the one before, up to a whole timeout.
void PbftEngine::resend_view_change(uint32_t peer) {
  const MessageRef& own = view_changes_[self()].message;
  if (!own || own->view != view_) return;
  Peer& state = peers_[peer];
  if (now() < state.view_change_due) return;
  state.view_change_due = now() + patience(state.view_change_copies);
  ++state.view_change_copies;
  forward(peer, own, view_ticket_);
}

void PbftEngine::resend_votes(uint32_t peer, const Message& status, const Standing& standing,
                              bool responder) {
  if (in_view_change_ || standing.in_view_change || status.view != view_) return;
  for (size_t i = 0; i < kMaxStatusSlots; ++i) {
    const Height height = status.height + (i + 1);
    if (height > accepted_) return;
    const Slot* const open = slot_at(height);
    if (open == nullptr || !open->bound) continue;
    resend_slot(peer, *open, i < standing.slots.size() ? standing.slots[i] : uint8_t{0}, responder);
  }
}

// The proposal is worth its bytes from its primary, or from one of the few who are asked.
void PbftEngine::resend_slot(uint32_t peer, const Slot& open, uint8_t flags, bool responder) {
  const bool lacks_proposal = (flags & Standing::kHasProposal) == 0;
  const bool lacks_block = (flags & Standing::kHasBlock) == 0;
  const bool gives = !lacks_block || (open.proposal && open.proposal->block);
  if ((lacks_proposal || lacks_block) && open.proposal_verified && gives &&
      (is_primary() || responder)) {
    forward(peer, open.proposal, open.bound_ticket);
  }
  const MessageRef& prepare = open.prepares.messages[self()];
  if ((flags & Standing::kIsPrepared) == 0 && prepare) forward(peer, prepare, open.bound_ticket);
  // Its record came before everything that is written now.
  const MessageRef& commit = open.commits.messages[self()];
  if (commit) forward(peer, commit, last_ticket());
}

// Alone in wanting a view: the others get on with the old one, whose primary this replica no longer
// talks to. Its clients' payloads must reach them all the same, to be ordered or to make them want
// the view too. When a quorum wants it, nobody can order them before its primary does. A member
// without weight can want no view: all it can do for its clients is to say it again.
bool PbftEngine::may_offer() const {
  if (config().proposal_bodies != ProposalBodies::kCarried || !has_vote()) return true;
  return in_view_change_ && !view_change_quorum_at_;
}

}  // namespace govchain::consensus::pbft
