// What is well-formed, of use now, and worth verifying.

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

bool HotstuffEngine::malformed() {
  ++counters().malformed;
  return false;
}

bool HotstuffEngine::wants(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (!message.payloads.empty()) return malformed();
  if (static_cast<MessageType>(message.type) == MessageType::kProposal) {
    return wants_proposal(sender, reference);
  }
  if (message.block) return malformed();
  if (weight_of(sender) == 0) {
    ++counters().unauthorised;
    return false;
  }
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kVote:
      return wants_vote(sender, reference);
    case MessageType::kTimeout:
      return wants_timeout(sender, reference);
    case MessageType::kAdvance:
      return wants_advance(reference);
    default:
      return malformed();
  }
}

bool HotstuffEngine::wants_proposal(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (!message.block || sender != leader_of(message.view) || message.view == View(0)) {
    return malformed();
  }
  const Block& block = *message.block;
  if (block.height != message.height || block.view != message.view ||
      block.proposer != message.sender) {
    return malformed();
  }
  if (!is_needed(reference)) return false;
  std::optional<ProposalBody> body = decode_proposal(message.body);
  if (!body || !is_well_formed_proposal(message, *body)) return malformed();
  remember_incoming(reference, std::move(*body));
  return true;
}

// A node of the present or a later view, or one that certified nodes hang on. A second one of a
// view is evidence, and of use only if it has been certified.
bool HotstuffEngine::is_needed(const MessageRef& reference) {
  const Message& message = *reference;
  if (message.height <= committed()) {
    ++counters().stale;
    return false;
  }
  if (tree_.find(message.digest) != nullptr) {
    ++counters().duplicate;
    return false;
  }
  if (const Node* const held = tree_.at_view(message.view); held != nullptr && held->proposal) {
    suspect_conflict(held->proposal, reference);
    return is_wanted(message.digest);
  }
  if (message.view >= view_ || is_wanted(message.digest)) return true;
  ++counters().stale;
  return false;
}

bool HotstuffEngine::is_well_formed_proposal(const Message& message,
                                             const ProposalBody& body) const {
  const Block& block = *message.block;
  const NodeHeader header{block.digest, body.parent, message.view, body.parent_view()};
  if (node_digest(config().hash, header) != message.digest || !is_well_formed(block)) return false;
  if (body.justify) {
    if (!is_certificate(*body.justify) || body.justify->statement.digest != body.parent ||
        body.justify->statement.height.next() != block.height ||
        body.justify->statement.view >= message.view) {
      return false;
    }
  } else if (block.height != epoch_root_.next() ||
             body.parent != root_digest(config().hash, epoch(), epoch_root_)) {
    return false;
  }
  if (body.timeout &&
      !(body.timeout->view.next() == message.view && is_timeout_certificate(*body.timeout))) {
    return false;
  }
  // What entitles the leader to the view: the view before was decided, or given up.
  return body.timeout || body.parent_view().next() == message.view;
}

// A certificate as proposals and timeouts carry it; its signatures are verified later.
bool HotstuffEngine::is_certificate(const Certificate& certificate) const {
  const Statement& statement = certificate.statement;
  return statement.chain == config().chain && statement.epoch == epoch() &&
         statement.version == version() && statement.protocol == Protocol::kHotstuff &&
         statement.type == static_cast<uint8_t>(MessageType::kVote) && statement.view > View(0) &&
         statement.height > epoch_root_ && certificate.link.empty() &&
         ChainEngine::weight_of(certificate, membership()) >= quorum_weight();
}

bool HotstuffEngine::is_timeout_certificate(const TimeoutCertificate& timeout) const {
  if (timeout.view != window_end(timeout.view)) return false;
  uint64_t weight = 0;
  for (const TimeoutCertificate::Entry& entry : timeout.entries) {
    const uint32_t position = position_of(entry.signer);
    if (position == kNobody || entry.highest > timeout.view) return false;
    weight += ChainEngine::weight_of(position);
  }
  return weight >= quorum_weight();
}

// Which votes this replica collects follows from the view. Each member's newest is kept, so that
// nobody can make others' votes be forgotten.
bool HotstuffEngine::wants_vote(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  if (!message.body.empty() || message.view == View(0) ||
      leader_of(message.view.next()) != self()) {
    return malformed();
  }
  const MessageRef& held = votes_.messages[sender];
  if (held && held->view == message.view) {
    if (held->digest != message.digest) {
      suspect_conflict(held, reference);
    } else {
      ++(held->height == message.height ? counters().duplicate : counters().malformed);
    }
    return false;
  }
  if (planted(Mutant::kHonestBlamed) && held && held->view < message.view &&
      held->height == message.height) {
    suspect_conflict(held, reference);
  }
  if ((held && held->view > message.view) || message.view <= highest_view()) {
    ++counters().stale;
    return false;
  }
  return true;
}

bool HotstuffEngine::wants_timeout(uint32_t sender, const MessageRef& reference) {
  const Message& message = *reference;
  const std::optional<View> highest = highest_of(message.digest);
  if (!highest || *highest > message.view || message.view != window_end(message.view) ||
      message.view == View(0) || message.height != Height(0)) {
    return malformed();
  }
  const std::optional<TimeoutBody> body = decode_timeout_body(message.body);
  if (!body || (body->highest && !is_certificate(*body->highest))) return malformed();
  const View shown = body->highest ? body->highest->statement.view : View(0);
  if (shown < *highest) return malformed();
  if (body->failed &&
      (body->failed->view >= message.view || !is_timeout_certificate(*body->failed))) {
    return malformed();
  }
  const MessageRef& held = timeouts_.messages[sender];
  if (held && held->view == message.view) {
    if (held->digest == message.digest) {
      ++counters().duplicate;
    } else {
      suspect_conflict(held, reference);
    }
    return false;
  }
  if (message.view < view_) {
    ++counters().stale;
    help(sender);
    return false;
  }
  if (held && held->view > message.view) {
    ++counters().stale;
    return false;
  }
  return true;
}

bool HotstuffEngine::wants_advance(const MessageRef& reference) {
  const Message& message = *reference;
  const std::optional<CertificateRef> body = decode_certificate_body(message.body);
  if (!body || !*body || !is_certificate(**body)) return malformed();
  const Statement& statement = (*body)->statement;
  if (statement.view != message.view || statement.height != message.height ||
      statement.digest != message.digest) {
    return malformed();
  }
  if (message.view <= highest_view()) {
    ++counters().stale;
    return false;
  }
  return true;
}

// By what it says, not by which object says it: a network may deliver one object twice, or two
// copies.
HotstuffEngine::Incoming* HotstuffEngine::find_incoming(const Message& message) {
  const auto found =
      std::find_if(incoming_.begin(), incoming_.end(), [&](const Incoming& incoming) {
        return incoming.message && incoming.message->digest == message.digest &&
               incoming.message->signature == message.signature &&
               incoming.message->body == message.body;
      });
  return found == incoming_.end() ? nullptr : &*found;
}

// Decoded once, however long the signatures take. Of two copies under way neither counts as having
// had its certificate verified unless both had.
void HotstuffEngine::remember_incoming(const MessageRef& message, ProposalBody body) {
  const bool verifies = body.justify && !known(*body.justify);
  if (Incoming* const held = find_incoming(*message)) {
    held->verifies = held->verifies && verifies;
    newest_incoming_ = static_cast<size_t>(held - incoming_.data());
    return;
  }
  newest_incoming_ = incoming_next_++ % kMaxIncoming;
  incoming_[newest_incoming_] = {message, std::move(body), verifies};
}

// Nullopt if the ring has lost it, or if its certificate was known when it came and is not any
// more: then nobody has verified this copy. It is sent again if it is still of use.
std::optional<ProposalBody> HotstuffEngine::take_incoming(const MessageRef& message) {
  Incoming* const held = find_incoming(*message);
  if (held == nullptr) return std::nullopt;
  held->message.reset();
  std::optional<ProposalBody> body = std::move(held->body);
  held->body = {};
  if (body->justify && !held->verifies && !known(*body->justify)) return std::nullopt;
  return body;
}

// A certificate of the same statement that was verified before.
CertificateRef HotstuffEngine::known(const Certificate& certificate) const {
  if (highest_ && highest_->statement == certificate.statement) return highest_;
  for (const Node& node : tree_.nodes()) {
    if (node.justify && node.justify->statement == certificate.statement) return node.justify;
  }
  return {};
}

void HotstuffEngine::append_certificate(const CertificateRef& certificate,
                                        ClaimList& claims) const {
  if (!certificate || planted(Mutant::kCertificateUnverified)) return;
  for (size_t i = 0; i < certificate->signers.size(); ++i) {
    claims.claims.push_back(
        {certificate->statement, certificate->signers[i], certificate->signatures[i]});
  }
}

void HotstuffEngine::append_certificate(const TimeoutCertificate& timeout,
                                        ClaimList& claims) const {
  if (planted(Mutant::kCertificateUnverified)) return;
  for (const TimeoutCertificate::Entry& entry : timeout.entries) {
    const Statement statement{config().chain,
                              epoch(),
                              Protocol::kHotstuff,
                              static_cast<uint8_t>(MessageType::kTimeout),
                              timeout.view,
                              Height(0),
                              timeout_digest(entry.highest),
                              version()};
    claims.claims.push_back({statement, entry.signer, entry.signature});
  }
}

// Only what is newer than all that is known will be looked at.
void HotstuffEngine::append_claims(const Message& message, ClaimList& claims) const {
  switch (static_cast<MessageType>(message.type)) {
    case MessageType::kProposal: {
      // wants() has just put it there.
      const Incoming& incoming = incoming_[newest_incoming_];
      GOVCHAIN_ASSERT(incoming.message && incoming.message->digest == message.digest);
      if (incoming.verifies) append_certificate(incoming.body.justify, claims);
      if (incoming.body.timeout) append_certificate(*incoming.body.timeout, claims);
      return;
    }
    case MessageType::kTimeout: {
      const std::optional<TimeoutBody> body = decode_timeout_body(message.body);
      if (!body) return;
      if (body->highest && body->highest->statement.view > highest_view()) {
        append_certificate(body->highest, claims);
      }
      if (body->failed && body->failed->view >= view_) append_certificate(*body->failed, claims);
      return;
    }
    case MessageType::kAdvance: {
      const std::optional<CertificateRef> body = decode_certificate_body(message.body);
      if (body && *body && (*body)->statement.view > highest_view()) {
        append_certificate(*body, claims);
      }
      return;
    }
    case MessageType::kVote:
      return;
  }
}

}  // namespace govchain::consensus::hotstuff
