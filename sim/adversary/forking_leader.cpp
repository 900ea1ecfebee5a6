#include <algorithm>
#include <cstddef>
#include <vector>

#include "consensus/hotstuff/link.h"
#include "consensus/hotstuff/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::CertificateRef;
using consensus::MessageRef;
using consensus::ReplicaId;
using consensus::hotstuff::MessageType;
using consensus::hotstuff::ProposalBody;

// The forking attack on chained protocols (Niu, Gai, Jalalzai & Feng, "On the Performance of
// Pipelined HotStuff", arXiv 2107.04947, section 4.2): lets one replica alone see the newest
// certificate, denies it when it gives up a view, and builds on an older one as soon as a
// certificate of timeouts entitles it to a view; or on one that nobody made. Against the voting
// rules as they stand this achieves nothing.
class ForkingLeader final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (message->sender != out.self() || message->protocol != consensus::Protocol::kHotstuff) {
      return pass_on(to, message, out);
    }
    switch (static_cast<MessageType>(message->type)) {
      case MessageType::kProposal:
        return propose(to, message, out);
      case MessageType::kTimeout:
        return deny(to, message, out);
      case MessageType::kAdvance:
        return tell_one(message, out);
      default:
        return pass_on(to, message, out);
    }
  }

  bool on_receive(ReplicaId /*from*/, const MessageRef& message, Outbox& /*out*/) override {
    if (message->protocol == consensus::Protocol::kHotstuff &&
        message->type == static_cast<uint8_t>(MessageType::kProposal)) {
      const auto body = consensus::hotstuff::decode_proposal(message->body);
      if (body && body->justify) remember(body->justify);
    }
    return true;
  }

 private:
  static constexpr size_t kRemembered = 16;

  void remember(const CertificateRef& certificate) {
    if (seen_.size() == kRemembered) seen_.erase(seen_.begin());
    seen_.push_back(certificate);
  }

  void propose(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto body = consensus::hotstuff::decode_proposal(message->body);
    if (!body) return pass_on(to, message, out);
    if (message->view != lied_view_ || message->epoch != lied_epoch_) {
      lied_view_ = message->view;
      lied_epoch_ = message->epoch;
      manner_ = out.random() % 4;
      fork_ =
          manner_ == 3 ? on_nothing(*message, *body, out) : on_an_older_one(*message, *body, out);
      if (body->justify) remember(body->justify);
    }
    if (fork_) return send_like(to, fork_, out);
    if (manner_ == 0) return pass_on(to, message, out);
    tell_one(message, out);
  }

  // So that somebody alone may find something final, and the others give the view up.
  static void tell_one(const MessageRef& message, Outbox& out) {
    const auto& members = out.members().members;
    const ReplicaId one = members[out.random() % members.size()].id;
    if (one != out.self()) out.send(one, message);
  }

  static MessageRef proposal_on(const consensus::Message& message, ProposalBody body,
                                consensus::Height height, Outbox& out) {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = height;
    block->view = message.view;
    block->epoch = message.epoch;
    block->proposer = out.self();
    block->wall_time = message.block->wall_time;
    consensus::seal_block(out.hash_algorithm(), *block);
    auto copy = copy_of(message);
    copy->height = height;
    copy->digest = consensus::hotstuff::node_digest(
        out.hash_algorithm(), {block->digest, body.parent, message.view, body.parent_view()});
    copy->block = std::move(block);
    copy->body.clear();
    consensus::hotstuff::encode_body(body, copy->body);
    return sign_and_seal(std::move(copy), out);
  }

  // Null if the leader is not entitled to its view by timeouts, or knows no older certificate.
  MessageRef on_an_older_one(const consensus::Message& message, ProposalBody body, Outbox& out) {
    if (!body.timeout) return {};
    std::vector<CertificateRef> older;
    for (const CertificateRef& certificate : seen_) {
      if (certificate->statement.epoch == message.epoch &&
          certificate->statement.view < body.parent_view()) {
        older.push_back(certificate);
      }
    }
    if (older.empty()) return {};
    // Mostly the newest of them, above which least is final.
    const size_t back = std::min<size_t>(older.size() - 1, out.random() % 3);
    body.justify = older[older.size() - 1 - back];
    body.parent = body.justify->statement.digest;
    const consensus::Height height = body.justify->statement.height.next();
    return proposal_on(message, std::move(body), height, out);
  }

  // A certificate of the view before, for a node that does not exist, by everybody.
  static MessageRef on_nothing(const consensus::Message& message, ProposalBody body, Outbox& out) {
    auto forged = consensus::Ref<consensus::Certificate>::make();
    forged->statement = {out.chain(),
                         message.epoch,
                         consensus::Protocol::kHotstuff,
                         static_cast<uint8_t>(MessageType::kVote),
                         consensus::View(message.view.value() - 1),
                         consensus::Height(message.height.value() - 1),
                         random_digest(out)};
    if (forged->statement.view == consensus::View(0) ||
        forged->statement.height == consensus::Height(0)) {
      return {};
    }
    for (const consensus::Member& member : out.members().members) {
      forged->signers.push_back(member.id);
      forged->signatures.push_back(out.sign(forged->statement));
    }
    body.parent = forged->statement.digest;
    body.justify = CertificateRef(std::move(forged));
    return proposal_on(message, std::move(body), message.height, out);
  }

  // Gives the view up without any certificate.
  static void deny(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto copy = copy_of(*message);
    copy->digest = consensus::hotstuff::timeout_digest(consensus::View(0));
    copy->body.clear();
    consensus::hotstuff::encode_certificate_body({}, copy->body);
    send_like(to, sign_and_seal(std::move(copy), out), out);
  }

  std::vector<CertificateRef> seen_;
  MessageRef fork_;  // in place of the proposal of lied_view_
  consensus::View lied_view_;
  consensus::Epoch lied_epoch_;
  uint64_t manner_ = 0;
};

}  // namespace

std::unique_ptr<Interceptor> make_forking_leader() { return std::make_unique<ForkingLeader>(); }

}  // namespace govchain::sim
