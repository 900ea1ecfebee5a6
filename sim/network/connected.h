#pragma once
// What every back end knows alike: which replica is where, the connections between replicas, who
// hears whom while faults are on, what is drawn for a message, and who missed something.
//
// The draws come from streams by sender, in the order of sending, so that two back ends give the
// same message the same jitter and the same losses, and differ in nothing but how it travels.

#include <vector>

#include "sim/kernel.h"
#include "sim/network/network.h"
#include "sim/network/routes.h"
#include "sim/random.h"

namespace govchain::sim {

class ConnectedNetwork : public Network {
 public:
  // A host drops what would wait longer than this for its NIC: the bound of the send queues.
  static constexpr Duration kMaxBacklog = Duration::seconds(10);
  // A segment is retransmitted at most so often before it gets through.
  static constexpr int kMaxRetransmissions = 10;

  void send(const Parcel& parcel, ReplicaIndex to, TimePoint first) final;
  void set_disturbance(ChainIndex chain, Disturbance disturbance) final;
  void reset_connections(EndpointIndex endpoint) final;
  [[nodiscard]] Duration base_delay(PlaceIndex from, PlaceIndex to) const final;
  [[nodiscard]] bool reachable(EndpointIndex from, EndpointIndex to) const final;
  [[nodiscard]] const ChainTraffic& traffic(ChainIndex chain) const final;

 protected:
  ConnectedNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink);

  struct Endpoint {
    ChainIndex chain = 0;
    ReplicaIndex replica = 0;
    HostIndex host = 0;
    PlaceIndex place = 0;
  };
  // One direction between two replicas of a chain.
  struct Connection {
    TimePoint ready_at;  // set up from then on; kNotConnected before the first message
    TimePoint last_arrival[consensus::kLanes];
  };
  static constexpr TimePoint kNotConnected = TimePoint::max();
  struct Chain {
    EndpointIndex first_endpoint = 0;
    uint32_t replicas = 0;
    std::vector<Connection> connections;  // [from * replicas + to]
    Disturbance disturbance;
    bool disturbed = false;
    ChainTraffic traffic;
  };
  // What the disturbances of a chain do to one message.
  struct Fate {
    bool lost = false;
    bool twice = false;
    bool late = false;    // to be held back by held_back(), and to be overtaken
    TimePoint unclogged;  // to be held until then, if that is after its departure
  };

  // Of a message on a disturbed chain whose receiver hears its sender.
  [[nodiscard]] Fate draw_fate(const Endpoint& from, ReplicaIndex to);
  [[nodiscard]] Duration held_back(const Endpoint& from);
  // When the connection is set up; sets it up if it is not.
  [[nodiscard]] TimePoint connect(Chain& chain, const Endpoint& from, ReplicaIndex to,
                                  TimePoint ready, const Route& route);
  [[nodiscard]] Duration draw_jitter(const Route& route, RandomStream& stream) const;
  // Time for what is lost and sent again; its bytes count as sent.
  [[nodiscard]] Duration draw_retransmissions(const Endpoint& from, Bytes size,
                                              Duration serialisation, const Route& route);
  [[nodiscard]] bool hears(const Chain& chain, ReplicaIndex from, ReplicaIndex to) const;
  [[nodiscard]] TimePoint unclogged_at(const Chain& chain, ReplicaIndex from,
                                       ReplicaIndex to) const;
  // TCP: a later message of the same connection and lane never overtakes.
  [[nodiscard]] TimePoint in_order(const Endpoint& from, ReplicaIndex to, consensus::Lane lane,
                                   TimePoint arrival) {
    Chain& chain = chains_[from.chain];
    TimePoint& last = chain.connections[size_t{from.replica} * chain.replicas + to]
                          .last_arrival[static_cast<size_t>(lane)];
    last = std::max(arrival, last);
    return last;
  }
  // The engine is told that `to` missed something, and a second later that it may try again.
  void drop(const Endpoint& from, ReplicaIndex to);
  void tell_writable(EndpointIndex endpoint);

  [[nodiscard]] const Endpoint& endpoint_of(ChainIndex chain, ReplicaIndex replica) const {
    return endpoints_[chains_[chain].first_endpoint + replica];
  }
  [[nodiscard]] RandomStream& jitter_of(const Endpoint& from) {
    return jitter_[chains_[from.chain].first_endpoint + from.replica];
  }
  [[nodiscard]] RandomStream& loss_of(const Endpoint& from) {
    return loss_[chains_[from.chain].first_endpoint + from.replica];
  }

  const WorldSpec& spec_;
  Kernel& kernel_;
  NetworkSink& sink_;
  Routes routes_;
  TimePoint window_begin_;
  std::vector<Endpoint> endpoints_;
  std::vector<Chain> chains_;
  std::vector<RandomStream> transfer_jitter_;  // per place

 private:
  std::vector<RandomStream> jitter_;                // per endpoint
  std::vector<RandomStream> loss_;                  // per endpoint
  std::vector<std::vector<ReplicaIndex>> dropped_;  // per endpoint: peers that missed something
};

}  // namespace govchain::sim
