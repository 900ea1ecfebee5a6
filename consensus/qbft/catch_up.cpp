// What a replica says of the height under way, and what others send it then. Messages may be lost,
// so whatever binds a replica is sent again to whoever lacks it (the paper takes reliable links for
// granted).

#include <algorithm>
#include <utility>

#include "consensus/qbft/qbft_engine.h"

namespace govchain::consensus::qbft {

void QbftEngine::encode_standing(std::vector<uint8_t>& out) const {
  Standing standing;
  standing.proposal = static_cast<bool>(proposal_);
  standing.prepared = prepared_ && prepared_->round == round_;
  standing.wanted = wanted_body_;
  for (uint32_t i = 0; i < round_changes_.size(); ++i) {
    const auto has = [&](const MessageRef& message) { return message && message->view >= round_; };
    if (has(prepares_.messages[i])) add_to(standing.prepares, i);
    if (has(commits_.messages[i])) add_to(standing.commits, i);
    if (has(round_changes_[i].message)) add_to(standing.round_changes, i);
  }
  encode_body(standing, out);
}

void QbftEngine::answer_standing(uint32_t peer, const Message& status,
                                 std::span<const uint8_t> bytes, bool responder) {
  const std::optional<Standing> standing = decode_standing(bytes);
  if (!standing) {
    ++counters().malformed;
    return;
  }
  if (!is_member() || status.height != committed()) return;
  if (standing->wanted && responder) {
    const BlockRef block = find_body(*standing->wanted);
    if (block) {
      Ref<Message> body = new_message(static_cast<uint8_t>(MessageType::kBody), Lane::kBody);
      body->height = height_;
      body->digest = block->digest;
      body->block = block;
      send(peer, std::move(body));
    }
  }
  // The proposal is worth its bytes from its leader, or from one of the few who are asked.
  const bool lacks = status.view < round_ || (status.view == round_ && !standing->proposal);
  if (proposal_ && lacks && (responder || leader() == self())) {
    forward(peer, proposal_, bound_ticket_);
  }
  resend_round(peer, status, *standing);
  resend_votes(peer, status, *standing);
}

void QbftEngine::resend_round(uint32_t peer, const Message& status, const Standing& standing) {
  const MessageRef& own = round_changes_[self()].message;
  if (!own || own->view != round_ || status.view > round_) return;
  if (status.view == round_ && contains(standing.round_changes, self())) return;
  forward(peer, own, round_change_ticket_);
}

// Commits of earlier rounds too: a quorum of them decides in any.
void QbftEngine::resend_votes(uint32_t peer, const Message& status, const Standing& standing) {
  const MessageRef& prepare = prepares_.messages[self()];
  if (prepare && prepare->view == round_ && status.view <= round_ && !standing.prepared &&
      !(status.view == round_ && contains(standing.prepares, self()))) {
    forward(peer, prepare, bound_ticket_);
  }
  const MessageRef& commit = commits_.messages[self()];
  if (commit && prepared_ && !contains(standing.commits, self())) {
    forward(peer, commit, prepared_->ticket);
  }
}

}  // namespace govchain::consensus::qbft
