// Evidence of equivocation. An honest replica signs at most one pre-prepare, one prepare and one
// commit for a view and height, over all its lives: what it accepts is in its log before it speaks.
// Votes in different views may differ, and view-change messages of one view may (one is made again
// after a crash, with more in it), so neither is ever taken for evidence.

#include <utility>

#include "consensus/pbft/pbft_engine.h"

namespace govchain::consensus::pbft {

void PbftEngine::on_evidence(const Message& second) {
  if (second.type != static_cast<uint8_t>(MessageType::kPrePrepare)) return;
  if (Slot* const open = slot_at(second.height)) show_proposal(*open);
}

// Somebody prepared another block than the one that the primary sent here: the primary, or that
// replica, tells different things to different people. Each shows the others what the primary
// signed for it, once; two of these signatures together are evidence.
void PbftEngine::show_proposal(Slot& slot) {
  if (slot.relayed || !slot.proposal_verified || in_view_change_ || !is_member()) return;
  slot.relayed = true;
  const Message& proposal = *slot.proposal;
  Ref<Message> shown = Ref<Message>::make();
  shown->protocol = proposal.protocol;
  shown->type = proposal.type;
  shown->lane = Lane::kVote;
  shown->version = proposal.version;
  shown->sender = proposal.sender;
  shown->epoch = proposal.epoch;
  shown->view = proposal.view;
  shown->height = proposal.height;
  shown->digest = proposal.digest;
  shown->signature = proposal.signature;
  seal_message(*shown);
  forward_to_all(MessageRef(std::move(shown)), slot.bound_ticket);
}

}  // namespace govchain::consensus::pbft
