#pragma once
// An adversary sits between one replica's honest engine and the network: it sees what the engine
// wants to send and what arrives, and decides what really leaves. It holds the replica's own key
// and nobody else's.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "consensus/application.h"
#include "consensus/certificate.h"
#include "consensus/crypto/hash.h"
#include "consensus/engine.h"
#include "consensus/membership.h"
#include "consensus/message.h"
#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// Where an adversary puts what shall really leave. Valid during the call only.
class Outbox {
 public:
  virtual ~Outbox() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual consensus::ChainId chain() const = 0;
  [[nodiscard]] virtual consensus::ReplicaId self() const = 0;
  [[nodiscard]] virtual consensus::HashAlgorithm hash_algorithm() const = 0;
  [[nodiscard]] virtual const consensus::Membership& members() const = 0;
  // From the adversary's own random stream.
  [[nodiscard]] virtual uint64_t random() = 0;
  // Signs with the replica's own key; free of charge and at once.
  [[nodiscard]] virtual consensus::Signature sign(const consensus::Statement& statement) = 0;
  virtual void send(consensus::ReplicaId to, consensus::MessageRef message) = 0;
  virtual void broadcast(consensus::MessageRef message) = 0;
  // A second engine of this replica, as new, and a second state; with the randomness of `life`.
  [[nodiscard]] virtual std::unique_ptr<consensus::Engine> another_engine(uint64_t life) = 0;
  [[nodiscard]] virtual std::unique_ptr<consensus::Application> another_application() = 0;
  // Whether a signature is that of the member whom it names.
  [[nodiscard]] virtual bool verify(const consensus::SignedStatement& claim) = 0;
  // Bytes that go through decode_message at the receiver, like everything from a real socket.
  virtual void send_raw(consensus::ReplicaId to, std::span<const uint8_t> bytes) = 0;
};

class Interceptor {
 public:
  virtual ~Interceptor() = default;
  // The engine wants `message` sent to `to`, or to everybody if null; its ticket is durable. Only
  // what is put into `out` leaves.
  virtual void on_send(const consensus::ReplicaId* to, const consensus::MessageRef& message,
                       Outbox& out) = 0;
  // A message arrived for the replica; the engine gets it unless the answer is false.
  virtual bool on_receive(consensus::ReplicaId from, const consensus::MessageRef& message,
                          Outbox& out) = 0;
};

// Can a replica of this protocol be this adversary? Where only crashes are tolerated, those that
// tell no lie can; the hiding primary has a version for each protocol that bears lies.
[[nodiscard]] bool applies(AdversarySpec::Kind kind, consensus::Protocol protocol);

// Active from AdversarySpec::from on; before that the world does not call it. `protocol` tells how
// to read the messages.
[[nodiscard]] std::unique_ptr<Interceptor> make_interceptor(const AdversarySpec& adversary,
                                                            consensus::Protocol protocol);

}  // namespace govchain::sim
