#include <utility>
#include <vector>

#include "consensus/chain/availability.h"
#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "consensus/quorum.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/forgery.h"

namespace govchain::sim {
namespace {

using consensus::Certificate;
using consensus::Message;
using consensus::MessageRef;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::chain::CommonType;

bool is(const Message& message, CommonType type) {
  return message.type == static_cast<uint8_t>(type);
}

class WithholdingOrigin final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    // What it has it gives to nobody who asks.
    if (is(*message, CommonType::kPayloadReply) || is(*message, CommonType::kCommittedBlock))
      return;
    if (!is(*message, CommonType::kBatch)) return pass_on(to, message, out);
    switch (message->digest.bytes[0] % 4) {
      case 0:
        return send_forged_certificate(*message, out);
      case 1:
        return;  // its own acknowledgement is all that there is
      case 2:
        return send_to_few(message, out);
      default:
        return pass_on(to, message, out);
    }
  }

  // Says that it holds what it throws away.
  bool on_receive(ReplicaId from, const MessageRef& message, Outbox& out) override {
    if (!is(*message, CommonType::kBatch) || message->digest.bytes[1] % 2 == 0) return true;
    Ref<Message> lie = Ref<Message>::make();
    lie->protocol = message->protocol;
    lie->type = static_cast<uint8_t>(CommonType::kAcknowledgement);
    lie->sender = out.self();
    lie->epoch = message->epoch;
    lie->height = message->height;
    lie->digest = message->digest;
    out.send(from, sign_and_seal(std::move(lie), out));
    return false;
  }

 private:
  // As many others as together with it make a certificate.
  static void send_to_few(const MessageRef& message, Outbox& out) {
    const consensus::Membership& members = out.members();
    const consensus::Member* const self = members.find(out.self());
    uint64_t weight = self == nullptr ? 0 : self->weight;
    for (const consensus::Member& member : members.members) {
      if (weight >= consensus::ByzantineQuorum(members).weak()) return;
      if (member.id == out.self() || member.weight == 0) continue;
      weight += member.weight;
      out.send(member.id, message);
    }
  }

  static void send_forged_certificate(const Message& message, Outbox& out) {
    const consensus::BlockRef batch = consensus::chain::make_batch(
        out.hash_algorithm(), message.epoch, out.self(), message.height, message.payloads);
    Ref<Certificate> certificate = Ref<Certificate>::make();
    certificate->statement =
        consensus::chain::acknowledgement_of(out.chain(), message.protocol, *batch);
    uint64_t weight = 0;
    for (const consensus::Member& member : out.members().members) {
      if (weight >= consensus::ByzantineQuorum(out.members()).weak()) break;
      weight += member.weight;
      certificate->signers.push_back(member.id);
      certificate->signatures.push_back(out.sign(certificate->statement));
    }
    Ref<Message> forged = copy_of(message);
    forged->type = static_cast<uint8_t>(CommonType::kAvailability);
    forged->lane = consensus::Lane::kVote;
    forged->payloads.clear();
    consensus::chain::encode_batch_proof(
        *batch, *certificate, std::vector<bool>(batch->payloads.size(), false), forged->body);
    consensus::seal_message(*forged);
    out.broadcast(MessageRef(std::move(forged)));
  }
};

}  // namespace

std::unique_ptr<Interceptor> make_withholding_origin() {
  return std::make_unique<WithholdingOrigin>();
}

}  // namespace govchain::sim
