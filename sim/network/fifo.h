#pragma once
// The default back end: every NIC and every trunk direction is a first-come first-served server,
// connections keep order, cut-through everywhere.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/kernel.h"
#include "sim/network/arrival_sort.h"
#include "sim/network/network.h"
#include "sim/network/nic.h"
#include "sim/network/routes.h"
#include "sim/network/transmission.h"
#include "sim/random.h"

namespace govchain::sim {

class FifoNetwork final : public Network {
 public:
  // A host drops what would wait longer than this for its NIC: the bound of the send queues.
  static constexpr Duration kMaxBacklog = Duration::seconds(10);
  // A segment is retransmitted at most so often before it gets through.
  static constexpr int kMaxRetransmissions = 10;

  FifoNetwork(const WorldSpec& spec, Kernel& kernel, NetworkSink& sink);

  void broadcast(const Parcel& parcel, std::span<const ReplicaIndex> receivers, TimePoint first,
                 Duration spacing) override;
  void send(const Parcel& parcel, ReplicaIndex to, TimePoint first) override;
  void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) override;
  void dispatch(EventKind kind, uint32_t index) override;
  [[nodiscard]] EndpointIndex next_receiver(uint32_t index) override;
  void set_disturbance(ChainIndex chain, Disturbance disturbance) override;
  void set_trunk(TrunkIndex trunk, bool up) override;
  void reset_connections(EndpointIndex endpoint) override;
  [[nodiscard]] Duration base_delay(PlaceIndex from, PlaceIndex to) const override;
  [[nodiscard]] bool reachable(EndpointIndex from, EndpointIndex to) const override;
  [[nodiscard]] const ChainTraffic& traffic(ChainIndex chain) const override;
  void report(std::vector<ResourceUse>& resources) const override;

 private:
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
  struct TrunkDirection {
    TimePoint free;
    BusyTime busy;
  };
  // What is the same for all copies of one broadcast.
  struct Departure {
    const Parcel& parcel;
    const Endpoint& from;
    Duration serialisation;
    Transmission* shared = nullptr;
    uint32_t shared_index = 0;
  };

  void copy(Departure& departure, ReplicaIndex to, TimePoint ready);
  void disturbed_copy(Departure& departure, ReplicaIndex to, TimePoint ready);
  void clogged_copy(Departure& departure, ReplicaIndex to, TimePoint ready, TimePoint unclogged);
  // How this copy fares between its NIC's last bit and its arrival; nothing if it vanishes.
  void travel(Departure& departure, ReplicaIndex to, TimePoint last_bit, const Route& route,
              bool in_order, Duration held_back);
  void start_hops(Departure& departure, ReplicaIndex to, TimePoint last_bit, const Route& route,
                  Duration extra);
  void record_arrival(Departure& departure, ReplicaIndex to, TimePoint at);
  void finish(Departure& departure);
  void schedule_transmission(uint32_t index);

  void arrive(uint32_t index);
  void deliver(const Transmission& transmission, ReplicaIndex to, TimePoint at);
  void hop(uint32_t index);
  void leave_trunks(uint32_t index);
  void drop(const Endpoint& from, ReplicaIndex to);

  [[nodiscard]] TimePoint connect(Chain& chain, const Endpoint& from, ReplicaIndex to,
                                  TimePoint ready, const Route& route);
  [[nodiscard]] Duration draw_jitter(const Route& route, RandomStream& stream) const;
  [[nodiscard]] Duration draw_retransmissions(const Departure& departure, const Route& route);
  [[nodiscard]] bool hears(const Chain& chain, ReplicaIndex from, ReplicaIndex to) const;
  [[nodiscard]] TimePoint unclogged_at(const Chain& chain, ReplicaIndex from,
                                       ReplicaIndex to) const;
  [[nodiscard]] const Endpoint& endpoint_of(ChainIndex chain, ReplicaIndex replica) const {
    return endpoints_[chains_[chain].first_endpoint + replica];
  }
  [[nodiscard]] Duration serialisation_at(HostIndex host, Bytes size, Duration known,
                                          Rate known_rate) const;

  const WorldSpec& spec_;
  Kernel& kernel_;
  NetworkSink& sink_;
  Routes routes_;
  TimePoint window_begin_;
  std::vector<Endpoint> endpoints_;
  std::vector<Chain> chains_;
  std::vector<Nic> nics_;
  std::vector<TrunkDirection> trunks_;              // [2 * trunk + (0: from a to b)]
  std::vector<RandomStream> jitter_;                // per endpoint
  std::vector<RandomStream> loss_;                  // per endpoint
  std::vector<RandomStream> transfer_jitter_;       // per place
  std::vector<std::vector<ReplicaIndex>> dropped_;  // per endpoint: peers that missed something
  TransmissionPool transmissions_;
  ArrivalSorter sorter_;
};

}  // namespace govchain::sim
