#include <optional>

#include "consensus/tendermint/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;
using consensus::tendermint::MessageType;

// Lets one replica lock and decide where the others do not, and then proposes something else, as
// new or as if it had been valid in the round before. Against Algorithm 1 this achieves nothing:
// the locked do not vote for it without its polka (lines 23, 28, 29).
class TendermintHidingProposer final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    if (message->sender != out.self()) return pass_on(to, message, out);
    switch (static_cast<MessageType>(message->type)) {
      case MessageType::kProposal:
        return propose(to, message, out);
      case MessageType::kPrevote:
      case MessageType::kPrecommit:
        if (is_lie(*message)) return;  // it has voted for the lie
        return vote_for_one(to, message, out);
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

  // One for each height, so that its prevote and its precommit may make it decide.
  void vote_for_one(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    if (message->digest.is_zero()) return pass_on(to, message, out);
    const auto& members = out.members().members;
    const ReplicaId victim = members[message->height.value() % members.size()].id;
    if (victim == out.self()) return pass_on(to, message, out);
    if (to == nullptr || *to == victim) out.send(victim, message);
  }

  // In a later round than the first: another block, and the votes for it.
  void propose(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    if (message->view == consensus::View(0) || !message->block) return pass_on(to, message, out);
    if (!is_lie(*message)) lie_ = make_lie(*message, out);
    send_like(to, lie_, out);
    for (const MessageType type : {MessageType::kPrevote, MessageType::kPrecommit}) {
      auto vote = copy_of(*lie_);
      vote->type = static_cast<uint8_t>(type);
      vote->lane = consensus::Lane::kVote;
      vote->digest = lie_->block->digest;
      vote->body.clear();
      vote->block.reset();
      send_like(to, sign_and_seal(std::move(vote), out), out);
    }
  }

  static MessageRef make_lie(const consensus::Message& message, Outbox& out) {
    auto lie = copy_of(message);
    lie->block = other_block(*message.block, out);
    lie->body.clear();
    const auto round = consensus::tendermint::round_of(message.view);
    const bool claims = out.random() % 4 != 0;
    consensus::tendermint::encode_valid_round(claims ? round - 1 : consensus::tendermint::kNoRound,
                                              lie->body);
    lie->digest = digest_of_proposal(*lie, out);
    return sign_and_seal(std::move(lie), out);
  }

  MessageRef lie_;  // its last false proposal
};

}  // namespace

std::unique_ptr<Interceptor> make_tendermint_hiding_proposer() {
  return std::make_unique<TendermintHidingProposer>();
}

}  // namespace govchain::sim
