#include <cstddef>
#include <optional>

#include "consensus/chain/messages.h"
#include "consensus/qbft/messages.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::MessageRef;
using consensus::ReplicaId;
using consensus::View;
using consensus::qbft::Justification;
using consensus::qbft::MessageType;
using consensus::qbft::Prepared;

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
  // Whoever believes in the invention asks for it.
  bool on_receive(ReplicaId from, const MessageRef& message, Outbox& out) override {
    const bool status =
        message->type == static_cast<uint8_t>(consensus::chain::CommonType::kStatus);
    if (!status || !invention_) return true;
    const auto body = consensus::chain::decode_status(message->body);
    if (!body) return true;
    const auto standing = consensus::qbft::decode_standing(body->standing);
    if (!standing || standing->wanted != invention_->digest) return true;
    auto answer = copy_of(*hidden_);
    answer->type = static_cast<uint8_t>(MessageType::kBody);
    answer->body.clear();
    answer->digest = invention_->digest;
    answer->block = invention_;
    out.send(from, sign_and_seal(std::move(answer), out));
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

  // Nothing is prepared, or a block that nobody but itself voted for.
  void ask_for_round(const ReplicaId* to, const MessageRef& message, Outbox& out) {
    consensus::qbft::RoundChangeBody body;
    if (out.random() % 2 == 0) {
      const View before(message->view.value() - 1);
      invention_ = empty_block(*message, before, out);
      body.prepared = Prepared{before, invention_->digest};
      body.prepares = prepared_alone(*message, *body.prepared, out);
    }
    auto copy = copy_of(*message);
    copy->body.clear();
    consensus::qbft::encode_body(body, copy->body);
    copy->digest = consensus::qbft::round_change_digest(out.hash_algorithm(), body.prepared);
    hidden_ = sign_and_seal(std::move(copy), out);
    told_ = body.prepared;
    send_like(to, hidden_, out);
  }

  static consensus::BlockRef empty_block(const consensus::Message& message, View view,
                                         Outbox& out) {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = message.height;
    block->view = view;
    block->epoch = message.epoch;
    block->proposer = out.self();
    consensus::seal_block(out.hash_algorithm(), *block);
    return block;
  }

  static consensus::CertificateRef prepared_alone(const consensus::Message& message,
                                                  const Prepared& prepared, Outbox& out) {
    auto certificate = consensus::Ref<consensus::Certificate>::make();
    certificate->statement = message.statement(out.chain());
    certificate->statement.type = static_cast<uint8_t>(MessageType::kPrepare);
    certificate->statement.view = prepared.round;
    certificate->statement.digest = prepared.digest;
    certificate->signers.push_back(out.self());
    certificate->signatures.push_back(out.sign(certificate->statement));
    return certificate;
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
    auto lie = copy_of(message);
    lie->block = empty_block(message, message.view, out);
    lie->digest = lie->block->digest;
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

  MessageRef hidden_;              // its last round change, as it was told
  std::optional<Prepared> told_;   // what it said there
  consensus::BlockRef invention_;  // what it pretends to have prepared
  MessageRef lie_;                 // its last false proposal
};

}  // namespace

std::unique_ptr<Interceptor> make_qbft_hiding_leader() {
  return std::make_unique<QbftHidingLeader>();
}

}  // namespace govchain::sim
