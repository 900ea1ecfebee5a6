// A restart: what the log says this replica promised binds it, and the unfinal nodes that it voted
// for are known again.

#include <algorithm>
#include <utility>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

// The root follows what the base has restored; its node's digest is known only from the proof of
// the block.
void HotstuffEngine::sync_root() {
  if (tree_.root().height == committed()) return;
  Root root{committed(), View(0), {}, committed() == epoch_root_};
  if (root.known) root.digest = root_digest(config().hash, epoch(), epoch_root_);
  const std::vector<StoredBlock>& recent = recent_blocks();
  if (!root.known && !recent.empty() && recent.back().block->height == committed() &&
      recent.back().block->epoch == epoch()) {
    const Certificate& certificate = *recent.back().certificate;
    const std::optional<Link> link =
        decode_link(config().hash, certificate.statement.digest, certificate.link);
    if (link) {
      root = {committed(), link->nodes.back().view, node_digest(config().hash, link->nodes.back()),
              true};
    }
  }
  tree_.set_root(root);
}

// Records of epochs that are over bind nobody any more.
bool HotstuffEngine::read_record(const LogRecordRef& reference, Ticket ticket) {
  sync_root();
  const LogRecord& record = *reference;
  std::optional<Promise> promise;
  std::optional<RecoveredNode> recovered;
  std::optional<TimeoutCertificate> failed;
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::kNode:
      recovered = read_node(record);
      if (!recovered) return false;
      promise = recovered->promise;
      break;
    case RecordType::kPromise: {
      std::optional<RecoveredPromise> read = read_promise(record);
      if (!read) return false;
      promise = read->promise;
      failed = std::move(read->failed);
      break;
    }
  }
  if (!promise || promise->epoch > epoch()) return false;
  if (promise->epoch < epoch()) return true;
  if (promise->voted < promise_.voted || promise->given_up < promise_.given_up) return false;
  promise_ = *promise;
  promise_ticket_ = ticket;
  failed_ = std::move(failed);
  if (planted(Mutant::kVotedViewForgotten)) promise_.voted = View(0);
  const CertificateRef& certificate = record.certificate;
  const bool newer = certificate && certificate->statement.epoch == epoch() &&
                     certificate->statement.view > highest_view();
  if (newer && !planted(Mutant::kLockNotUpdated)) highest_ = certificate;
  if (!recovered || record.block->height <= committed()) return true;
  Node node;
  node.header = {record.block->digest, recovered->body.parent, recovered->view,
                 recovered->body.parent_view()};
  node.digest = node_digest(config().hash, node.header);
  node.height = record.block->height;
  node.block = record.block;
  node.justify = record.certificate;
  node.timeout = recovered->body.timeout;
  node.ticket = ticket;
  node.payloads_good = true;
  if (recovered->signature != Signature{}) {
    node.proposal = rebuild_proposal(node, recovered->signature, recovered->body);
  }
  if (tree_.find(node.digest) == nullptr) (void)tree_.insert(std::move(node));
  return true;
}

MessageRef HotstuffEngine::rebuild_proposal(const Node& node, const Signature& signature,
                                            const ProposalBody& body) const {
  Ref<Message> message = new_message(static_cast<uint8_t>(MessageType::kProposal), Lane::kBody);
  message->sender = node.block->proposer;
  message->view = node.header.view;
  message->height = node.height;
  message->digest = node.digest;
  message->block = node.block;
  message->signature = signature;
  encode_body(body, message->body);
  seal_message(*message);
  return MessageRef(std::move(message));
}

// Everything that the log says is read: the view follows from it, and what was promised and may not
// have left is signed again, word for word.
void HotstuffEngine::begin_protocol() {
  sync_root();
  view_ = std::max({View(1), highest_view().next(), promise_.voted});
  if (failed_ && failed_->view.next() >= view_) {
    view_ = failed_->view.next();
  } else {
    // What it voted for in this view says how the view began.
    const Node* const voted = tree_.at_view(view_);
    failed_ = voted == nullptr ? std::nullopt : voted->timeout;
  }
  const Node* const top = highest_node();
  if (highest_ && top == nullptr && highest_->statement.height > committed()) {
    want(highest_->statement.digest, highest_->statement.height);
  }
  // A node may have been logged when it was voted for, and its parent, of which the leader had told
  // others and this replica another, may not.
  for (const Node& node : tree_.nodes()) {
    const bool gap =
        !node.attached && node.height > committed().next() && tree_.parent_of(node) == nullptr;
    if (gap) want(node.header.parent, Height(node.height.value() - 1));
  }
  update_lock();
  aim_at(top);
  if (!may_vote()) return;
  if (in_view_change()) return request_timeout();
  Node* const voted = tree_.at_view(view_);
  if (voted == nullptr || promise_.voted != view_) return;
  aim_at(voted);
  if (!voted->proposal) request_proposal(*voted);
  request_vote(*voted);
}

// One's own proposal, logged but perhaps not signed before the crash: the same statement again.
void HotstuffEngine::request_proposal(const Node& node) {
  Ref<Message> draft = new_message(static_cast<uint8_t>(MessageType::kProposal), Lane::kBody);
  draft->view = node.header.view;
  draft->height = node.height;
  draft->digest = node.digest;
  draft->block = node.block;
  encode_body(ProposalBody{node.header.parent, node.justify, node.timeout}, draft->body);
  request_signature(std::move(draft), node.ticket);
}

Ticket HotstuffEngine::logged_at(const Block& block) const {
  const Node* const node = tree_.of_block(block.digest);
  return node == nullptr ? Ticket() : node->ticket;
}

// Whoever has given up a view that it entered because the one before was given up, too, may be the
// only one that knows of that, after a crash as well.
Ref<LogRecord> HotstuffEngine::promise_record() const {
  return make_promise_record(promise_, highest_, failed_ && in_view_change() ? &*failed_ : nullptr);
}

void HotstuffEngine::rewrite_log() { promise_ticket_ = persist(promise_record()); }

// The promise just written, and the bodies of unfinal nodes that this replica voted for.
Ticket HotstuffEngine::needed_from() const {
  Ticket from = promise_ticket_;
  for (const Node& node : tree_.nodes()) {
    if (node.ticket != Ticket()) from = std::min(from, node.ticket);
  }
  return from;
}

}  // namespace govchain::consensus::hotstuff
