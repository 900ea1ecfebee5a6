#pragma once
// Actors that are not replicas: a gateway that watches one chain and submits to another, a
// department's application. An agent runs on a host of its own choice; it sees what a client of one
// replica would see, and nothing else.

#include <cstdint>
#include <span>

#include "consensus/application.h"
#include "consensus/block.h"
#include "consensus/checkpoint.h"
#include "sim/units.h"
#include "sim/world_spec.h"

namespace govchain::sim {

class AgentContext {
 public:
  virtual ~AgentContext() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual int64_t wall_time() const = 0;
  [[nodiscard]] virtual uint64_t random() = 0;
  // Hands a transaction to a replica, from `place`; travels over the network like a client's.
  // Counted in the service's result from now on; the outcome comes as on_final or on_refused with
  // the same `cookie`.
  virtual void submit(PlaceIndex place, ChainIndex chain, ReplicaIndex ingress,
                      uint32_t transaction_class, std::span<const uint8_t> bytes,
                      uint64_t cookie) = 0;
  // Asks a replica for a linearizable read, from `place`; travels like a submission. The answer is
  // on_read with the same `cookie`; none comes from a replica that is down, or that crashes first.
  virtual void read(PlaceIndex place, ChainIndex chain, ReplicaIndex replica, uint64_t cookie) = 0;
  // Moves `size` bytes from place to place over the trunks; on_transferred(cookie) when they have
  // arrived.
  virtual void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) = 0;
  virtual void set_timer(Duration after, uint64_t cookie) = 0;
  // The newest stable checkpoint that this replica holds, with its certificate.
  [[nodiscard]] virtual consensus::Checkpoint checkpoint(ChainIndex chain,
                                                         ReplicaIndex replica) const = 0;
  [[nodiscard]] virtual const consensus::Membership& membership(ChainIndex chain) const = 0;
  // The replica's state machine as it stands, which may be behind what other clients have been
  // told already; null while the replica is down.
  [[nodiscard]] virtual const consensus::Application* application(ChainIndex chain,
                                                                  ReplicaIndex replica) const = 0;
  // Checks signatures at once and charges their cost to `host`.
  [[nodiscard]] virtual bool verify(HostIndex host, ChainIndex chain,
                                    std::span<const consensus::SignedStatement> claims) = 0;
  // Adds an end-to-end observation to a service's result (a cross-chain call has several
  // transactions).
  virtual void record_service(ServiceIndex service, Duration latency, bool completed) = 0;
};

class Agent {
 public:
  virtual ~Agent() = default;
  // Chains and replicas whose final blocks it wants to see.
  struct Watch {
    ChainIndex chain = 0;
    ReplicaIndex replica = 0;
  };
  [[nodiscard]] virtual std::vector<Watch> watches() const = 0;
  virtual void start(AgentContext& context) = 0;
  virtual void on_block(AgentContext& context, ChainIndex chain, const consensus::Block& block,
                        std::span<const consensus::Receipt> receipts) = 0;
  virtual void on_checkpoint(AgentContext& context, ChainIndex chain,
                             const consensus::Checkpoint& checkpoint) = 0;
  virtual void on_final(AgentContext& context, uint64_t cookie, consensus::Receipt receipt) = 0;
  virtual void on_refused(AgentContext& context, uint64_t cookie) = 0;
  // What the replica has executed when it answers; null if it refused.
  virtual void on_read(AgentContext& /*context*/, uint64_t /*cookie*/,
                       const consensus::Application* /*state*/) {}
  virtual void on_transferred(AgentContext& context, uint64_t cookie) = 0;
  virtual void on_timer(AgentContext& context, uint64_t cookie) = 0;
};

}  // namespace govchain::sim
