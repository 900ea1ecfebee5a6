#include <cstddef>
#include <optional>
#include <vector>

#include "consensus/pbft/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;
using consensus::View;
using consensus::pbft::MessageType;

// Lets one replica commit where the others do not, then makes a new view that knows nothing of it
// and orders other blocks at those heights. Against OSDI'99 §4.4 as it stands this achieves
// nothing: the view changes of a quorum show what was prepared.
class HidingPrimary final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (message->sender != out.self() || message->protocol != consensus::Protocol::kPbft) {
      return pass_on(to, message, out);
    }
    switch (static_cast<MessageType>(message->type)) {
      case MessageType::kCommit:
        return commit_for_one(to, message, out);
      case MessageType::kViewChange:
        return hide_what_was_prepared(to, message, out);
      case MessageType::kNewView:
        return start_view(to, message, out);
      case MessageType::kPrePrepare:
        if (!message->block && lied_ && message->view == lied_view_) {
          return propose_another(to, message, out);
        }
        break;
      default:
        break;
    }
    pass_on(to, message, out);
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  static ReplicaId primary_of(View view, const Outbox& out) {
    std::vector<ReplicaId> voters;
    for (const consensus::Member& member : out.members().members) {
      if (member.weight > 0) voters.push_back(member.id);
    }
    return voters[view.value() % voters.size()];
  }

  // Only the primary, whom the others may soon lose, hears that this replica commits.
  void commit_for_one(const ReplicaId* to, const MessageRef& message, Outbox& out) const {
    if (lied_ && message->view == lied_view_) return;  // propose_another() has said what it wants
    const ReplicaId victim = primary_of(message->view, out);
    if (victim == out.self()) return pass_on(to, message, out);
    if (to == nullptr || *to == victim) out.send(victim, message);
  }

  static MessageRef with_body(const consensus::Message& message,
                              const consensus::pbft::ViewChangeBody& body, Outbox& out) {
    auto copy = copy_of(message);
    copy->body.clear();
    consensus::pbft::encode_body(body, copy->body);
    copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
    return sign_and_seal(std::move(copy), out);
  }

  // P is empty, whatever was prepared.
  void hide_what_was_prepared(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto body = consensus::pbft::decode_view_change(message->body);
    if (!body) return pass_on(to, message, out);
    body->proofs.clear();
    hidden_ = with_body(*message, *body, out);
    send_like(to, hidden_, out);
  }

  // Names its own empty view change and, of the others, either f that do not exist, or a quorum of
  // which one does not exist, or a quorum that do.
  void start_view(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto body = consensus::pbft::decode_new_view(message->body);
    if (!body || !hidden_ || hidden_->view != message->view) return pass_on(to, message, out);
    if (!lied_ || lied_view_ != message->view) manner_ = out.random() % 4;
    lied_ = manner_ < 3;
    lied_view_ = message->view;
    const size_t few = (out.members().size() - 1) / 3 + 1;
    size_t others = 0;
    consensus::pbft::NewViewBody told;
    for (auto name : body->view_changes) {
      const bool own = name.sender == out.self();
      if (own) {
        name.digest = hidden_->digest;
      } else if (manner_ < 2) {
        if (++others >= few) continue;
        name.digest = hidden_->digest;
      } else if (manner_ == 2 && others++ == 0) {
        name.digest = hidden_->digest;
      }
      told.view_changes.push_back(name);
    }
    auto copy = copy_of(*message);
    copy->body.clear();
    consensus::pbft::encode_body(told, copy->body);
    copy->digest = consensus::hash(out.hash_algorithm(), copy->body);
    send_like(to, sign_and_seal(std::move(copy), out), out);
  }

  // An empty block where the real view changes demand another one, and the vote to commit it.
  static void propose_another(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = message->height;
    block->view = message->view;
    block->epoch = message->epoch;
    block->proposer = out.self();
    consensus::seal_block(out.hash_algorithm(), *block);
    auto proposal = copy_of(*message);
    proposal->block = block;
    proposal->digest = block->digest;
    auto commit = copy_of(*proposal);
    commit->type = static_cast<uint8_t>(MessageType::kCommit);
    commit->lane = consensus::Lane::kVote;
    commit->block.reset();
    send_like(to, sign_and_seal(std::move(proposal), out), out);
    send_like(to, sign_and_seal(std::move(commit), out), out);
  }

  MessageRef hidden_;  // its newest view change, as it was told
  View lied_view_;
  uint64_t manner_ = 0;
  bool lied_ = false;
};

}  // namespace

std::unique_ptr<Interceptor> make_hiding_primary() { return std::make_unique<HidingPrimary>(); }

}  // namespace govchain::sim
