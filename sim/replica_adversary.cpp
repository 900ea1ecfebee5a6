// Between an engine that lies and the network: what its interceptor lets leave.

#include "consensus/protocols.h"
#include "sim/replica_host.h"

namespace govchain::sim {

using consensus::ReplicaId;

// An adversary's hands: everything leaves at once, as its own.
class ReplicaHost::AdversaryOutbox final : public Outbox {
 public:
  explicit AdversaryOutbox(ReplicaHost& host) : host_(host) {}
  [[nodiscard]] TimePoint now() const override { return host_.now(); }
  [[nodiscard]] consensus::ChainId chain() const override { return host_.chain().id; }
  [[nodiscard]] ReplicaId self() const override { return host_.self(); }
  [[nodiscard]] consensus::HashAlgorithm hash_algorithm() const override {
    return host_.chain().spec->engine.hash;
  }
  [[nodiscard]] const consensus::Membership& members() const override { return host_.membership_; }
  [[nodiscard]] uint64_t random() override { return host_.adversary_stream_->next(); }
  [[nodiscard]] consensus::Signature sign(const consensus::Statement& statement) override {
    return host_.signer_->sign(statement);
  }
  [[nodiscard]] std::unique_ptr<consensus::Engine> another_engine(uint64_t life) override {
    return host_.make_twin(life);
  }
  [[nodiscard]] std::unique_ptr<consensus::Application> another_application() override {
    return host_.make_application();
  }
  [[nodiscard]] bool verify(const consensus::SignedStatement& claim) override {
    return host_.verify(claim);
  }
  void send(ReplicaId to, consensus::MessageRef message) override {
    if (is_peer(to)) host_.transmit(&to, message, PathCost{});
  }
  void broadcast(consensus::MessageRef message) override {
    host_.transmit(nullptr, message, PathCost{});
  }
  void send_raw(ReplicaId to, std::span<const uint8_t> bytes) override {
    if (!is_peer(to)) return;
    Parcel parcel;
    parcel.kind = Parcel::Kind::kRawBytes;
    parcel.lane = consensus::Lane::kBody;
    parcel.from = host_.endpoint_;
    parcel.bytes = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
    parcel.size = Bytes(bytes.size());
    const ReplicaIndex receiver = to.value();
    host_.put_on_wire(std::span(&receiver, 1), std::move(parcel));
  }

 private:
  [[nodiscard]] bool is_peer(ReplicaId to) const {
    return to.value() < host_.chain().spec->replicas.size() && to != host_.self();
  }
  ReplicaHost& host_;
};

std::unique_ptr<consensus::Engine> ReplicaHost::make_twin(uint64_t seed) const {
  const ChainSpec& spec = *chain().spec;
  consensus::RecoveredState fresh;
  fresh.state_root = make_application()->state_root();
  return consensus::traits_of(spec.protocol)
      .make(engine_config(seed), spec.settings, std::move(fresh));
}

bool ReplicaHost::intercept_received(ReplicaId from, const consensus::MessageRef& message) {
  AdversaryOutbox outbox(*this);
  return interceptor_->on_receive(from, message, outbox);
}

void ReplicaHost::intercept_sent(const ReplicaId* to, const consensus::MessageRef& message) {
  AdversaryOutbox outbox(*this);
  interceptor_->on_send(to, message, outbox);
}

}  // namespace govchain::sim
