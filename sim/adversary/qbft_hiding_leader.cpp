#include <cstddef>
#include <optional>

#include "consensus/qbft/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::Digest;
using consensus::Height;
using consensus::MessageRef;
using consensus::ReplicaId;
using consensus::View;
using consensus::qbft::Justification;
using consensus::qbft::MessageType;

// Lets one replica commit where the others do not, tells nothing of it (or lies) when it asks for
// the next round, and leads rounds that know nothing of it. Against Algorithm 4 this achieves
// nothing: a proposal shows what a quorum had prepared.
class QbftHidingLeader final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (message->sender != out.self()) return pass_on(to, message, out);
    switch (static_cast<MessageType>(message->type)) {
      case MessageType::kPrePrepare:
        return propose(to, message, out);
      case MessageType::kPrepare:
        if (is_lie(*message)) return;  // it has voted for the lie
        return pass_on(to, message, out);
      case MessageType::kCommit:
        return commit_for_one(to, message, out);
      case MessageType::kRoundChange:
        return ask_for_round(to, message, out);
      default:
        return pass_on(to, message, out);
    }
  }
  bool on_receive(ReplicaId /*from*/, const MessageRef& /*message*/, Outbox& /*out*/) override {
    return true;
  }

 private:
  [[nodiscard]] bool is_lie(const consensus::Message& message) const {
    return lie_ && lie_->height == message.height && lie_->view == message.view;
  }

  // Only the leader of the round, whom the others may soon lose, hears that this replica commits.
  void commit_for_one(const ReplicaId* to, const MessageRef& message, Outbox& out) const {
    if (is_lie(*message)) return;
    const auto& members = out.members().members;
    const ReplicaId victim =
        members[(message->height.value() - 1 + message->view.value()) % members.size()].id;
    if (victim == out.self()) return pass_on(to, message, out);
    if (to == nullptr || *to == victim) out.send(victim, message);
  }

  // Nothing is prepared, or a block that nobody knows, with the prepares for the one that is.
  void ask_for_round(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto body = consensus::qbft::decode_round_change(message->body);
    if (!body) return pass_on(to, message, out);
    auto copy = copy_of(*message);
    if (body->prepared && out.random() % 2 == 0) {
      body->prepared->digest = random_digest(out);
      body->prepared->round = View(message->view.value() - 1);
    } else {
      body->prepared.reset();
      body->prepares = {};
    }
    copy->body.clear();
    consensus::qbft::encode_body(*body, copy->body);
    copy->digest = consensus::qbft::round_change_digest(out.hash_algorithm(), body->prepared);
    hidden_ = sign_and_seal(std::move(copy), out);
    told_ = body->prepared;
    send_like(to, hidden_, out);
  }

  // In a later round than the first: another block, justified by nothing, by f+1 round changes, or
  // by those of a quorum of which one is false; and the votes for it.
  void propose(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    auto justification = consensus::qbft::decode_justification(message->body);
    const uint64_t manner = out.random() % 4;
    if (message->view == View(0) || !justification || manner == 3) {
      return pass_on(to, message, out);
    }
    if (!is_lie(*message)) lie_ = make_lie(*message, *justification, manner, out);
    send_like(to, lie_, out);
    for (const MessageType type : {MessageType::kPrepare, MessageType::kCommit}) {
      auto vote = copy_of(*lie_);
      vote->type = static_cast<uint8_t>(type);
      vote->lane = consensus::Lane::kVote;
      vote->body.clear();
      vote->block.reset();
      send_like(to, sign_and_seal(std::move(vote), out), out);
    }
  }

  MessageRef make_lie(const consensus::Message& message, Justification justification,
                      uint64_t manner, Outbox& out) const {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = message.height;
    block->view = message.view;
    block->epoch = message.epoch;
    block->proposer = out.self();
    consensus::seal_block(out.hash_algorithm(), *block);
    auto lie = copy_of(message);
    lie->block = block;
    lie->digest = block->digest;
    lie->body.clear();
    forget(justification, manner, out);
    if (manner > 0) consensus::qbft::encode_body(justification, lie->body);
    return sign_and_seal(std::move(lie), out);
  }

  void forget(Justification& justification, uint64_t manner, Outbox& out) const {
    const size_t few = (out.members().size() - 1) / 3;
    std::vector<consensus::qbft::RoundChangeClaim> kept;
    size_t others = 0;
    for (auto claim : justification.round_changes) {
      if (claim.sender == out.self()) {
        // With another one than it told the signature would not fit.
        if (hidden_) claim = {claim.sender, told_, hidden_->signature};
      } else if (manner == 1 && (claim.prepared || others++ >= few)) {
        continue;
      } else {
        claim.prepared.reset();
      }
      kept.push_back(claim);
    }
    justification.round_changes = std::move(kept);
    justification.prepares = {};
  }

  MessageRef hidden_;                              // its last round change, as it was told
  std::optional<consensus::qbft::Prepared> told_;  // what it said there
  MessageRef lie_;                                 // its last false proposal
};

}  // namespace

std::unique_ptr<Interceptor> make_qbft_hiding_leader() {
  return std::make_unique<QbftHidingLeader>();
}

}  // namespace govchain::sim
