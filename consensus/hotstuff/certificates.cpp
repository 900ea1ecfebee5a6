// Certificates: made of votes, learnt from others, and what they make final.

#include <algorithm>
#include <utility>

#include "consensus/hotstuff/hotstuff_engine.h"

namespace govchain::consensus::hotstuff {

// PODC'19, Algorithm 4, lines 14-16 (onReceiveVote): n - f votes for one node are its certificate.
void HotstuffEngine::form_certificate(const Message& vote) {
  Ref<Certificate> certificate = Ref<Certificate>::make();
  certificate->statement = vote.statement(config().chain);
  certificate->signers.reserve(members());
  certificate->signatures.reserve_votes(members());
  for (const MessageRef& held : votes_.messages) {
    if (!held || held->view != vote.view || held->digest != vote.digest ||
        held->height != vote.height) {
      continue;
    }
    certificate->signers.push_back(held->sender);
    certificate->signatures.push_back(held);
  }
  learn(CertificateRef(std::move(certificate)), {});
}

// PODC'19, Algorithm 4, lines 17-20 (updateQCHigh); Jolteon, Fig. 2 ("Advance round").
void HotstuffEngine::learn(const CertificateRef& certificate, const MessageRef& carrier) {
  const Statement& statement = certificate->statement;
  if (statement.view <= highest_view()) {
    // One that this replica made itself has come back, in a message that others can be shown.
    if (!carrier_.message && statement.view == highest_view()) carrier_.message = carrier;
    return;
  }
  highest_ = certificate;
  carrier_ = {carrier, Ticket()};
  const Node* const node = tree_.find(statement.digest);
  if (node == nullptr && statement.height > committed()) want(statement.digest, statement.height);
  update_lock();
  enter_view(statement.view.next(), nullptr);
  if (node != nullptr && aim_ != node->digest) {
    const Node* const aimed = tree_.find(aim_);
    if (aimed == nullptr || aimed->header.view < statement.view) aim_at(node);
  }
  touch();
}

// Three-chain: locked on the parent of every node that is known to be certified (PODC'19, Algorithm
// 5, lines 15-17; Diem, "preferred round"). Two-chain: the highest certificate itself is what
// binds, and is told in TIMEOUTs.
void HotstuffEngine::update_lock() {
  if (hotstuff_.commit_rule != CommitRule::kThreeChain || planted(Mutant::kLockNotUpdated)) return;
  const Node* const node = highest_node();
  if (node == nullptr || node->header.parent_view <= promise_.locked_view) return;
  promise_.locked_view = node->header.parent_view;
  promise_.locked = node->header.parent;
}

// Whether a chain of consecutive views, as long as the rule wants it, stands under the head on the
// path: what is at its foot is final, and all below (Jolteon, Fig. 2, "Commit"; PODC'19, Algorithm
// 5, lines 18-19).
bool HotstuffEngine::is_final_under(size_t head) const {
  const auto chain = static_cast<size_t>(hotstuff_.commit_rule);
  if (head + chain > path_.size()) return false;
  for (size_t i = head; i + 1 < head + chain; ++i) {
    const bool direct = path_[i]->header.view == path_[i + 1]->header.view.next();
    if (!direct && !planted(Mutant::kCommitOverGap)) return false;
  }
  return true;
}

// What is final by the highest such head on the certified branch. A block whose bytes are missing
// holds up all above it, and the views go on meanwhile: nothing of that path is looked at until
// they are here.
void HotstuffEngine::commit() {
  const Node* const top = highest_node();
  if (top == nullptr || !top->attached || is_installing() || commit_waits()) return;
  tree_.path(*top, path_);
  for (size_t head = 0; head < path_.size(); ++head) {
    if (is_final_under(head)) return commit_path(head);
  }
}

// Each block gets the certificate of the nearest head above it that makes it final, with the
// headers that lead there: under views that follow each other a proof has as many as the rule
// wants, however many blocks become final at once.
void HotstuffEngine::commit_path(size_t highest_head) {
  struct Final {
    BlockRef block;
    CertificateRef proof;
  };
  // One block nearly always; the room is kept, and taken away meanwhile, from commit to commit.
  thread_local std::vector<Final> spare;
  thread_local Link link;
  std::vector<Final> blocks = std::exchange(spare, {});
  const size_t foot = highest_head + static_cast<size_t>(hotstuff_.commit_rule) - 1;
  for (size_t last = path_.size(); last-- > foot;) {
    size_t nearest = last + 1 - static_cast<size_t>(hotstuff_.commit_rule);
    while (nearest > highest_head && !is_final_under(nearest)) --nearest;
    const Certificate& certificate = nearest == 0 ? *highest_ : *path_[nearest - 1]->justify;
    Ref<Certificate> proof = Ref<Certificate>::make();
    proof->statement = certificate.statement;
    proof->signers = certificate.signers;
    proof->signatures = certificate.signatures;
    link.rule = hotstuff_.commit_rule;
    link.nodes.clear();
    for (size_t i = nearest; i <= last; ++i) link.nodes.push_back(path_[i]->header);
    encode_link(link, proof->link);
    blocks.push_back({path_[last]->block, CertificateRef(std::move(proof))});
  }
  const Epoch before = epoch();
  for (const Final& next : blocks) {
    // What stands above the last block of an epoch is void.
    if (epoch() != before) break;
    commit_block(next.block, next.proof);
    if (commit_waits()) return;
  }
  blocks.clear();
  spare = std::move(blocks);
}

bool HotstuffEngine::proves_commit(const Certificate& certificate, const Block& block,
                                   const Membership& members) const {
  const std::optional<Link> link = proof_of(config().hash, certificate, block);
  return link && link->rule == hotstuff_.commit_rule &&
         ChainEngine::weight_of(certificate, members) >= ByzantineQuorum(members).quorum();
}

Height HotstuffEngine::proven_height(const Certificate& certificate) const {
  return hotstuff::proven_height(certificate);
}

void HotstuffEngine::on_committed(const BlockRef& block, const CertificateRef& certificate) {
  attempts_ = 0;
  // Otherwise the epoch is new, and begins on this block.
  if (block->epoch == epoch()) {
    const std::optional<NodeHeader> node = proven_node(certificate->link);
    Root root{block->height, View(0), {}, false};
    if (node) {
      // It was hashed when it was proposed, unless this replica was only shown the block.
      const Node* const held = tree_.of_block(block->digest);
      const bool known = held != nullptr && held->header == *node;
      root = {block->height, node->view, known ? held->digest : node_digest(config().hash, *node),
              true};
    }
    tree_.set_root(root);
    if (tree_.find(aim_) == nullptr) {
      aim_ = {};
      release_in_flight(Height(1));
      aim_at(highest_node());
    }
    // The proof holds a certificate, which may be news to a replica that was shown the block.
    if (certificate->statement.view > highest_view()) {
      Ref<Certificate> head = Ref<Certificate>::make();
      head->statement = certificate->statement;
      head->signers = certificate->signers;
      head->signatures = certificate->signatures;
      learn(CertificateRef(std::move(head)), {});
      announced_ = highest_view();
    }
  }
  std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.height <= committed(); });
  touch();
}

// Final anywhere means: a quorum voted for the nodes above, and wrote down which block that would
// make final. If a later view has made something final here since, whatever was final then is
// below.
Height HotstuffEngine::may_be_committed() const {
  if (promise_.epoch != epoch()) return committed();
  const Root& root = tree_.root();
  if (root.known && root.view > promise_.may_be_final_view) return committed();
  return promise_.may_be_final;
}

}  // namespace govchain::consensus::hotstuff
