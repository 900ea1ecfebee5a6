#include <algorithm>
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

using consensus::BlockRef;
using consensus::Certificate;
using consensus::Message;
using consensus::MessageRef;
using consensus::Ref;
using consensus::ReplicaId;
using consensus::chain::CommonType;

// Clients of a world go to honest replicas, so it makes up what it has ordered.
class WithholdingOrigin final : public Interceptor {
 public:
  void on_send(const ReplicaId* to, const MessageRef& message, Outbox& out) override {
    // What it has it gives to nobody who asks.
    if (is(*message, CommonType::kPayloadReply) || is(*message, CommonType::kCommittedBlock))
      return;
    pass_on(to, message, out);
  }

  bool on_receive(ReplicaId from, const MessageRef& message, Outbox& out) override {
    if (is(*message, CommonType::kAcknowledgement)) return !collect(*message, out);
    if (!is(*message, CommonType::kBatch)) return true;
    if (batches_.size() < kMostBatches) make_up(*message, out);
    if (out.random() % 2 == 0) return true;
    // Says that it holds what it throws away.
    out.send(from, acknowledgement(*message, out));
    return false;
  }

 private:
  static constexpr size_t kMostBatches = 6;
  struct MadeUp {
    BlockRef batch;
    Ref<Certificate> certificate;
    uint64_t weight = 0;
    bool told = false;
  };

  static bool is(const Message& message, CommonType type) {
    return message.type == static_cast<uint8_t>(type);
  }
  static uint64_t weight_of(ReplicaId replica, Outbox& out) {
    const consensus::Member* const member = out.members().find(replica);
    return member == nullptr ? 0 : member->weight;
  }
  static uint64_t enough(Outbox& out) { return consensus::ByzantineQuorum(out.members()).weak(); }

  static MessageRef acknowledgement(const Message& batch, Outbox& out) {
    Ref<Message> lie = Ref<Message>::make();
    lie->protocol = batch.protocol;
    lie->type = static_cast<uint8_t>(CommonType::kAcknowledgement);
    lie->version = batch.version;
    lie->sender = out.self();
    lie->epoch = batch.epoch;
    lie->view = consensus::View();
    lie->height = batch.height;
    lie->digest = batch.digest;
    return sign_and_seal(std::move(lie), out);
  }

  // A batch like the one that it sees, of a payload that nobody asked for.
  void make_up(const Message& example, Outbox& out) {
    Ref<consensus::Payload> payload = Ref<consensus::Payload>::make();
    payload->digest = random_digest(out);
    payload->size = consensus::Bytes(1 + out.random() % 400);
    MadeUp made;
    made.batch =
        consensus::chain::make_batch(out.hash_algorithm(), example.epoch, out.self(),
                                     example.height, {consensus::PayloadRef(std::move(payload))});
    made.certificate = Ref<Certificate>::make();
    made.certificate->statement = consensus::chain::acknowledgement_of(
        out.chain(), example.protocol, example.version, *made.batch);
    add(made, out.self(), out.sign(made.certificate->statement), out);
    switch (out.random() % 3) {
      case 0:  // the others' signatures are its own
        for (const consensus::Member& member : out.members().members) {
          if (made.weight >= enough(out)) break;
          if (member.id == out.self()) continue;
          add(made, member.id, out.sign(made.certificate->statement), out);
        }
        tell(made, example, out);
        break;
      case 1:  // its own acknowledgement is all that there is
        tell(made, example, out);
        break;
      default:
        send_to_few(made, example, out);
    }
    batches_.push_back(std::move(made));
  }

  // To as many as together with it make a certificate.
  static void send_to_few(const MadeUp& made, const Message& example, Outbox& out) {
    Ref<Message> message = copy_of(example);
    message->sender = out.self();
    message->digest = made.batch->digest;
    message->payloads = made.batch->payloads;
    consensus::seal_message(*message);
    const MessageRef sealed(std::move(message));
    uint64_t weight = made.weight;
    for (const consensus::Member& member : out.members().members) {
      if (weight >= enough(out)) return;
      if (member.id == out.self() || member.weight == 0) continue;
      weight += member.weight;
      out.send(member.id, sealed);
    }
  }

  // True if it is about a batch of this adversary's, which the engine behind it knows nothing of.
  bool collect(const Message& message, Outbox& out) {
    for (MadeUp& made : batches_) {
      if (made.batch->digest != message.digest) continue;
      const std::vector<ReplicaId>& signers = made.certificate->signers;
      if (std::find(signers.begin(), signers.end(), message.sender) == signers.end()) {
        add(made, message.sender, message.signature, out);
      }
      if (made.weight >= enough(out) && !made.told) tell(made, message, out);
      return true;
    }
    return false;
  }

  static void add(MadeUp& made, ReplicaId signer, const consensus::Signature& signature,
                  Outbox& out) {
    Ref<Certificate> grown = Ref<Certificate>::make();
    const Certificate& old = *made.certificate;
    grown->statement = old.statement;
    bool added = false;
    for (size_t i = 0; i <= old.signers.size(); ++i) {
      if (!added && (i == old.signers.size() || signer < old.signers[i])) {
        grown->signers.push_back(signer);
        grown->signatures.push_back(signature);
        added = true;
      }
      if (i == old.signers.size()) break;
      grown->signers.push_back(old.signers[i]);
      grown->signatures.push_back(old.signatures[i]);
    }
    made.certificate = std::move(grown);
    made.weight += weight_of(signer, out);
  }

  static void tell(MadeUp& made, const Message& example, Outbox& out) {
    made.told = true;
    Ref<Message> message = Ref<Message>::make();
    message->protocol = example.protocol;
    message->type = static_cast<uint8_t>(CommonType::kAvailability);
    message->version = example.version;
    message->sender = out.self();
    message->epoch = made.batch->epoch;
    message->view = consensus::View();
    message->height = made.batch->height;
    message->digest = made.batch->digest;
    consensus::chain::encode_batch_proof(*made.batch, *made.certificate, {false}, message->body);
    consensus::seal_message(*message);
    out.broadcast(MessageRef(std::move(message)));
  }

  std::vector<MadeUp> batches_;
};

}  // namespace

std::unique_ptr<Interceptor> make_withholding_origin() {
  return std::make_unique<WithholdingOrigin>();
}

}  // namespace govchain::sim
